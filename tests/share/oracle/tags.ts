import { choosingTags } from './choice.ts';
import type { Mirror } from './memory.ts';
import { type Prediction, text } from './prediction.ts';
import { ANYTHING } from './records.ts';
import type { Row } from './state.ts';

/** A mirror has the tags that its metadata name, as tags of its owner, whenever these name others; those that they have deleted are not made again. */
export function followTags(prediction: Prediction): void {
  const lost = prediction.memory.mirrors.flatMap((mirror) => followTagsOf(prediction, mirror));
  removeMadeByImmich(prediction, new Set(lost));
}

/** Returns the tags that it loses though its metadata name them, and that are younger than it is: Immich may have made them of what it read. */
function followTagsOf(prediction: Prediction, mirror: Mirror): unknown[] {
  const { records, memory } = prediction;
  const exif = records.of('asset_exif', mirror.id)[0];
  if (exif === undefined) return [];
  const named = Array.isArray(exif['tags']) ? exif['tags'].map(String) : undefined;
  const isDeclined = declinedBy(prediction, mirror.targetId);
  const ofSource = records.of('asset_exif', mirror.sourceId)[0]?.['tags'];
  const choosing = choosingTags(prediction, mirror.sourceOwnerId);
  const isKeptBack = (value: string) =>
    Array.isArray(ofSource) && ofSource.includes(value) &&
    choosing.some((tag) => value === tag || value.startsWith(`${tag}/`));
  const isWithheld = (value: string) => isDeclined(value) || isKeptBack(value);
  const values = new Set((named ?? []).filter((value) => value !== '' && !isWithheld(value)));
  const tagged = values.size === 0 ? undefined : JSON.stringify([...values].sort());
  // Metadata that say what they said: what came or went otherwise is its owner's doing.
  const isSettled = tagged === mirror.tagged;
  mirror.tagged = tagged;
  const rows = records.all('tag_asset').filter((row) => row['assetId'] === mirror.id);
  const valueOf = (row: Row) => text(tagOf(prediction, (tag) => tag['id'] === row['tagId'])?.['value']);
  const isMeant = (value: string) =>
    isSettled ? named?.includes(value) !== true || !isWithheld(value) : values.has(value);
  const gone = rows.filter((row) =>
    !isMeant(valueOf(row)) && (named !== undefined || memory.tags.some(({ id }) => id === row['tagId']))
  );
  records.remove('tag_asset', (row) => gone.includes(row));
  for (const value of isSettled ? [] : values) {
    const of = { ownerId: mirror.targetId, colouredBy: mirror.sourceOwnerId, isOurs: true };
    const id = makeTag(prediction, of, value);
    const isThere = records.all('tag_asset').some((row) => row['assetId'] === mirror.id && row['tagId'] === id);
    if (!isThere) records.add('tag_asset', { assetId: mirror.id, tagId: id });
  }
  const madeAt = text(records.asset(mirror.id)?.['createdAt']);
  return gone.filter((row) => named?.includes(valueOf(row))).map((row) => row['tagId']).filter((id) =>
    text(tagOf(prediction, (tag) => tag['id'] === id)?.['createdAt']) >= madeAt
  );
}

/** Whether a value is that of a tag that was made for mirrors and that its owner has deleted, or is below one that they do not have otherwise either. */
export function declinedBy(prediction: Prediction, targetId: string): (value: string) => boolean {
  const declined = prediction.memory.tags.filter((own) =>
    own.targetId === targetId && tagOf(prediction, (row) => row['id'] === own.id) === undefined
  ).map((own) => own.value);
  const isBack = (value: string) =>
    tagOf(prediction, (row) => row['userId'] === targetId && row['value'] === value) !== undefined;
  return (value) => declined.some((gone) => value === gone || (value.startsWith(`${gone}/`) && !isBack(gone)));
}

