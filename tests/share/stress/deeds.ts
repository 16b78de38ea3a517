import { faultOf, isAboutRows } from '../../../src/postgres/faults.ts';
import type { Connection } from '../../../src/postgres/connect.ts';
import type { World } from '../world.ts';

/** What the receiving user has changed of a mirror or a face: there the mirror need not be like its source. */
export type Touched = Set<string>;

/** Who does something, with a connection of their own. */
export interface Hand {
  readonly sql: Connection;
  readonly world: World;
  readonly touched: Touched;
  /** A whole number below `limit`, the same in every run with the same seed. */
  readonly number: (limit: number) => number;
}

interface Deed {
  /** How often it comes, compared with the others. */
  readonly weight: number;
  act(hand: Hand): Promise<unknown>;
}

/** What Immich does for the owner of the photos, and for the one who receives them. Nothing of it asks us first. */
const DEEDS: Readonly<Record<string, Deed>> = {
  lock: { weight: 6, act: (hand) => visibility(hand, 'locked') },
  archive: { weight: 3, act: (hand) => visibility(hand, 'archive') },
  show: { weight: 12, act: (hand) => visibility(hand, 'timeline') },
  trash: {
    weight: 5,
    act: async (hand) =>
      await hand.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${await source(hand)}`,
  },
  restore: {
    weight: 8,
    act: ({ sql, world }) =>
      sql`
        UPDATE asset SET "deletedAt" = NULL, status = 'active'
        WHERE id IN (SELECT id FROM asset WHERE "ownerId" = ${world.library.users.alice.id} AND status = 'trashed' LIMIT 2)`,
  },
  delete: { weight: 2, act: async (hand) => await hand.sql`DELETE FROM asset WHERE id = ${await source(hand)}` },
  copy: { weight: 5, act: async (hand) => await copyAsset(hand, await source(hand)) },
  describe: {
    weight: 6,
    act: async (hand) =>
      await hand.sql`UPDATE asset_exif SET description = ${word(hand)}, rating = ${
        hand.number(5)
      } WHERE "assetId" = ${await source(hand)}`,
  },
  addFace: { weight: 6, act: addFace },
  removeFace: { weight: 3, act: async (hand) => await hand.sql`DELETE FROM asset_face WHERE id = ${await face(hand)}` },
  hideFace: {
    weight: 2,
    act: async (hand) => await hand.sql`UPDATE asset_face SET "deletedAt" = now() WHERE id = ${await face(hand)}`,
  },
  moveFace: {
    weight: 8,
    act: async (hand) =>
      await hand.sql`UPDATE asset_face SET ${faceKey(hand)} = ${await person(hand, 'alice')} WHERE id = ${await face(
        hand,
      )}`,
  },
  rename: { weight: 5, act: async (hand) => await changePerson(hand, await person(hand, 'alice')) },
  newPerson: { weight: 4, act: (hand) => hand.world.insertPerson('alice', word(hand)) },
  merge: { weight: 3, act: (hand) => merge(hand, 'alice') },
  stack: { weight: 4, act: stack },
  unstack: {
    weight: 3,
    act: ({ sql, world }) =>
      sql`DELETE FROM stack WHERE id = (SELECT id FROM stack WHERE "ownerId" = ${world.library.users.alice.id} LIMIT 1)`,
  },
  deleteMirror: { weight: 2, act: async (hand) => await hand.sql`DELETE FROM asset WHERE id = ${await mirror(hand)}` },
  trashMirror: {
    weight: 1,
    act: async (hand) =>
      await hand.sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${await mirror(hand)}`,
  },
  describeMirror: {
    weight: 2,
    act: async (hand) => {
      const id = await mirror(hand);
      hand.touched.add(id);
      await hand.sql`UPDATE asset_exif SET description = ${word(hand)} WHERE "assetId" = ${id}`;
    },
  },
  removeMirrorFace: {
    weight: 2,
    act: (hand) => touchFace(hand, (id) => hand.sql`DELETE FROM asset_face WHERE id = ${id}`),
  },
  moveMirrorFace: {
    weight: 3,
    act: async (hand) => {
      const whom = await person(hand, 'bob');
      await touchFace(hand, (id) => hand.sql`UPDATE asset_face SET ${faceKey(hand)} = ${whom} WHERE id = ${id}`);
    },
  },
  // Into somebody of Bob's own.
  mergeMirrors: {
    weight: 1,
    act: async (hand) => await merge(hand, 'bob', await hand.world.insertPerson('bob', word(hand))),
  },
  emptyAlbum: {
    weight: 1,
    act: async ({ sql, world }) => {
      const [key] = await sql<{ name: string }[]>`
        SELECT column_name AS name FROM information_schema.columns
        WHERE table_name = 'album_asset' AND table_schema = 'public' AND column_name LIKE 'album%'`;
      return await sql`DELETE FROM album_asset WHERE ${sql(key?.name ?? '')} = ${world.library.albums.fromAlice.id}`;
    },
  },
};

