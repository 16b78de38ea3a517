import { addSidecar, makePictures } from '../photos.ts';
import { hasPictures } from './photos.ts';
import { type Asset, type Deed, type Deeds, type Scene, traced } from './scene.ts';

/** What somebody says about his photo, or about his mirror of somebody else's. */
export const FIELD_DEEDS: Deeds = {
  describe: edit('description', async ({ sql, home }, { id }) => {
    await sql`UPDATE asset_exif SET description = ${`words ${home.next()}`} WHERE "assetId" = ${id}`;
  }),
  describeAlike: edit('the same description', async ({ sql }, { id }) => {
    await sql`UPDATE asset_exif SET description = 'the same words' WHERE "assetId" = ${id}`;
  }),
  date: edit('date', async ({ sql, home }, { id }) => {
    const date = new Date(Date.UTC(2010, 0, 1) + home.next() * 86_400_000);
    await sql`UPDATE asset_exif SET "dateTimeOriginal" = ${date}, "timeZone" = 'UTC+2' WHERE "assetId" = ${id}`;
    await sql`UPDATE asset SET "localDateTime" = ${date}, "fileCreatedAt" = ${date} WHERE id = ${id}`;
  }),
  place: edit('place', async ({ sql, home }, { id }) => {
    const number = home.next();
    await sql`
      UPDATE asset_exif SET latitude = ${number % 90 + 0.125}, longitude = 7.1, city = ${`city ${number}`}
      WHERE "assetId" = ${id}`;
  }),
  rate: edit('rating', async (scene, { id }) => {
    await scene.sql`UPDATE asset_exif SET rating = ${scene.number(5) + 1} WHERE "assetId" = ${id}`;
  }),
  tag: edit('tags', async ({ sql, home }, { id }) => {
    await sql`UPDATE asset_exif SET tags = ${[`tag ${home.next()}`]} WHERE "assetId" = ${id}`;
  }),
  lockField: traced(async (scene) => {
    const asset = await scene.any(hasPictures(scene));
    if (asset === undefined) return;
    const locks = scene.chance(3) ? null : [scene.chance(2) ? 'rating' : 'description'];
    await scene.sql`UPDATE asset_exif SET "lockedProperties" = ${locks} WHERE "assetId" = ${asset.id}`;
    return `fields of ${scene.call(asset)} are locked: ${locks}`;
  }),
  extract: traced(async (scene) => {
    const asset = await scene.any(hasPictures(scene));
    if (asset === undefined) return;
    await scene.sql`UPDATE asset_exif SET make = ${`Maker ${scene.home.next()}`} WHERE "assetId" = ${asset.id}`;
    return `Immich reads another camera from ${scene.call(asset)}`;
  }),
  favourite: traced(async (scene) => {
    const asset = await scene.any();
    if (asset === undefined) return;
    await scene.sql`UPDATE asset SET "isFavorite" = NOT "isFavorite" WHERE id = ${asset.id}`;
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

/** As the server does it: the value, and then a sidecar that has it. */
function edit(what: string, write: (scene: Scene, asset: Asset) => Promise<unknown>): Deed {
  return traced(async (scene) => {
    const asset = await scene.any(hasPictures(scene));
    if (asset === undefined) return;
    await write(scene, asset);
    if (scene.home.exists(asset.originalPath)) await addSidecar(scene.home, asset.id, asset.originalPath);
    return `${scene.nameOf(asset.ownerId)} gives ${scene.call(asset)} another ${what}`;
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