/** They go when nothing has them, with those above them that were made with them; not with one below that was made for mirrors. */
function removeMadeByImmich(prediction: Prediction, lost: ReadonlySet<unknown>): void {
  const { records, memory } = prediction;
  const madeAt = (id: unknown) => Date.parse(text(tagOf(prediction, (tag) => tag['id'] === id)?.['createdAt']));
  const closures = records.all('tag_closure');
  const meant = new Set(
    closures.filter(({ id_ancestor, id_descendant }) =>
      lost.has(id_descendant) && madeAt(id_ancestor) > madeAt(id_descendant) - 60_000
    ).map(({ id_ancestor }) => id_ancestor),
  );
  const isIdle = (id: unknown) =>
    closures.filter(({ id_ancestor }) => id_ancestor === id).every(({ id_descendant }) =>
      meant.has(id_descendant) && !memory.tags.some((own) => own.id === id_descendant) &&
      !records.all('tag_asset').some((row) => row['tagId'] === id_descendant)
    );
  const ids = new Set([...meant].filter(isIdle));
  records.remove('tag', (row) => ids.has(row['id']));
  records.remove('tag_closure', (row) => ids.has(row['id_ancestor']) || ids.has(row['id_descendant']));
}

export function tagOf({ records }: Prediction, where: (row: Row) => boolean): Row | undefined {
  return records.find('tag', where);
}

/** Whose tag it is, and who has it in the colour that it gets. */
interface NewTag {
  readonly ownerId: string;
  readonly colouredBy: string;
  /** Made for mirrors: it goes when nothing has it. */
  readonly isOurs: boolean;
}

/** The id of somebody's tag, which is made if need be, with all above it. */
export function makeTag(prediction: Prediction, of: NewTag, value: string): unknown {
  const { records, memory, witness } = prediction;
  const { ownerId, colouredBy, isOurs } = of;
  const known = tagOf(prediction, (row) => row['userId'] === ownerId && row['value'] === value);
  if (known !== undefined) return known['id'];
  const parent = value.includes('/') ? makeTag(prediction, of, value.slice(0, value.lastIndexOf('/'))) : null;
  const id = isOurs ? witness.tagOf(value, ownerId) : witness.ownTagOf(value, ownerId);
  const source = tagOf(prediction, (row) => row['userId'] === colouredBy && row['value'] === value);
  records.add('tag', {
    id,
    userId: ownerId,
    value,
    parentId: parent,
    color: source?.['color'] ?? null,
    createdAt: ANYTHING,
    updatedAt: ANYTHING,
    updateId: ANYTHING,
  });
  const above = records.all('tag_closure').filter((row) => row['id_descendant'] === parent);
  for (const ancestor of [id, ...above.map((row) => row['id_ancestor'])]) {
    records.add('tag_closure', { id_ancestor: ancestor, id_descendant: id });
  }
  if (isOurs) {
    memory.tags = memory.tags.filter((own) => own.targetId !== ownerId || own.value !== value);
    memory.tags.push({ id, targetId: ownerId, value });
  }
  return id;
}

/** Tags that were made for mirrors go when nothing has them, nor anything below them. */
export function removeIdleTags(prediction: Prediction): void {
  const { records, memory } = prediction;
  const idle = memory.tags.filter(({ id, value }) => {
    const below = records.all('tag_closure').filter((row) => row['id_ancestor'] === id).map((row) =>
      row['id_descendant']
    );
    return tagOf(prediction, (row) => row['id'] === id)?.['value'] === value &&
      below.every((tagId) =>
        memory.tags.some((own) => own.id === tagId) && !records.all('tag_asset').some((row) => row['tagId'] === tagId)
      );
  });
  const ids = new Set<unknown>(idle.map(({ id }) => id));
  memory.tags = memory.tags.filter(({ id }) => !ids.has(id));
  records.remove('tag', (row) => ids.has(row['id']));
  records.remove('tag_closure', (row) => ids.has(row['id_ancestor']) || ids.has(row['id_descendant']));
}