const DRAWN = Object.values(DEEDS).flatMap((deed) => Array.from({ length: deed.weight }, () => deed));

/** Does so many things, one after the other. What somebody else was in the way of did not happen. */
export async function act(hand: Hand, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    const deed = DRAWN[hand.number(DRAWN.length)];
    try {
      await deed?.act(hand);
    } catch (error) {
      if (!isAboutRows(error) && faultOf(error) !== 'conflict') throw error;
    }
  }
}

function faceKey({ sql, world }: Hand) {
  return sql(world.people.faceKey);
}

function word({ number }: Hand): string {
  return `word ${number(1_000_000)}`;
}

const NOBODY = '00000000-0000-4000-8000-000000000000';

async function one({ number }: Hand, ids: Promise<readonly { id: string }[]>): Promise<string> {
  const found = await ids;
  return found[number(found.length)]?.id ?? NOBODY;
}

/** A photo of Alice's below what is shared. */
async function source(hand: Hand): Promise<string> {
  const { sql, world } = hand;
  return await one(
    hand,
    sql<{ id: string }[]>`
      SELECT id FROM asset WHERE "ownerId" = ${world.library.users.alice.id} AND visibility <> 'hidden' ORDER BY id`,
  );
}

/** A photo that Bob has through sharing. */
async function mirror(hand: Hand): Promise<string> {
  return await one(
    hand,
    hand.sql<{ id: string }[]>`SELECT mirror_asset_id AS id FROM immich_sidecar.asset_map ORDER BY 1`,
  );
}

async function face(hand: Hand): Promise<string> {
  const { sql, world } = hand;
  return await one(
    hand,
    sql<{ id: string }[]>`
      SELECT f.id FROM asset_face f JOIN asset a ON a.id = f."assetId" AND a."ownerId" = ${world.library.users.alice.id} ORDER BY f.id`,
  );
}

async function touchFace(hand: Hand, work: (id: string) => Promise<unknown>): Promise<void> {
  const found = await hand.sql<{ id: string; mirrorId: string }[]>`
    SELECT mirror_face_id AS id, mirror_asset_id AS "mirrorId" FROM immich_sidecar.face_map ORDER BY 1`;
  const chosen = found[hand.number(found.length)];
  if (chosen === undefined) return;
  hand.touched.add(chosen.id).add(chosen.mirrorId);
  await work(chosen.id);
}

async function person(hand: Hand, owner: 'alice' | 'bob'): Promise<string> {
  const { sql, world } = hand;
  return await one(
    hand,
    sql<{ id: string }[]>`
      SELECT ${sql(world.people.personKey)} AS id FROM person WHERE "ownerId" = ${
      world.library.users[owner].id
    } ORDER BY 1`,
  );
}

async function visibility(hand: Hand, value: string): Promise<void> {
  await hand.sql`UPDATE asset SET visibility = ${value} WHERE id = ${await source(hand)}`;
}

async function changePerson(hand: Hand, id: string): Promise<void> {
  const { sql, world } = hand;
  await sql`
    UPDATE person SET name = ${word(hand)}, "birthDate" = ${`19${10 + hand.number(80)}-01-02`}
    WHERE ${sql(world.people.personKey)} = ${id} AND "ownerId" = ${world.library.users.alice.id}`;
}

