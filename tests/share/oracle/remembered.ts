import { COLUMNS, pick, rowsOf, valueOf } from './fields.ts';
import { type Group, GROUPS, type Mirror, type Remembered } from './memory.ts';
import { type Prediction, text } from './prediction.ts';
import { ANYTHING, OneOf } from './records.ts';
import { IN_SIDECAR, locksOf, Sidecars } from './sidecars.ts';
import type { Row } from './state.ts';

/** Remembers what the targets have done to mirrors that are about to go, and nothing of those whose source or row is gone. */
export function remember(prediction: Prediction, mirrors: readonly Mirror[], isLocked: boolean): void {
  const { records, memory } = prediction;
  const ids = new Set(mirrors.map(({ id }) => id));
  const isGoing = ({ sourceId, targetId }: Pick<Mirror, 'sourceId' | 'targetId'>) =>
    mirrors.some((mirror) => mirror.sourceId === sourceId && mirror.targetId === targetId);
  memory.remembered = memory.remembered.filter((known) => !isGoing(known));
  const found = mirrors.filter(({ id, sourceId }) =>
    records.asset(id) !== undefined && records.asset(sourceId) !== undefined
  ).map((mirror) => rememberedOf(prediction, mirror, isLocked)).filter(isAnything);
  memory.remembered.push(...found);
  for (const stackId of new Set(found.map((known) => known.stackId))) {
    const stack = records.find('stack', (row) => row['id'] === stackId);
    if (stack === undefined) continue;
    memory.dissolved = memory.dissolved.filter(({ id }) => id !== stackId);
    const isHeir = memory.remembered.some((first) =>
      first.stackId === stackId && first.heirId === stack['primaryAssetId']
    );
    const left = records.all('asset').filter((row) => row['stackId'] === stackId && !ids.has(text(row['id'])));
    memory.dissolved.push({
      id: text(stackId),
      targetId: text(stack['ownerId']),
      members: left.map((row) => text(row['id'])),
      primary: isHeir || ids.has(text(stack['primaryAssetId'])) ? null : text(stack['primaryAssetId']),
    });
  }
}

function isAnything({ own, stackId, leftStackId, ...known }: Remembered): boolean {
  const lists = [known.albums, known.covers, known.entries, known.tags, known.memories, known.links];
  return Object.keys(own).length > 0 || lists.some(({ length }) => length > 0) ||
    stackId !== null || leftStackId !== null;
}

function rememberedOf(prediction: Prediction, mirror: Mirror, isLocked: boolean): Remembered {
  const { records, memory } = prediction;
  const { asset, exif } = rowsOf(prediction, mirror.id);
  const own = ownOf(prediction, mirror, isLocked);
  const groups = Object.keys(own) as Group[];
  const columns = (kind: 'asset' | 'exif') => groups.flatMap((group) => COLUMNS[group][kind] ?? []);
  const locks = IN_SIDECAR.filter((group) => group in own).flatMap(locksOf);
  const placed = records.all('album_asset').filter((row) => row['assetId'] === mirror.id).map((row) =>
    text(row['albumId'])
  );
  const albumOf = (id: string) => records.find('album', (row) => row['id'] === id);
  const covers = placed.filter((id) => albumOf(id)?.['albumThumbnailAssetId'] === mirror.id);
  const named = Array.isArray(exif?.['tags']) ? exif['tags'].map(String) : [];
  const linked = (table: string, column: string) => records.of(table, mirror.id).map((row) => text(row[column]));
  const isElsewhere = asset['stackId'] !== mirror.stack;
  const stack = isElsewhere && asset['stackId'] !== null
    ? records.find('stack', (row) => row['id'] === asset['stackId'])
    : undefined;
  const dissolved = asset['stackId'] === null
    ? memory.dissolved.find(({ members }) => members.includes(mirror.id))
    : undefined;
  const stackId = stack === undefined ? dissolved?.id ?? null : text(stack['id']);
  const isHeir = memory.remembered.some((first) => first.stackId === stackId && first.heirId === mirror.id);
  return {
    sourceId: mirror.sourceId,
    targetId: mirror.targetId,
    goneIn: memory.cycles,
    own,
    bases: isLocked ? {} : pick(mirror.bases, IN_SIDECAR.filter((group) => group in own)),
    asset: pick(asset, columns('asset').filter((column) => column !== 'thumbhash')),
    exif: { ...pick(exif ?? {}, columns('exif')), ...locks.length === 0 ? {} : { lockedProperties: locks } },
    edits: 'edits' in own ? records.of('asset_edit', mirror.id) : undefined,
    albums: placed.filter((id) => !mirror.albums.has(id) || covers.includes(id)),
    covers,
    entries: [...mirror.albums].filter((id) =>
      albumOf(id) !== undefined && (!placed.includes(id) || covers.includes(id))
    ),
    tags: records.all('tag').filter((tag) =>
      records.all('tag_asset').some((row) => row['tagId'] === tag['id'] && row['assetId'] === mirror.id) &&
      !named.includes(text(tag['value'])) && !memory.tags.some(({ id }) => id === tag['id'])
    ).map((tag) => text(tag['id'])),
    memories: linked('memory_asset', 'memoriesId'),
    links: linked('shared_link_asset', 'sharedLinkId'),
    stackId,
    isPrimary: stack === undefined
      ? dissolved?.primary === mirror.id
      : stack['primaryAssetId'] === mirror.id && !isHeir,
    heirId: null,
    leftStackId: isElsewhere ? mirror.stack : null,
  };
}

