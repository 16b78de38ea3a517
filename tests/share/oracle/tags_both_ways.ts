import { choosingTags } from './choice.ts';
import type { Mirror } from './memory.ts';
import { type Prediction, text } from './prediction.ts';
import { declinedBy, makeTag, tagOf } from './tags.ts';

/**
 * The tags that the source of a mirror is to name when its target has changed those of the mirror: these, and those of its own that the target was never to have, or does not want. Undefined
 * where the mirror names one that the source's owner is not to have: then nothing goes back.
 */
export function tagsForSource(prediction: Prediction, mirror: Mirror): readonly string[] | undefined {
  const { records } = prediction;
  const [named = [], wanted = []] = [mirror.sourceId, mirror.id].map((id) => namedBy(prediction, id));
  const isDeclined = declinedBy(prediction, mirror.targetId);
  const choosing = [mirror.sourceOwnerId, mirror.targetId].flatMap((user) => choosingTags(prediction, user));
  const isHidden = (value: string) =>
    value !== '' && (isDeclined(value) || choosing.some((tag) => value === tag || value.startsWith(`${tag}/`)));
  if (wanted.some((raw) => isHidden(plain(raw)) && !named.map(plain).includes(plain(raw)))) return undefined;
  const kept = named.filter((raw) => isHidden(plain(raw)) && !wanted.includes(raw));
  const tags = kept.length === 0 ? wanted : [...wanted.filter((raw) => plain(raw) !== ''), ...kept];
  // Metadata do not name those from before 2.5.
  const rows = records.of('tag_asset', mirror.sourceId)
    .map(({ tagId }) => text(tagOf(prediction, (tag) => tag['id'] === tagId)?.['value'])).toSorted();
  const said = [...named, ...tags].map(plain);
  return [...tags, ...rows.filter((value) => !said.includes(value))];
}

/** Gives a source tags as rows of its owner's own; new ones have the colours that they have with the target. */
export function tagSource(prediction: Prediction, mirror: Mirror, tags: readonly string[]): void {
  const { records } = prediction;
  const values = new Set(tags.map(plain).filter((value) => value !== ''));
  const of = { ownerId: mirror.sourceOwnerId, colouredBy: mirror.targetId, isOurs: false };
  const ids = new Set([...values].map((value) => makeTag(prediction, of, value)));
  records.remove('tag_asset', ({ assetId, tagId }) => assetId === mirror.sourceId && !ids.has(tagId));
  const known = records.of('tag_asset', mirror.sourceId).map(({ tagId }) => tagId);
  for (const tagId of ids) if (!known.includes(tagId)) records.add('tag_asset', { assetId: mirror.sourceId, tagId });
}

function namedBy({ records }: Prediction, assetId: string): string[] {
  const tags = records.of('asset_exif', assetId)[0]?.['tags'];
  return Array.isArray(tags) ? tags.map(String) : [];
}

/** Without empty levels: as Immich makes it. */
function plain(raw: string): string {
  return raw.split('/').filter((level) => level !== '').join('/');
}
