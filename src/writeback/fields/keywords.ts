import type { MappingInput, Wanted } from './field.ts';
import { canAddToIptc } from './iptc.ts';
import { distinct, entriesOf, entriesOfOthers, entryKey } from './lists.ts';
import { iptc, type Tag, xmp } from './tag.ts';
import { truncateToBytes } from './text.ts';
import type { OwnEntry, OwnValues } from './values.ts';

export const SUBJECT = 'XMP-dc:Subject';
export const KEYWORDS = 'IPTC:Keywords';
export const HIERARCHICAL_SUBJECT = 'XMP-lr:HierarchicalSubject';
export const TAGS_LIST = 'XMP-digiKam:TagsList';

/** The lists in which programs keep keywords, of which Immich makes its tags. */
export const KEYWORD_TAGS: readonly Tag[] = Object.freeze([
  xmp(SUBJECT, 'dc:subject', 'bag'),
  iptc(KEYWORDS, 25, 'list'),
  xmp(HIERARCHICAL_SUBJECT, 'lr:hierarchicalSubject', 'bag'),
  xmp(TAGS_LIST, 'digiKam:TagsList', 'seq'),
]);

/** IPTC-IIM 4.2, 2:25. ExifTool would keep to it by cutting, if need be through a character. */
const IPTC_KEYWORD_BYTES = 64;

/** Level above all albums in HierarchicalSubject. */
export const ALBUM_ROOT = 'Albums';

/** Level above all people, where digiKam has them. */
export const PEOPLE_ROOT = 'People';

/** Where digiKam has a person in HierarchicalSubject. A name has no levels of its own. */
export function belowPeople(name: string): string {
  return `${PEOPLE_ROOT}${LEVEL}${name.replaceAll(LEVEL, '/')}`;
}

/** `a/b` of TagsList and Immich is `a|b` of HierarchicalSubject. */
export const LEVEL = '|';

/**
 * Keywords as flat lists. Subject and Keywords are two forms of one list, of which readers use one or the other: each gets
 * what others wrote into either. In a sidecar they replace those of the media file, so it gets these too.
 */
export function flatKeywords(input: MappingInput, keywords: readonly string[]): Record<string, string[]> {
  if (keywords.length === 0) return {};
  const all = [...flatOfOthers(input), ...keywords];
  const iptc = distinct(all.map((keyword) => truncateToBytes(keyword, IPTC_KEYWORD_BYTES)));
  const isKept = input.holds.iptc || entriesOf(input.current, KEYWORDS).length > 0;
  const fitting = iptc.filter((entry) => canAddToIptc(input.current, entry));
  return { [SUBJECT]: distinct(all), ...(isKept ? { [KEYWORDS]: fitting } : {}) };
}

/** What others wrote into the lists of flat keywords. As they are one list, either of a sidecar hides both of the media file. */
function flatOfOthers({ current, beneath, own }: MappingInput): string[] {
  const [subject = [], keywords = []] = [SUBJECT, KEYWORDS].map((tag) => entriesOfOthers(current, tag, own));
  const isHere = subject.length + keywords.length > 0;
  const [flat, iptc] = isHere ? [subject, keywords] : [entriesOf(beneath, SUBJECT), entriesOf(beneath, KEYWORDS)];
  const shortened = new Set(flat.map((entry) => entryKey(truncateToBytes(entry, IPTC_KEYWORD_BYTES))));
  return [...flat, ...iptc.filter((entry) => !shortened.has(entryKey(entry)))];
}

/** Hierarchical subjects in a sidecar replace those of the media file, so it gets these too. */
export function hierarchicalSubjects(input: MappingInput, subjects: readonly string[]): Record<string, string[]> {
  if (subjects.length === 0) return {};
  return { [HIERARCHICAL_SUBJECT]: distinct([...others(input, HIERARCHICAL_SUBJECT), ...subjects]) };
}

/**
 * A TagsList that names no tag: Immich (2.0 to 3.1) and digiKam split at `/` and drop empty levels. ExifTool writes no list without entries, and Immich itself leaves one with an empty
 * entry when somebody takes the last tag of a photo away.
 */
const NO_TAGS = '/';