/** The groups that are certain to be the target's. The sidecar of a mirror whose source is locked is not asked. */
function ownOf(prediction: Prediction, mirror: Mirror, isLocked: boolean): Remembered['own'] {
  const [source, target] = [rowsOf(prediction, mirror.sourceId), rowsOf(prediction, mirror.id)];
  const sidecars = new Sidecars(prediction, mirror);
  const isTheirs = (group: Group, here: string) => {
    if (here === mirror.bases[group] || group === 'locks') return false;
    if (group === 'visibility') return target.asset['visibility'] !== 'hidden';
    if (!IN_SIDECAR.includes(group)) return true;
    if (here === valueOf(prediction, group, source)) return false;
    if (mirror.bases[group] === undefined) return !isLocked;
    return mirror.own[group] === here || sidecars.isHeld(group) || (!isLocked && sidecars.isTheirs(group));
  };
  const values = GROUPS.map((group) => [group, valueOf(prediction, group, target)] as const);
  return Object.fromEntries(values.filter(([group, here]) => isTheirs(group, here)));
}

/** Who has taken the place of mirrors that are gone. A stack that goes on is not dissolved. */
export function noteHeirs({ records, memory }: Prediction, gone: ReadonlySet<string>): void {
  for (const known of memory.remembered) {
    const stack = records.find('stack', (row) => row['id'] === known.stackId);
    const isNews = known.goneIn === memory.cycles || (known.heirId !== null && gone.has(known.heirId));
    if (stack !== undefined && known.isPrimary && isNews) known.heirId = text(stack['primaryAssetId']);
  }
  memory.dissolved = memory.dissolved.filter(({ id }) =>
    !records.all('stack').some((row) => row['id'] === id) && memory.remembered.some(({ stackId }) => stackId === id)
  );
}

/** Gives a mirror that was made just now what is remembered of it, but for places in stacks and as covers. */
export function giveBack(prediction: Prediction, mirrorId: string): void {
  const { records, memory } = prediction;
  const mirror = memory.mirrors.find(({ id }) => id === mirrorId);
  const known = memory.remembered.find(({ sourceId, targetId }) =>
    sourceId === mirror?.sourceId && targetId === mirror.targetId
  );
  if (mirror === undefined || known === undefined) return;
  memory.remembered = memory.remembered.filter((other) => other !== known);
  prediction.returned.set(mirrorId, known);
  const source = rowsOf(prediction, mirror.sourceId);
  if (known.edits !== undefined) {
    records.remove('asset_edit', (row) => row['assetId'] === mirrorId);
    for (const edit of known.edits) {
      const generated = Object.keys(pick(edit, ['id', 'updatedAt', 'updateId']));
      const made = Object.fromEntries(generated.map((column) => [column, ANYTHING]));
      records.add('asset_edit', { ...edit, ...made, assetId: mirrorId });
    }
  }
  const { asset, exif } = rowsOf(prediction, mirrorId);
  const isOwnPicture = known.own.edits !== undefined && known.own.edits !== valueOf(prediction, 'edits', source);
  const kept = Object.entries(known.asset).filter(([column]) =>
    column === 'visibility' ? asset['visibility'] !== 'hidden' : isOwnPicture || !['width', 'height'].includes(column)
  );
  records.change(asset, {
    ...Object.fromEntries(kept),
    ...known.edits === undefined ? {} : { isEdited: known.edits.length > 0 },
  });
  if (exif !== undefined) records.change(exif, known.exif);
  giveLinksBack(prediction, mirror, known);
  mirror.own = { ...known.own };
  for (const group of IN_SIDECAR.filter((one) => one in known.own)) mirror.bases[group] = known.bases[group];
  mirror.stack = known.leftStackId;
}

