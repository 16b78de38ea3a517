import { plain } from '../../config/quote.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import type { Tools, View } from '../cycle/tools.ts';
import {
  assign,
  findIdle,
  findLeft,
  findMissing,
  findRenamed,
  findUnassigned,
  followNames,
  isIntoSameName,
  letGo,
  type PlacedMirror,
  type Renamed,
  type SharedFor,
  takeOut,
} from '../shared_albums/same_name.ts';
import { addToAlbum } from './albums.ts';
import { definePhase, eachPage, linesOf, type PlanLine, type Tally } from './phase.ts';

/** What is to be done about albums of the same name; one kind at a time, in this order. */
export type SameNamePage =
  | { readonly renamed: readonly Renamed[] }
  | { readonly found: readonly SharedFor[] }
  | { readonly missing: readonly PlacedMirror[] }
  | { readonly filled: true }
  | { readonly left: readonly PlacedMirror[] }
  | { readonly idle: readonly Omit<SharedFor, 'name'>[] };

/**
 * With `into: same-name`: each shared album through which somebody gets photos has an album of theirs, of the same name, with these photos. It must
 * be for their eyes only, as what comes into an album is seen by everybody in it. What they take out of it stays out, and a whole album that they
 * delete is not made again. It comes after the reasons, which tell through which albums a photo is shared.
 */
export const sameName = definePhase({
  name: 'same-name',
  what:
    "Puts what comes through shared albums into albums of the receiving user's own of that name (`into: same-name`).",
  per: 'cycle',
  counts: {
    sameNameAlbums: 'albums of the same name made, renamed or let go',
    sameNameEntries: 'put into albums of the same name, or taken out',
  },
  plan: planSameName,
  apply: eachPage(applySameName),
  describe: describeSameName,
});

async function* planSameName(view: View): AsyncGenerator<SameNamePage> {
  if (!view.jobs.some(isIntoSameName)) return;
  const renamed = await findRenamed(view);
  if (renamed.length > 0) yield { renamed };
  const found = await findUnassigned(view);
  if (found.length > 0) yield { found };
  for (const which of ['scope', 'unfilled'] as const) {
    for await (const missing of untilNone(() => findMissing(view, which))) yield { missing };
  }
  const [unfilled] = await view.sql`SELECT 1 FROM immich_sidecar_same_name.album WHERE NOT is_filled LIMIT 1`;
  if (unfilled !== undefined) yield { filled: true };
  for await (const left of untilNone(() => findLeft(view))) yield { left };
  const idle = await findIdle(view.sql);
  if (idle.length > 0) yield { idle };
}

/** Each page is done before the next one is looked for; one that stays as it was, as in a dry run, is the last. */
async function* untilNone(find: () => Promise<PlacedMirror[]>): AsyncGenerator<PlacedMirror[]> {
  let last: string | undefined;
  while (true) {
    const page = await find();
    const key = page.map(({ mirrorAssetId, albumId }) => `${mirrorAssetId} ${albumId}`).join('\n');
    if (page.length === 0 || key === last) return;
    yield page;
    last = key;
  }
}

async function applySameName(
  { database, schema }: Tools,
  _unit: undefined,
  page: SameNamePage,
  tally: Tally<'sameNameAlbums' | 'sameNameEntries'>,
): Promise<void> {
  const ofAlbum = (_one: unknown, error: unknown) => tally.problem(refused(error, { table: 'album' }));
  const ofEntry = ({ sourceAssetId }: PlacedMirror, error: unknown) =>
    tally.problem(refused(error, { assetId: sourceAssetId, table: 'album_asset' }));
  if ('renamed' in page) {
    const count = await countInBatches(database, page.renamed, (tx, batch) => followNames(tx, schema, batch), ofAlbum);
    tally.add('sameNameAlbums', count);
  } else if ('found' in page) {
    const count = await countInBatches(database, page.found, (tx, batch) => assign(tx, schema, batch), ofAlbum);
    tally.add('sameNameAlbums', count);
  } else if ('missing' in page) {
    for (const [albumId, entries] of Map.groupBy(page.missing, (entry) => entry.albumId)) {
      const ids = (batch: readonly PlacedMirror[]) => batch.map(({ mirrorAssetId }) => mirrorAssetId);
      const add = await countInBatches(
        database,
        entries,
        (tx, batch) => addToAlbum(tx, schema, albumId, ids(batch)),
        ofEntry,
      );
      tally.add('sameNameEntries', add);
    }
  } else if ('filled' in page) {
    await database.transaction(async (tx) => {
      await tx`UPDATE immich_sidecar_same_name.album SET is_filled = true WHERE NOT is_filled`;
    });
  } else if ('left' in page) {
    const count = await countInBatches(database, page.left, (tx, batch) => takeOut(tx, schema, batch), ofEntry);
    tally.add('sameNameEntries', count);
  } else {
    tally.add(
      'sameNameAlbums',
      await countInBatches(database, page.idle, (tx, batch) => letGo(tx, schema, batch), ofAlbum),
    );
  }
}

function describeSameName(page: SameNamePage): PlanLine[] {
  const entry = ({ mirrorAssetId, albumId }: PlacedMirror) => `${mirrorAssetId} in album ${albumId}`;
  if ('renamed' in page) {
    return linesOf(
      '~',
      'albums of the same name to rename',
      page.renamed,
      ({ former, name }) => `${plain(former)} is called ${plain(name)} now`,
    );
  }
  if ('found' in page) {
    return linesOf(
      '+',
      'albums of the same name to find or to make',
      page.found,
      ({ name, targetUserId }) => `${plain(name)} of user ${targetUserId}`,
    );
  }
  if ('missing' in page) return linesOf('+', 'photos to put into albums of the same name', page.missing, entry);
  if ('left' in page) return linesOf('-', 'photos to take out of albums of the same name', page.left, entry);
  if ('idle' in page) {
    return linesOf(
      '-',
      'albums of the same name to let go',
      page.idle,
      ({ sharedAlbumId, targetUserId }) => `of user ${targetUserId}, for the shared album ${sharedAlbumId}`,
    );
  }
  return [{ sign: '~', kind: 'albums of the same name to note as filled', text: 'albums of the same name are filled' }];
}
