/** Names for a person: one, or the first few and how many more there are. */
export function either(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES);
  const more = names.length - shown.length;
  return [...shown, ...more > 0 ? [`one of ${more} more`] : []].join(' or ');
}

const MOST_NAMES = 3;