function giveLinksBack({ records }: Prediction, mirror: Mirror, known: Remembered): void {
  const add = (table: string, row: Row, ...generated: string[]) => {
    const isThere = records.all(table).some((other) =>
      Object.entries(row).every(([column, value]) => other[column] === value)
    );
    if (!isThere) records.add(table, { ...row, ...Object.fromEntries(generated.map((column) => [column, ANYTHING])) });
  };
  const dated = ['createdAt', 'updatedAt', 'updateId'];
  for (const album of records.all('album')) {
    const id = text(album['id']);
    const isSeen = album['ownerId'] === known.targetId ||
      records.all('album_user').some((row) => row['albumId'] === id && row['userId'] === known.targetId);
    if (known.albums.includes(id) && album['deletedAt'] === null && isSeen) {
      add('album_asset', { albumId: id, assetId: mirror.id }, ...dated);
    }
    if (known.entries.includes(id)) mirror.albums.add(id);
  }
  const own = (table: string, owner: string, ids: readonly string[]) =>
    records.all(table).filter((row) => ids.includes(text(row['id'])) && row[owner] === known.targetId);
  for (const tag of own('tag', 'userId', known.tags)) add('tag_asset', { assetId: mirror.id, tagId: tag['id'] });
  for (const memory of own('memory', 'ownerId', known.memories)) {
    add('memory_asset', { memoriesId: memory['id'], assetId: mirror.id }, ...dated);
  }
  for (const link of own('shared_link', 'userId', known.links)) {
    add('shared_link_asset', { assetId: mirror.id, sharedLinkId: link['id'] });
  }
}

/** Stacks of the target's own have their mirrors again, and are made again when two members are there. */
export function stackAgain(prediction: Prediction): void {
  const { records, memory, returned, witness } = prediction;
  const byStack = Map.groupBy(
    [...returned].filter(([, known]) => known.stackId !== null),
    ([, known]) => known.stackId,
  );
  for (const [stackId, members] of byStack) {
    const targetId = members[0]?.[1].targetId ?? '';
    const stack = records.find('stack', (row) => row['id'] === stackId && row['ownerId'] === targetId);
    const put = (id: string) => {
      const row = records.asset(id);
      if (row !== undefined) records.change(row, { stackId });
    };
    if (stack !== undefined) {
      for (const [id, known] of members) {
        put(id);
        if (known.isPrimary && stack['primaryAssetId'] === known.heirId) records.change(stack, { primaryAssetId: id });
      }
      continue;
    }
    const gone = memory.dissolved.find(({ id }) => id === stackId);
    if (gone === undefined) continue;
    const left = gone.members.filter((id) => {
      const row = records.asset(id);
      return row !== undefined && row['ownerId'] === targetId && row['stackId'] === null &&
        !records.all('stack').some((other) => other['primaryAssetId'] === id);
    });
    const all = [...members.map(([id]) => id), ...left];
    const first = members.find(([, known]) => known.isPrimary)?.[0] ?? left.find((id) => id === gone.primary);
    if (all.length < 2) {
      gone.members.push(...members.map(([id]) => id));
      gone.primary = first ?? null;
      continue;
    }
    const seen = witness.primaryOf(gone.id);
    const primary = first ?? (all.includes(seen) ? seen : all[0] ?? '');
    records.add('stack', {
      id: stackId,
      primaryAssetId: primary,
      ownerId: targetId,
      createdAt: ANYTHING,
      updatedAt: ANYTHING,
      updateId: ANYTHING,
    });
    for (const id of all) put(id);
    for (const waiting of memory.remembered) {
      if (waiting.stackId === stackId && waiting.isPrimary && first === undefined) waiting.heirId = primary;
    }
    memory.dissolved = memory.dissolved.filter((other) => other !== gone);
  }
  forgetIdleStacks(prediction);
}

/** A cover that nobody has chosen since gives way to the one that was there before: Immich itself takes the newest photo. */
export function giveCoversBack({ records, memory, returned }: Prediction): void {
  for (const album of records.all('album')) {
    const placed = new Set(
      records.all('album_asset').filter((row) => row['albumId'] === album['id']).map((row) => row['assetId']),
    );
    const cover = records.asset(album['albumThumbnailAssetId']);
    const mayReturn = ([id, known]: readonly [string, Remembered]) => {
      if (!known.covers.includes(text(album['id'])) || !placed.has(id)) return false;
      const isNewer = (row: Row) =>
        placed.has(row['id']) && row['deletedAt'] === null && !returned.has(text(row['id'])) &&
        !memory.mirrors.some((mirror) => mirror.id === row['id'] && mirror.madeIn >= known.goneIn) &&
        Date.parse(text(row['fileCreatedAt'])) > Date.parse(text(cover?.['fileCreatedAt']));
      return cover === undefined || !records.all('asset').some(isNewer);
    };
    const covers = [...returned].filter(mayReturn).map(([id]) => id);
    if (covers.length > 0) records.change(album, { albumThumbnailAssetId: new OneOf(new Set(covers)) });
  }
}

/** What is deleted for good, at the source or with the target's account, will not come back. */
export function forgetForsaken(prediction: Prediction): void {
  const { records, memory } = prediction;
  memory.remembered = memory.remembered.filter(({ sourceId, targetId }) =>
    records.asset(sourceId) !== undefined && records.all('user').some((row) => row['id'] === targetId)
  );
  forgetIdleStacks(prediction);
}

function forgetIdleStacks({ memory }: Prediction): void {
  memory.dissolved = memory.dissolved.filter(({ id }) => memory.remembered.some(({ stackId }) => stackId === id));
}
