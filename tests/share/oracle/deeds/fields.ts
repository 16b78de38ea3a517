import { type Edit, editAsset, writeSidecar } from '../../../harness/immich_jobs/metadata.ts';
import type { Group } from '../memory.ts';
import { makePictures } from '../photos.ts';
import { extract, hasPictures } from './photos.ts';
import { type Asset, type Deed, type Deeds, type Scene, traced, untraced } from './scene.ts';

/** What somebody says about their photo, or about their mirror of somebody else's. */
export const FIELD_DEEDS: Deeds = {
  describe: edit('description', 'description', ({ home }) => ({ description: `words ${home.next()}` })),
  describeAlike: edit('description', 'the same description', () => ({ description: 'the same words' })),
  date: edit(
    'date',
    'date',
    ({ home }) => ({ dateTimeOriginal: new Date(Date.UTC(2010, 0, 1) + home.next() * 86_400_000) }),
  ),
  place: edit('position', 'place', ({ home }) => ({ latitude: home.next() % 90 + 0.125, longitude: 7.5 })),
  rate: edit('rating', 'rating', (scene) => ({ rating: scene.number(6) || null })),
  tag: edit('tags', 'tags', (scene) => ({
    tags: [`tag ${scene.number(5)}`, `trips/${scene.number(3)}/day ${scene.number(3)}`].slice(0, scene.number(3)),
  })),
  /** Metadata go on to name it, and the rows that went with it leave no trace. */
  deleteTag: untraced(async (scene) => {
    const owner = scene.name();
    const tags = await scene.sql<{ id: string; value: string }[]>`
      SELECT id, value FROM tag WHERE "userId" = ${scene.home.users[owner].id} ORDER BY value`;
    const tag = scene.one(tags);
    if (tag === undefined) return;
    await scene.sql`DELETE FROM tag WHERE id = ${tag.id}`;
    return `${owner} deletes the tag ${tag.value}`;
  }),
  finishSidecar: traced(async (scene) => {
    const asset = await scene.any(scene.sql`
      EXISTS (SELECT FROM asset_exif e WHERE e."assetId" = a.id AND e."lockedProperties" IS NOT NULL)`);
    if (asset === undefined || !scene.home.exists(asset.originalPath)) return;
    await writeSidecar(scene.home, asset.id);
    const isRead = scene.chance(2) && await extract(scene, asset);
    return `Immich writes the sidecar of ${scene.call(asset)}${isRead ? ' and reads it' : ''}`;
  }),
  extract: traced(async (scene) => {
    const asset = await scene.any(hasPictures(scene));
    if (asset === undefined || !await extract(scene, asset)) return;
    return `Immich extracts ${scene.call(asset)}`;
  }),
  extractAll: traced(async (scene) => {
    const owner = scene.name();
    const assets = await scene.assets(scene.sql`a."ownerId" = ${scene.home.users[owner].id} AND ${hasPictures(scene)}`);
    for (const asset of assets) await extract(scene, asset);
    return `Immich refreshes the metadata of all that ${owner} has`;
  }),
  favourite: traced(async (scene) => {
    const asset = await scene.any();
    if (asset === undefined) return;
    await scene.sql`UPDATE asset SET "isFavorite" = NOT "isFavorite" WHERE id = ${asset.id}`;
    scene.says(asset, 'favorite');
    return `${scene.call(asset)} becomes a favourite, or no longer is one`;
  }),
  archive: traced(async (scene) => {
    const asset = await scene.any(scene.sql`a.visibility IN ('timeline', 'archive')`);
    if (asset === undefined) return;
    const visibility = asset.visibility === 'archive' ? 'timeline' : 'archive';
    await scene.sql`UPDATE asset SET visibility = ${visibility} WHERE id = ${asset.id}`;
    return `${scene.call(asset)} goes to the ${visibility}`;
  }),
  rotate: traced(async (scene) => {
    const asset = await scene.any(scene.sql`a.type = 'IMAGE' AND ${hasPictures(scene)}`);
    if (asset === undefined) return;
    const angle = (scene.number(3) + 1) * 90;
    await clearEdits(scene, asset);
    await scene.sql`
      INSERT INTO asset_edit ("assetId", action, parameters, sequence)
      VALUES (${asset.id}, 'rotate', ${scene.sql.json({ angle })}, 0)`;
    const isUnfinished = scene.chance(4);
    if (!isUnfinished) await finishEdit(scene, asset);
    return `${scene.call(asset)} is turned by ${angle}°${isUnfinished ? ', and not shown so yet' : ''}`;
  }),
  finishEdit: traced(async (scene) => {
    const asset = await scene.any(scene.sql`
      a."isEdited" AND NOT EXISTS (SELECT FROM asset_file f WHERE f."assetId" = a.id AND f."isEdited")`);
    if (asset === undefined) return;
    await finishEdit(scene, asset);
    return `the turned picture of ${scene.call(asset)} is there`;
  }),
  revert: traced(async (scene) => {
    const asset = await scene.any(scene.sql`a."isEdited"`);
    if (asset === undefined) return;
    await clearEdits(scene, asset);
    return `the edits of ${scene.call(asset)} are undone`;
  }),
};

/** As the server does it: the value, locked; a moment later the sidecar that has it; and then it is read again. */
function edit(group: Group, what: string, change: (scene: Scene) => Edit): Deed {
  return traced(async (scene) => {
    const asset = await scene.any(hasPictures(scene));
    if (asset === undefined) return;
    await editAsset(scene.home, asset.id, change(scene));
    scene.says(asset, group);
    const words = `${scene.nameOf(asset.ownerId)} gives ${scene.call(asset)} another ${what}`;
    if (scene.chance(4) || !scene.home.exists(asset.originalPath)) return `${words}, not in its sidecar yet`;
    await writeSidecar(scene.home, asset.id);
    if (scene.chance(4)) return `${words}, not read again yet`;
    await extract(scene, asset);
    return words;
  });
}

async function finishEdit({ sql, home }: Scene, asset: Asset): Promise<void> {
  await makePictures(home, asset.id, asset.ownerId, true);
  await sql`
    UPDATE asset SET width = 480, height = 640, thumbhash = ${new Uint8Array([
    2,
    home.next() % 256,
  ])} WHERE id = ${asset.id}`;
}

async function clearEdits({ sql, home }: Scene, asset: Asset): Promise<void> {
  const files = await sql<{ path: string }[]>`
    DELETE FROM asset_file WHERE "assetId" = ${asset.id} AND "isEdited" RETURNING path`;
  for (const { path } of files) home.remove(path);
  const gone = await sql`DELETE FROM asset_edit WHERE "assetId" = ${asset.id}`;
  if (gone.count > 0) {
    await sql`
      UPDATE asset SET width = 640, height = 480, thumbhash = ${new Uint8Array([3, home.next() % 256])}
      WHERE id = ${asset.id}`;
  }
}