async function addFace(hand: Hand): Promise<void> {
  const left = hand.number(500);
  await hand.sql`
    INSERT INTO asset_face (
      "assetId", ${faceKey(hand)}, "sourceType", "imageWidth", "imageHeight",
      "boundingBoxX1", "boundingBoxY1", "boundingBoxX2", "boundingBoxY2"
    )
    VALUES (${await source(hand)}, ${await person(hand, 'alice')}, 'manual', 1000, 1000, ${left}, ${left}, ${
    left + 100
  }, ${left + 90})`;
}

/** As Immich merges: faces move, then the person goes. */
async function merge(hand: Hand, owner: 'alice' | 'bob', given?: string): Promise<void> {
  const { sql, world, touched } = hand;
  const [from, into] = [await person(hand, owner), given ?? await person(hand, owner)];
  if (from === into) return;
  await sql.begin(async (tx) => {
    const moved = await tx<{ id: string }[]>`
      UPDATE asset_face SET ${tx(world.people.faceKey)} = ${into}
      WHERE ${tx(world.people.faceKey)} = ${from}
        AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${world.library.users[owner].id})
      RETURNING id`;
    if (owner === 'bob') { for (const { id } of moved) touched.add(id); }
    const gone = await tx<{ path: string }[]>`
      DELETE FROM person
      WHERE ${tx(world.people.personKey)} = ${from} AND "ownerId" = ${world.library.users[owner].id}
      RETURNING "thumbnailPath" AS path`;
    // Immich removes it with the person.
    for (const { path } of gone) if (path !== '') await Deno.remove(world.local(path)).catch(() => {});
  });
}

async function stack(hand: Hand): Promise<void> {
  const { sql, world } = hand;
  const members = [await source(hand), await source(hand), await source(hand)];
  await sql.begin(async (tx) => {
    const [made] = await tx<{ id: string }[]>`
      INSERT INTO stack ("primaryAssetId", "ownerId") VALUES (${
      members[0] ?? ''
    }, ${world.library.users.alice.id}) RETURNING id`;
    await tx`UPDATE asset SET "stackId" = ${
      made?.id ?? null
    } WHERE id = ANY (${members}::uuid[]) AND "stackId" IS NULL`;
  });
}

/** Another photo like this one, with a file of its own. */
async function copyAsset({ sql, world }: Hand, like: string): Promise<void> {
  const [asset] = await sql<{ path: string }[]>`SELECT "originalPath" AS path FROM asset WHERE id = ${like}`;
  if (asset === undefined) return;
  const id = crypto.randomUUID();
  const path = asset.path.replace(/[^/]*(\.\w+)$/, `${id}$1`);
  await Deno.copyFile(world.local(asset.path), world.local(path)).catch(() => {});
  const modifiedAt = await Deno.stat(world.local(path)).then(({ mtime }) => mtime, () => null);
  if (modifiedAt === null) return;
  await sql.begin(async (tx) => {
    await tx`
      INSERT INTO asset
      SELECT (jsonb_populate_record(a, ${
      tx.json({
        id,
        originalPath: path,
        livePhotoVideoId: null,
        stackId: null,
        isEdited: false,
        visibility: 'timeline',
        status: 'active',
        deletedAt: null,
      })
    } || jsonb_build_object(
        'updateId', immich_uuid_v7(), 'checksum', '\\x' || md5(${id}::text), 'fileModifiedAt', ${modifiedAt.toISOString()}::text
      ))).*
      FROM asset a WHERE a.id = ${like}`;
    for (const table of ['asset_exif', 'asset_file', 'asset_job_status', 'smart_search']) {
      await tx`
        INSERT INTO ${tx(table)}
        SELECT (jsonb_populate_record(t, jsonb_build_object('assetId', ${id}::text, 'id', gen_random_uuid(), 'updateId', immich_uuid_v7()))).*
        FROM ${tx(table)} t
        WHERE t."assetId" = ${like} AND coalesce((to_jsonb(t)->>'isEdited')::boolean, false) = false`;
    }
  });
}
