import { CHOICE_DEEDS } from './choice.ts';
import { FIELD_DEEDS } from './fields.ts';
import { HALF_DEEDS } from './halves.ts';
import { IMMICH_DEEDS } from './immich.ts';
import { OWN_DEEDS } from './own.ts';
import { PEOPLE_DEEDS } from './people.ts';
import { PHOTO_DEEDS } from './photos.ts';
import { RETURNING_DEEDS } from './returning.ts';
import type { Deeds } from './scene.ts';
import { STACK_DEEDS, TARGET_DEEDS } from './target.ts';

/** Everything that can happen in a history. */
export const DEEDS: Deeds = {
  ...PHOTO_DEEDS,
  ...FIELD_DEEDS,
  ...IMMICH_DEEDS,
  ...PEOPLE_DEEDS,
  ...TARGET_DEEDS,
  ...STACK_DEEDS,
  ...OWN_DEEDS,
  ...CHOICE_DEEDS,
  ...HALF_DEEDS,
  ...RETURNING_DEEDS,
};