/**
 * Adds a TagsList that keeps Immich from taking names and albums for tags: of TagsList, HierarchicalSubject and Keywords it
 * reads the first that is there (docs/immich.md#what-immich-reads-from-files), and nothing but TagsList is
 * free of ours. It says what Immich would have read without us, if only that there are no tags. Every field that has a keyword in the file wants it, whether it
 * adds that now or finds it there: what is whose must not depend on the order of runs.
 *
 * @param wanted what each field wants that takes part and has keywords
 */
export function withShield<F>(input: MappingInput, wanted: ReadonlyMap<F, Wanted>): ReadonlyMap<F, Wanted> {
  const { options, current, own } = input;
  if (options.fields.includes('tags') && tagsIn(input).length > 0) return wanted;
  if (others(input, TAGS_LIST).length > 0) return wanted;
  const wishes = new Map([...wanted].map(([field, { lists }]) => [field, keywordsAmong(lists)]));
  // If all of it is there and nothing is known to be ours, the ledger is gone, and what looks like others' may be ours.
  const isUnknown = ownKeywords(own).length === 0 &&
    [...wishes.values()].flat().every(([tag, entries]) => hasAll(entriesOf(current, tag), entries));
  if (isUnknown) return wanted;
  const hierarchical = others(input, HIERARCHICAL_SUBJECT).filter((subject) => !subject.startsWith(ALBUM_ROOT + LEVEL));
  const read = hierarchical.length > 0 ? hierarchical.map(toTag) : flatOfOthers(input);
  const shield = read.length === 0 ? [NO_TAGS] : distinct(read);
  const staysForOthers = keepsOurs(input);
  return new Map([...wanted].map(([field, one]) => {
    const isWanted = staysForOthers || (wishes.get(field) ?? []).length > 0;
    return [field, isWanted ? { ...one, lists: { ...one.lists, [TAGS_LIST]: shield } } : one];
  }));
}

function keywordsAmong(lists: Wanted['lists']): [tag: string, entries: readonly string[]][] {
  return Object.entries(lists ?? {}).filter(([tag]) => KEYWORD_TAGS.some(({ name }) => name === tag));
}

/**
 * The tags that Immich has for the asset, but for names and albums that are written beside them: Immich took these for tags where an earlier version left a file without a TagsList, and as tags
 * of ours they would stay when the person is renamed. One that somebody else has in TagsList, such as Immich in a sidecar, is a tag.
 */
export function tagsIn(input: MappingInput): readonly string[] {
  const { record: { tags, people, albums }, options: { fields } } = input;
  const beside = new Set([
    ...(fields.includes('people') ? people.map(({ name }) => entryKey(name)) : []),
    ...(fields.includes('hierarchy') ? people.map(({ name }) => entryKey(toTag(belowPeople(name)))) : []),
    ...(fields.includes('albums') ? (albums ?? []).map((album) => entryKey(toTag(ALBUM_ROOT + LEVEL + album))) : []),
  ]);
  const said = new Set(others(input, TAGS_LIST).map(entryKey));
  return (tags ?? []).filter((tag) => !beside.has(entryKey(tag)) || said.has(entryKey(tag)));
}

/** Whether something of ours stays in the file that a field wrote which does not take part now. */
function keepsOurs({ own, options }: MappingInput): boolean {
  return ownKeywords(own).some(({ fields }) => fields.some((field) => !options.fields.includes(field)));
}

function ownKeywords({ lists }: OwnValues): OwnEntry[] {
  return KEYWORD_TAGS.flatMap(({ name }) => lists[name] ?? []);
}

function hasAll(present: readonly string[], wanted: readonly string[]): boolean {
  const keys = new Set(present.map(entryKey));
  return wanted.every((entry) => keys.has(entryKey(entry)));
}

/** What others wrote into a list, as Immich reads it: what a sidecar lacks is taken from the media file. */
function others({ current, beneath, own }: MappingInput, tag: string): string[] {
  const here = entriesOfOthers(current, tag, own);
  return here.length > 0 ? here : entriesOf(beneath, tag);
}

/** Immich's way from one notation to the other. */
export function toTag(subject: string): string {
  return subject.split(LEVEL).map((level) => level.replaceAll('/', LEVEL)).join('/');
}
