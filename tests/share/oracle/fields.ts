import { type Group, GROUPS, type Mirror } from './memory.ts';
import { type Prediction, text } from './prediction.ts';
import { ANYTHING, same, touch } from './records.ts';
import { IN_SIDECAR, Sidecars } from './sidecars.ts';
import type { Row } from './state.ts';
import { favoritesOf } from './ways.ts';

export const COLUMNS: Readonly<
  Record<Group, { readonly asset?: readonly string[]; readonly exif?: readonly string[] }>
> = {
  description: { exif: ['description'] },
  date: { asset: ['localDateTime', 'fileCreatedAt'], exif: ['dateTimeOriginal', 'timeZone'] },
  position: { exif: ['latitude', 'longitude', 'city', 'state', 'country'] },
  rating: { exif: ['rating'] },
  tags: { exif: ['tags'] },
  locks: { exif: ['lockedProperties'] },
  visibility: { asset: ['visibility'] },
  favorite: { asset: ['isFavorite'] },
  // Besides the rows of asset_edit: what they do to the asset.
  edits: { asset: ['width', 'height', 'thumbhash'] },
};

/** What a mirror has of its own. */
const OWN_COLUMNS = new Set([
  ...['id', 'ownerId', 'libraryId', 'originalPath', 'checksum', 'checksumAlgorithm', 'isExternal', 'fileModifiedAt'],
  ...['isFavorite', 'livePhotoVideoId', 'stackId', 'duplicateId', 'deletedAt', 'isOffline', 'status', 'isEdited'],
  ...['deviceId', 'createdAt', 'updatedAt', 'updateId'],
]);

/** What a mirror keeps to itself. */
export interface Touched {
  readonly hasOwnSidecar: boolean;
  readonly hasOwnEdits: boolean;
}

/** Lets the rows of a mirror follow its source, as far as the target's owner has not touched them. */
export function followFields(prediction: Prediction, mirror: Mirror): Touched {
  const { records } = prediction;
  const source = rowsOf(prediction, mirror.sourceId);
  const target = rowsOf(prediction, mirror.id);
  const wanted = (group: Group) =>
    group === 'locks'
      ? NO_LOCKS
      : group === 'edits' && isEditUnfinished(prediction, source.asset)
      ? mirror.bases.edits
      : valueOf(prediction, group, source);
  const touched = new Set<Group>();
  const sidecars = new Sidecars(prediction, mirror);
  const theirs = new Set<Group>();
  let isAboutSidecars = false;
  const groups = doFavoritesFollow(prediction, mirror) ? GROUPS : GROUPS.filter((group) => group !== 'favorite');
  for (const group of groups) {
    const [now, here, base] = [wanted(group), valueOf(prediction, group, target), mirror.bases[group]];
    if (base === undefined && here !== now) {
      touched.add(group); // nobody knows who has changed it
      continue;
    }
    const isOnlyHere = here !== base && here !== now;
    if (IN_SIDECAR.includes(group)) isAboutSidecars ||= isOnlyHere || now !== base;
    if (isOnlyHere && sidecars.isTheirs(group)) {
      theirs.add(group);
      if (IN_SIDECAR.includes(group)) mirror.own[group] = here;
    } else {
      if (here !== now) {
        writeGroup(prediction, group, source, target);
        if (group === 'tags') mirror.tagged = 'unknown';
      }
      mirror.bases[group] = now;
    }
    if (valueOf(prediction, group, target) !== wanted(group)) touched.add(group);
  }
  if (isAboutSidecars) sidecars.remember(theirs);
  const hasOwnEdits = touched.has('edits') || isEditUnfinished(prediction, source.asset);

  const grouped = new Set(GROUPS.flatMap((group) => [...COLUMNS[group].asset ?? [], ...COLUMNS[group].exif ?? []]));
  const plain = (row: Row) =>
    Object.fromEntries(
      Object.entries(row).filter(([column]) =>
        !OWN_COLUMNS.has(column) && !grouped.has(column) && column !== 'assetId' && column !== 'deviceAssetId'
      ),
    );
  records.change(target.asset, plain(source.asset));
  if (!hasOwnEdits) records.change(target.asset, pick(source.asset, COLUMNS.edits.asset ?? []));
  if (target.exif !== undefined && source.exif !== undefined) records.change(target.exif, plain(source.exif));
  for (const table of ['asset_ocr', 'ocr_search', 'asset_video', 'asset_audio', 'asset_keyframe']) {
    if (!records.has(table)) continue;
    // What lies outside a crop is marked in these.
    const isNew = mirror.madeIn === prediction.memory.cycles;
    if (hasOwnEdits && !isNew && (table === 'asset_ocr' || table === 'ocr_search')) continue;
    replaceRows(prediction, table, mirror);
  }
  fillProgress(prediction, mirror);
  return { hasOwnSidecar: IN_SIDECAR.some((group) => touched.has(group)), hasOwnEdits };
}

