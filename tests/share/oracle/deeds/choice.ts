import { editAsset } from '../../../harness/immich_jobs/metadata.ts';
import { type Deeds, type Scene, traced } from './scene.ts';

/** What people do with the albums and tags by which shares choose. */
export const CHOICE_DEEDS: Deeds = {
  makeAlbum: traced(async (scene) => {
    const owner = scene.name();
    const { id, title } = { id: scene.home.newId(), title: `album ${scene.home.next()}` };
    const ownerId = scene.home.users[owner].id;
    await scene.home.insert('album', { id, ownerId, albumName: title, description: '' });
    if (!scene.home.has('album', 'ownerId')) {
      await scene.home.insert('album_user', { albumId: id, userId: ownerId, role: 'owner' });
    }
    return `${owner} makes the ${title}`;
  }),
  putIntoAlbum: traced(async (scene) => {
    const album = await oneAlbum(scene);
    const photo = await scene.any(album === undefined ? undefined : isNotIn(scene, album.id));
    if (album === undefined || photo === undefined) return;
    await scene.home.insert('album_asset', { albumId: album.id, assetId: photo.id });
    return `${scene.call(photo)} is put into the ${album.name}`;
  }),
  takeOutOfAlbum: traced(async (scene) => {
    const [entry] = await entries(scene);
    if (entry === undefined) return;
    await scene.sql`DELETE FROM album_asset WHERE "albumId" = ${entry.albumId} AND "assetId" = ${entry.assetId}`;
    return `something is taken out of the ${entry.name}`;
  }),
  moveBetweenAlbums: traced(async (scene) => {
    const [entry] = await entries(scene);
    const album = await oneAlbum(scene);
    if (entry === undefined || album === undefined || album.id === entry.albumId) return;
    await scene.sql.begin(async (tx) => {
      await tx`DELETE FROM album_asset WHERE "albumId" = ${entry.albumId} AND "assetId" = ${entry.assetId}`;
      await tx`
        INSERT INTO album_asset ("albumId", "assetId")
        VALUES (${album.id}, ${entry.assetId})
        ON CONFLICT DO NOTHING`;
    });
    return `something is moved from the ${entry.name} to the ${album.name}`;
  }),
  renameAlbum: traced(async (scene) => {
    const album = await oneAlbum(scene);
    if (album === undefined) return;
    const title = `album ${scene.home.next()}`;
    await scene.sql`UPDATE album SET "albumName" = ${title} WHERE id = ${album.id}`;
    return `the ${album.name} is called ${title}`;
  }),
  deleteAlbum: traced(async (scene) => {
    const album = await oneAlbum(scene);
    if (album === undefined) return;
    await scene.sql`DELETE FROM album WHERE id = ${album.id}`;
    return `the ${album.name} is deleted`;
  }),
  invite: traced(async (scene) => {
    const [album, guest] = [await oneAlbum(scene), scene.name()];
    if (album === undefined || album.ownerId === scene.home.users[guest].id) return;
    await scene.sql`
      INSERT INTO album_user ("albumId", "userId", role)
      VALUES (${album.id}, ${scene.home.users[guest].id}, 'editor')
      ON CONFLICT DO NOTHING`;
    return `${guest} is invited to the ${album.name}`;
  }),
  leaveAlbum: traced(async (scene) => {
    const [album, guest] = [await oneAlbum(scene), scene.name()];
    if (album === undefined || album.ownerId === scene.home.users[guest].id) return;
    await scene.sql`
      DELETE FROM album_user WHERE "albumId" = ${album.id} AND "userId" = ${scene.home.users[guest].id}`;
    return `${guest} leaves the ${album.name}, or was not there`;
  }),
  makeTag: traced(async (scene) => {
    const owner = scene.name();
    const parent = scene.chance(2) ? scene.one(await tags(scene, scene.home.users[owner].id)) : undefined;
    const [id, value] = [
      scene.home.newId(),
      `${parent === undefined ? '' : `${parent.name}/`}tag ${scene.home.next()}`,
    ];
    await scene.home.insert('tag', { id, userId: scene.home.users[owner].id, value, parentId: parent?.id ?? null });
    await scene.sql`
      INSERT INTO tag_closure (id_ancestor, id_descendant)
      SELECT ${id}::uuid, ${id}::uuid
      UNION
      SELECT id_ancestor, ${id}::uuid FROM tag_closure WHERE id_descendant = ${parent?.id ?? null}`;
    return `${owner} makes the tag ${value}`;
  }),
  tagPhoto: traced(async (scene) => {
    const photo = await scene.any();
    const tag = scene.one(photo === undefined ? [] : await tags(scene, photo.ownerId));
    if (photo === undefined || tag === undefined) return;
    await scene.sql`INSERT INTO tag_asset ("tagId", "assetId") VALUES (${tag.id}, ${photo.id}) ON CONFLICT DO NOTHING`;
    if (photo.isMirror) await nameTags(scene, photo.id);
    return `${scene.call(photo)} is tagged ${tag.name}`;
  }),
  untagPhoto: traced(async (scene) => {
    const tagged = scene.one(
      await scene.sql<{ tagId: string; assetId: string; isMirror: boolean }[]>`
        SELECT
          "tagId", "assetId",
          EXISTS (SELECT FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = "assetId") AS "isMirror"
        FROM tag_asset
        ORDER BY 1, 2`,
    );
    if (tagged === undefined) return;
    await scene.sql`DELETE FROM tag_asset WHERE "tagId" = ${tagged.tagId} AND "assetId" = ${tagged.assetId}`;
    if (tagged.isMirror) await nameTags(scene, tagged.assetId);
    return `a tag is taken from a ${tagged.isMirror ? 'mirror' : 'photo'}`;
  }),
};

