import { plain } from './quote.ts';

/** A path or a name, in quotes. */
export function named(text: string): string {
  return plain(JSON.stringify(text));
}

const RULES = new Intl.PluralRules('en');

/** What follows a number, such as `photo` or `photos`, `is` or `are`. The only place that knows how. */
export function plural(number: number, one: string, many = `${one}s`): string {
  return RULES.select(number) === 'one' ? one : many;
}

/** `1 job`, `2 jobs`. */
export function count(number: number, one: string, many?: string): string {
  return `${number.toLocaleString('en')} ${plural(number, one, many)}`;
}

/** What is counted in phrases that stand behind a number: the plural, and the form for one. */
export const NOUNS: Readonly<Record<string, string>> = Object.freeze({
  albums: 'album',
  changes: 'change',
  conflicts: 'conflict',
  embeddings: 'embedding',
  faces: 'face',
  files: 'file',
  libraries: 'library',
  links: 'link',
  mirrors: 'mirror',
  names: 'name',
  originals: 'original',
  pauses: 'pause',
  people: 'person',
  photos: 'photo',
  reasons: 'reason',
  shares: 'share',
  sidecars: 'sidecar',
  stacks: 'stack',
  tags: 'tag',
  thumbnails: 'thumbnail',
  videos: 'video',
});

const FIRST_NOUN = new RegExp(`\\b(?:${Object.keys(NOUNS).join('|')})\\b`);

/** `1 photo to mirror`, `2 photos to mirror`: a phrase in the plural, of which the first noun follows the number. */
export function counted(number: number, phrase: string): string {
  return count(number, phrase.replace(FIRST_NOUN, (noun) => NOUNS[noun] ?? noun), phrase);
}

/** `1 photo or video`, `2 photos and videos`. */
export function countPhotos(number: number): string {
  return count(number, 'photo or video', 'photos and videos');
}

/** British, as the American one has a comma before the last item. */
const LISTS = Object.freeze({
  and: new Intl.ListFormat('en-GB', { type: 'conjunction' }),
  or: new Intl.ListFormat('en-GB', { type: 'disjunction' }),
});

/** `a, b and c` */
export function list(items: readonly string[], last: keyof typeof LISTS = 'and'): string {
  return LISTS[last].format(items);
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1.5 GiB` */
export function bytes(number: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(number, 1)) / 10)));
  const value = number / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}

/** `2026-12-01 10:00` of an ISO 8601 time in UTC. */
export function minuteOf(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}

/** `2026-12-01`, in UTC. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
