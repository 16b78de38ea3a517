/** What a receiving user may correct on a shared photo so that the source has it, too. */
export const TWO_WAY_FIELDS = Object.freeze(['description', 'date', 'position', 'rating', 'tags'] as const);

export type TwoWayField = typeof TWO_WAY_FIELDS[number];

/** The same, and of people on it. */
export const TWO_WAY_CHOICES = Object.freeze([...TWO_WAY_FIELDS, 'people'] as const);

export type TwoWayChoice = typeof TWO_WAY_CHOICES[number];