interface Thing {
  readonly id: string;
  readonly name: string;
}

/** One of the albums that were made in a history: what shares put photos into is left alone. */
async function oneAlbum(scene: Scene): Promise<(Thing & { readonly ownerId: string }) | undefined> {
  const ownerId = scene.home.has('album', 'ownerId')
    ? scene.sql`al."ownerId"`
    : scene.sql`(SELECT au."userId" FROM album_user au WHERE au."albumId" = al.id AND au.role = 'owner')`;
  return scene.one(
    await scene.sql<(Thing & { ownerId: string })[]>`
      SELECT al.id, al."albumName" AS name, ${ownerId} AS "ownerId"
      FROM album al
      WHERE al."albumName" LIKE 'album %'
      ORDER BY al."albumName", al.id`,
  );
}

function isNotIn({ sql }: Scene, albumId: string) {
  return sql`NOT EXISTS (SELECT FROM album_asset aa WHERE aa."albumId" = ${albumId} AND aa."assetId" = a.id)`;
}

/** Who is in which album, one of them first. */
async function entries(scene: Scene): Promise<{ albumId: string; assetId: string; name: string }[]> {
  const all = await scene.sql<{ albumId: string; assetId: string; name: string }[]>`
    SELECT aa."albumId", aa."assetId", al."albumName" AS name
    FROM album_asset aa
    JOIN album al ON al.id = aa."albumId" AND al."albumName" LIKE 'album %'
    JOIN asset a ON a.id = aa."assetId"
    ORDER BY al."albumName", a."originalPath", a."libraryId"`;
  const one = scene.one(all);
  return one === undefined ? [] : [one];
}

/**
 * What follows when somebody tags a photo in Immich, or takes a tag from it: from 2.5 on its metadata name the tags that it has, and are locked (TagService.updateTags). Without
 * this the rows of a photo are as those of before 2.5, which are enough to choose by; but those of a mirror would be no work of its owner's, and without a trace.
 */
export async function nameTags(scene: Scene, id: string): Promise<void> {
  if (!scene.home.has('asset_exif', 'tags')) return;
  const rows = await scene.sql<{ value: string }[]>`
    SELECT t.value
    FROM tag_asset ta
    JOIN tag t ON t.id = ta."tagId"
    WHERE ta."assetId" = ${id}
    ORDER BY 1`;
  await editAsset(scene.home, id, { tags: rows.map(({ value }) => value) });
}

async function tags(scene: Scene, ownerId: string): Promise<Thing[]> {
  return await scene.sql<Thing[]>`SELECT id, value AS name FROM tag WHERE "userId" = ${ownerId} ORDER BY value`;
}

/** The names of the albums that a user sees. */
export async function albumsOf(scene: Scene, ownerId: string): Promise<string[]> {
  const isOwned = scene.home.has('album', 'ownerId') ? scene.sql`al."ownerId" = ${ownerId}` : scene.sql`false`;
  const rows = await scene.sql<{ name: string }[]>`
    SELECT al."albumName" AS name
    FROM album al
    WHERE al."albumName" LIKE 'album %'
      AND (${isOwned} OR EXISTS (SELECT FROM album_user au WHERE au."albumId" = al.id AND au."userId" = ${ownerId}))
    ORDER BY 1`;
  return rows.map(({ name }) => name);
}

/** The values of a user's tags. */
export async function tagsOf(scene: Scene, ownerId: string): Promise<string[]> {
  return (await tags(scene, ownerId)).map(({ name }) => name);
}

/** The ids of a user's people, as two of them may have one name. */
export async function peopleOf(scene: Scene, ownerId: string): Promise<string[]> {
  return (await scene.people(ownerId)).filter(({ name }) => name !== '').map(({ id }) => id);
}
