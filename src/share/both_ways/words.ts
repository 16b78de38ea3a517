import { dayOf, list, named, plural } from '../../config/words.ts';
import { plain } from '../../config/quote.ts';
import type { OpenConflict } from './conflicts.ts';
import type { ConflictReason } from './decide.ts';
import type { MergeProposal } from './merges.ts';
import type { FieldValues } from './write.ts';
import { type WaitingJob, waitingOf } from './waiting.ts';
import type { WrittenChange } from './written.ts';

/** What people call what goes both ways. */
export const FIELD_WORDS: Readonly<Record<OpenConflict['field'], string>> = Object.freeze({
  description: 'description',
  date: 'date',
  position: 'place',
  rating: 'rating',
  tags: 'tags',
  favorite: 'favourite',
  face: 'face',
  personName: 'name of a person',
  personBirthDate: 'birth date of a person',
});

/** Why nobody but a person can decide. */
export const REASON_WORDS: Readonly<Record<ConflictReason, string>> = Object.freeze({
  'both-changed': 'both have changed it',
  'recipients-differ': 'several recipients have changed it differently',
  'base-unknown': 'what it was before is not known any more',
});

/** A value, for people. */
export function describeValue(
  field: string,
  { asset = {}, asset_exif: exif = {}, person, face }: Partial<FieldValues>,
): string {
  switch (field) {
    case 'personName':
    case 'personBirthDate':
      return isEmpty(person?.value) ? 'none' : named(String(person?.value));
    case 'face':
      if (face === undefined || face.isNew === true) return 'none';
      if (!face.isThere) return 'removed';
      if (face.person === null) return 'nobody';
      return isEmpty(face.name) ? 'somebody without a name' : named(String(face.name));
    case 'description':
      return isEmpty(exif['description']) ? 'none' : named(String(exif['description']));
    case 'date':
      return isEmpty(asset['localDateTime']) ? 'none' : String(asset['localDateTime']).slice(0, 16).replace('T', ' ') +
        (isEmpty(exif['timeZone']) ? '' : ` (${plain(String(exif['timeZone']))})`);
    case 'position': {
      if (isEmpty(exif['latitude']) || isEmpty(exif['longitude'])) return 'none';
      const place = ['city', 'state', 'country'].map((name) => exif[name]).filter((name) => !isEmpty(name));
      const where = `${Number(exif['latitude']).toFixed(4)}, ${Number(exif['longitude']).toFixed(4)}`;
      return place.length === 0 ? where : `${where} (${plain(place.join(', '))})`;
    }
    case 'rating': {
      const stars = exif['rating'];
      return isEmpty(stars) ? 'none' : `${stars} ${plural(Number(stars), 'star')}`;
    }
    case 'tags': {
      const tags = (exif.tags ?? []).filter((tag) => tag !== '');
      return tags.length === 0 ? 'none' : tags.map((tag) => named(tag)).join(', ');
    }
    case 'favorite':
      return asset['isFavorite'] === true ? 'yes' : 'no';
    default:
      return JSON.stringify({ ...asset, ...exif });
  }
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '';
}

/** A conflict with both values, as lines. */
export function describeConflict(
  { fileName, sourceAssetId, job, field, because, source, target }: OpenConflict,
): string[] {
  return [
    `${named(fileName)} (${sourceAssetId}), share ${named(job)}: another ${FIELD_WORDS[field]} on both sides, as ${
      REASON_WORDS[because]
    }`,
    `  the owner's: ${describeValue(field, source)}`,
    `  the recipient's: ${describeValue(field, target)}`,
  ];
}

/** What recipients have changed and waits for a person, as a few lines. */
export function describeWaiting(waiting: WaitingJob): string {
  const { since, confirmedAt } = waiting;
  const { name, what: number } = waitingOf(waiting);
  const what = `${named(name)}: ${number} would get what recipients have changed (since ${dayOf(since)}).`;
  return confirmedAt === null
    ? `${what}\nThat waits for you. To look at it: immich-sidecar sync --dry-run. If it is right, confirm it with\n  immich-sidecar sync --confirm-corrections --job ${
      named(name)
    }`
    : `${what}\nConfirmed; the next sync writes it.`;
}

/** People whom a recipient has merged, as a proposal. */
export function describeMerge({ job, people }: MergeProposal): string {
  const names = people.map(({ id, name }) => name === '' ? `somebody without a name (${id})` : named(name));
  return `${named(job)}: the recipient has merged ${
    list(names)
  }. If they are the same, their owner can merge them in Immich, too.`;
}

/** What was written into an original, or is to be, in one line. */
export function describeWrittenChange({ fileName, sourceAssetId, field, before, after }: DescribedChange): string {
  const name = fileName === null ? `a photo that is locked or gone (${sourceAssetId})` : named(fileName);
  const what = FIELD_WORDS[field as keyof typeof FIELD_WORDS] ?? field;
  if (before?.person !== undefined || after?.person !== undefined) {
    return `${what} (${sourceAssetId}): ${describeValue(field, before ?? {})} -> ${describeValue(field, after ?? {})}`;
  }
  return before === null || after === null
    ? `${name}: ${what}`
    : `${name}: ${what} ${describeValue(field, before)} -> ${describeValue(field, after)}`;
}

type DescribedChange = Pick<WrittenChange, 'fileName' | 'sourceAssetId' | 'field' | 'before' | 'after'>;

/** `description and date` */
export function describeFields(fields: readonly OpenConflict['field'][]): string {
  return list([...new Set(fields)].map((field) => FIELD_WORDS[field]));
}