/** Gives mirrors what smart search knows, also those whose source is offline for a while. What a source has lost is left with its mirror. */
export function followSearch(prediction: Prediction): void {
  const known = new Set(prediction.records.all('smart_search').map(({ assetId }) => assetId));
  for (const mirror of prediction.memory.mirrors) {
    if (known.has(mirror.sourceId)) replaceRows(prediction, 'smart_search', mirror);
  }
}

/** Whether a share of the two users says so. */
export function doFavoritesFollow(
  { configured }: Prediction,
  { sourceOwnerId, targetId }: Pick<Mirror, 'sourceOwnerId' | 'targetId'>,
): boolean {
  return favoritesOf(configured, { sourceUserId: sourceOwnerId, targetUserId: targetId }) !== undefined;
}

/** Locks are each user's own. */
const NO_LOCKS = JSON.stringify([null]);

/** The bases of a mirror that was made just now. */
export function basesOf(prediction: Prediction, sourceId: string, isFavorite: boolean): Record<Group, string> {
  const source = rowsOf(prediction, sourceId);
  const baseOf = (group: Group) =>
    group === 'locks'
      ? NO_LOCKS
      : group === 'favorite'
      ? JSON.stringify([isFavorite])
      : valueOf(prediction, group, source);
  return Object.fromEntries(GROUPS.map((group) => [group, baseOf(group)])) as Record<
    Group,
    string
  >;
}

export interface Rows {
  readonly asset: Row;
  readonly exif: Row | undefined;
}

/** Whether the target's owner has turned the mirror. */
export function hasOwnEdits(prediction: Prediction, mirror: Mirror): boolean {
  const [here, there] = [mirror.id, mirror.sourceId].map((id) => valueOf(prediction, 'edits', rowsOf(prediction, id)));
  return here !== there && here !== mirror.bases.edits;
}

export function rowsOf({ records }: Prediction, id: string): Rows {
  const asset = records.asset(id);
  if (asset === undefined) throw new Error(`there is no asset ${id}`);
  return { asset, exif: records.of('asset_exif', id)[0] };
}

export function valueOf({ records }: Prediction, group: Group, { asset, exif }: Rows): string {
  if (group === 'edits') {
    return JSON.stringify(
      records.of('asset_edit', text(asset['id'])).toSorted((a, b) => Number(a['sequence']) - Number(b['sequence']))
        .map(({ action, parameters }) => [action, parameters]),
    );
  }
  const { asset: ofAsset = [], exif: ofExif = [] } = COLUMNS[group];
  return JSON.stringify([...ofAsset.map((column) => asset[column]), ...ofExif.map((column) => exif?.[column] ?? null)]);
}

function writeGroup(prediction: Prediction, group: Group, source: Rows, target: Rows): void {
  const { records } = prediction;
  const { asset = [], exif = [] } = COLUMNS[group];
  if (group === 'edits') {
    const id = text(target.asset['id']);
    records.remove('asset_edit', (row) => row['assetId'] === id);
    for (const row of records.of('asset_edit', text(source.asset['id']))) {
      records.add('asset_edit', { ...row, assetId: id });
    }
    target.asset['isEdited'] = records.of('asset_edit', id).length > 0;
    touch(target.asset); // by triggers
  }
  records.change(target.asset, pick(source.asset, asset));
  if (target.exif !== undefined && source.exif !== undefined) records.change(target.exif, pick(source.exif, exif));
}

/** The edited picture comes a while after the edit. */
function isEditUnfinished({ records }: Prediction, asset: Row): boolean {
  return asset['isEdited'] === true &&
    !records.of('asset_file', text(asset['id'])).some((file) => file['isEdited'] === true);
}

function replaceRows({ records }: Prediction, table: string, mirror: Mirror): void {
  const [wanted, actual] = [records.of(table, mirror.sourceId), records.of(table, mirror.id)];
  const content = (rows: readonly Row[]) =>
    rows.map(({ id: _, assetId: __, updateId: ___, updatedAt: ____, ...rest }) => JSON.stringify(rest)).sort();
  if (same(content(wanted), content(actual))) return;
  records.remove(table, (row) => row['assetId'] === mirror.id);
  for (const row of wanted) {
    const copy: Row = { ...row, assetId: mirror.id };
    if ('id' in copy) copy['id'] = ANYTHING;
    touch(copy);
    records.add(table, copy);
  }
}

function fillProgress({ records }: Prediction, mirror: Mirror): void {
  const [done] = records.of('asset_job_status', mirror.sourceId);
  const [own] = records.of('asset_job_status', mirror.id);
  if (done === undefined) return;
  if (own === undefined) records.add('asset_job_status', { ...done, assetId: mirror.id });
  else for (const [column, value] of Object.entries(done)) own[column] ??= value;
}

export function pick(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(columns.filter((column) => column in row).map((column) => [column, row[column]]));
}
