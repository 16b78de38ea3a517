import { albumOwner, areOwnersMembers } from '../../immich/albums.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import { keyOf } from '../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { isWithin } from '../cycle/scope.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';

/** A shared album, and somebody who gets photos through it. */
export interface SharedFor {
  readonly targetUserId: string;
  readonly sharedAlbumId: string;
  /** What the shared album is called now. */
  readonly name: string;
}

/** One that was renamed, and what becomes of its receiver's own album. */
export interface Renamed extends SharedFor {
  readonly albumId: string;
  /** `rename`: ours follows. `leave`: it is theirs, or another shared album's, too. `keep`: they have deleted it, or named it themselves. */
  readonly does: 'rename' | 'leave' | 'keep';
  readonly former: string;
}

/** A mirror that is to come into an album, or to go out of it. */
export interface PlacedMirror {
  readonly mirrorAssetId: string;
  readonly sourceAssetId: string;
  readonly albumId: string;
}

/** Whether what a job shares is also put into albums of the same name. */
export function isIntoSameName({ pair }: Pick<Job, 'pair'>): boolean {
  return pair?.into === 'same-name';
}

/** Whom and what this run is about: a condition on the mapping `m`. */
function isWorkedOn({ sql, only, leftOut }: View): Fragment {
  const isBetween = only === undefined
    ? sql`true`
    : sql`(m.source_user_id = ${only.sourceUserId} AND m.target_user_id = ${only.targetUserId})`;
  return sql`(${isBetween} AND m.job_name <> ALL (${leftOut.map(({ job }) => job)}))`;
}

/** Whether the row `alias` of `album` is for its owner's eyes only: what is put into any other is shown to somebody else. */
function isPrivate(sql: Sql, { catalog }: Pick<ImmichSchema, 'catalog'>, alias: string): Fragment {
  const others = areOwnersMembers(catalog) ? sql`AND member.role <> 'owner'` : sql``;
  return sql`(
    ${sql(alias)}."deletedAt" IS NULL
    AND NOT EXISTS (
      SELECT 1
      FROM album_user member
      WHERE member.${sql(keyOf(catalog, 'album_user', 'album'))} = ${sql(alias)}.id ${others}
    )
    AND NOT EXISTS (SELECT 1 FROM shared_link link WHERE link."albumId" = ${sql(alias)}.id)
  )`;
}

/** Shared albums that are called otherwise than when that was followed last. */
export async function findRenamed({ sql }: View): Promise<Renamed[]> {
  return await sql<Renamed[]>`
    SELECT
      s.target_user_id AS "targetUserId",
      s.shared_album_id AS "sharedAlbumId",
      shared."albumName" AS name,
      s.album_id AS "albumId",
      s.name AS former,
      CASE
        WHEN own.id IS NULL OR own."albumName" = shared."albumName" THEN 'keep'
        WHEN s.is_made AND own."albumName" <> s.name THEN 'keep'
        WHEN s.is_made AND NOT EXISTS (
          SELECT 1
          FROM immich_sidecar_same_name.album other
          WHERE other.album_id = s.album_id AND other.shared_album_id <> s.shared_album_id
        ) THEN 'rename'
        ELSE 'leave'
      END AS does
    FROM immich_sidecar_same_name.album s
    JOIN album shared ON shared.id = s.shared_album_id AND shared."deletedAt" IS NULL AND shared."albumName" <> s.name
    LEFT JOIN album own ON own.id = s.album_id
    ORDER BY 1, 2`;
}

/** Shared albums through which somebody gets photos within the scope, and that have no album of theirs yet. */
export async function findUnassigned(view: View): Promise<SharedFor[]> {
  const { sql, scope } = view;
  return await sql<SharedFor[]>`
    SELECT DISTINCT m.target_user_id AS "targetUserId", shared.id AS "sharedAlbumId", shared."albumName" AS name
    FROM immich_sidecar.asset_map m
    JOIN immich_sidecar_albums.reason known
      ON known.mirror_asset_id = m.mirror_asset_id AND known.criterion = 'shared-albums'
    JOIN album shared
      ON shared.id = CASE WHEN known.criterion = 'shared-albums' THEN known.thing::uuid END
      AND shared."deletedAt" IS NULL
    LEFT JOIN immich_sidecar_same_name.album s
      ON s.target_user_id = m.target_user_id AND s.shared_album_id = shared.id
    WHERE ${isWithin(sql, scope, sql`m.source_asset_id`)}
      AND ${isWorkedOn(view)}
      AND s.album_id IS NULL
    ORDER BY 1, 2`;
}

/** What is to be put into albums: of the scope, or into those that have just been found or made. In the order in which it was taken, so that the first is the cover. */
export async function findMissing(view: View, which: 'scope' | 'unfilled'): Promise<PlacedMirror[]> {
  const { sql, schema, scope, limits } = view;
  const { albumKey, assetKey } = schema.albumAsset;
  return await sql<PlacedMirror[]>`
    SELECT m.mirror_asset_id AS "mirrorAssetId", m.source_asset_id AS "sourceAssetId", s.album_id AS "albumId"
    FROM immich_sidecar.asset_map m
    JOIN immich_sidecar_albums.reason known
      ON known.mirror_asset_id = m.mirror_asset_id AND known.criterion = 'shared-albums'
    JOIN immich_sidecar_same_name.album s
      ON s.target_user_id = m.target_user_id AND s.shared_album_id::text = known.thing
    JOIN album own ON own.id = s.album_id AND ${isPrivate(sql, schema, 'own')}
    JOIN asset mirror ON mirror.id = m.mirror_asset_id AND mirror.visibility::text <> ALL ('{hidden,locked}')
    WHERE ${which === 'scope' ? isWithin(sql, scope, sql`m.source_asset_id`) : sql`NOT s.is_filled`}
      AND ${isWorkedOn(view)}
      AND NOT EXISTS (
        SELECT 1
        FROM immich_sidecar.album_entry e
        WHERE e.mirror_asset_id = m.mirror_asset_id AND e.album_id = s.album_id
      )
      AND NOT EXISTS (
        SELECT 1
        FROM album_asset placed
        WHERE placed.${sql(albumKey)} = s.album_id AND placed.${sql(assetKey)} = m.mirror_asset_id
      )
    GROUP BY m.mirror_asset_id, m.source_asset_id, s.album_id, mirror."localDateTime"
    ORDER BY mirror."localDateTime", m.mirror_asset_id
    LIMIT ${limits.search}`;
}

/** What we have put into such an album and nothing puts there any more, within the scope. */
export async function findLeft(view: View): Promise<PlacedMirror[]> {
  const { sql, schema, scope, limits, jobs } = view;
  const { albumKey, assetKey } = schema.albumAsset;
  return await sql<PlacedMirror[]>`
    SELECT m.mirror_asset_id AS "mirrorAssetId", m.source_asset_id AS "sourceAssetId", e.album_id AS "albumId"
    FROM immich_sidecar.asset_map m
    JOIN immich_sidecar.album_entry e ON e.mirror_asset_id = m.mirror_asset_id
    JOIN album_asset placed ON placed.${sql(albumKey)} = e.album_id AND placed.${sql(assetKey)} = e.mirror_asset_id
    WHERE ${isWithin(sql, scope, sql`m.source_asset_id`)}
      AND ${isWorkedOn(view)}
      AND e.album_id <> ALL (${jobs.flatMap(({ albumId }) => albumId ?? [])}::uuid[])
      AND EXISTS (SELECT 1 FROM immich_sidecar_same_name.album s WHERE s.album_id = e.album_id)
      AND NOT ${isStillFor(sql, sql`s.target_user_id = m.target_user_id`)}
    ORDER BY 1, 3
    LIMIT ${limits.search}`;
}

/** Whether the mirror `m` is shared through any shared album `s` whose photos come into the album of the entry `e`, of those that `which` says. */
function isStillFor(sql: Sql, which: Fragment): Fragment {
  return sql`EXISTS (
    SELECT 1
    FROM immich_sidecar_same_name.album s
    JOIN immich_sidecar_albums.reason known
      ON known.criterion = 'shared-albums' AND known.thing = s.shared_album_id::text
    WHERE s.album_id = e.album_id
      AND ${which}
      AND known.mirror_asset_id = m.mirror_asset_id
  )`;
}

/** Shared albums through which their receiver has nothing any more. */
export async function findIdle(sql: Sql): Promise<Omit<SharedFor, 'name'>[]> {
  return await sql<Omit<SharedFor, 'name'>[]>`
    SELECT s.target_user_id AS "targetUserId", s.shared_album_id AS "sharedAlbumId"
    FROM immich_sidecar_same_name.album s
    WHERE NOT EXISTS (
      SELECT 1
      FROM immich_sidecar_albums.reason known
      JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = known.mirror_asset_id
      WHERE known.criterion = 'shared-albums'
        AND known.thing = s.shared_album_id::text
        AND m.target_user_id = s.target_user_id
    )
    ORDER BY 1, 2`;
}

/** Gives each an album of its receiver's of that name: a private one that is there, or a new one. */
export async function assign(tx: Sql, schema: ImmichSchema, shared: readonly SharedFor[]): Promise<number> {
  for (const { targetUserId, sharedAlbumId, name } of shared) {
    const [known] = await tx<{ id: string; isMade: boolean }[]>`
      SELECT own.id, EXISTS (
        SELECT 1 FROM immich_sidecar_same_name.album s WHERE s.album_id = own.id AND s.is_made
      ) AS "isMade"
      FROM album own
      WHERE ${albumOwner(tx, schema.catalog, 'own')} = ${targetUserId}
        AND own."albumName" = ${name}
        AND ${isPrivate(tx, schema, 'own')}
      ORDER BY own.id
      LIMIT 1`;
    const id = known?.id ?? await makeAlbum(tx, schema, targetUserId, name);
    await tx`
      INSERT INTO immich_sidecar_same_name.album (target_user_id, shared_album_id, album_id, name, is_made, is_filled)
      VALUES (${targetUserId}, ${sharedAlbumId}, ${id}, ${name}, ${known?.isMade ?? true}, false)
      ON CONFLICT (target_user_id, shared_album_id) DO UPDATE
      SET album_id = excluded.album_id, name = excluded.name, is_made = excluded.is_made, is_filled = false`;
  }
  return shared.length;
}

async function makeAlbum(tx: Sql, { catalog }: ImmichSchema, ownerId: string, name: string): Promise<string> {
  const id = crypto.randomUUID();
  if (!areOwnersMembers(catalog)) {
    await tx`INSERT INTO album (id, "ownerId", "albumName") VALUES (${id}, ${ownerId}, ${name})`;
    return id;
  }
  await tx`INSERT INTO album (id, "albumName") VALUES (${id}, ${name})`;
  await tx`INSERT INTO album_user ("albumId", "userId", role) VALUES (${id}, ${ownerId}, 'owner')`;
  return id;
}

/** Lets own albums follow the names of shared ones. */
export async function followNames(tx: Sql, schema: ImmichSchema, renamed: readonly Renamed[]): Promise<number> {
  for (const { targetUserId, sharedAlbumId, albumId, name, former, does } of renamed) {
    if (does === 'leave') {
      await takeOut(tx, schema, await entriesOnlyOf(tx, { targetUserId, sharedAlbumId, albumId }));
      await assign(tx, schema, [{ targetUserId, sharedAlbumId, name }]);
      continue;
    }
    if (does === 'rename') {
      await tx`UPDATE album SET "albumName" = ${name} WHERE id = ${albumId} AND "albumName" = ${former}`;
    }
    await tx`
      UPDATE immich_sidecar_same_name.album
      SET name = ${name}
      WHERE target_user_id = ${targetUserId} AND shared_album_id = ${sharedAlbumId}`;
  }
  return renamed.length;
}

/** What we have put into an own album for this shared one, and for no other. */
async function entriesOnlyOf(
  tx: Sql,
  { targetUserId, sharedAlbumId, albumId }: Pick<Renamed, 'targetUserId' | 'sharedAlbumId' | 'albumId'>,
): Promise<PlacedMirror[]> {
  return await tx<PlacedMirror[]>`
    SELECT m.mirror_asset_id AS "mirrorAssetId", m.source_asset_id AS "sourceAssetId", e.album_id AS "albumId"
    FROM immich_sidecar.album_entry e
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = e.mirror_asset_id AND m.target_user_id = ${targetUserId}
    WHERE e.album_id = ${albumId}
      AND NOT ${isStillFor(tx, tx`s.shared_album_id <> ${sharedAlbumId}`)}`;
}

/** Takes out again what we have put into albums. */
export async function takeOut(tx: Sql, schema: ImmichSchema, entries: readonly PlacedMirror[]): Promise<number> {
  const { albumKey, assetKey } = schema.albumAsset;
  const rows = tx`
    jsonb_to_recordset(${tx.json(entries as never)}) AS gone ("mirrorAssetId" uuid, "albumId" uuid)`;
  const taken = await tx`
    DELETE FROM album_asset placed
    USING ${rows}
    WHERE placed.${tx(albumKey)} = gone."albumId" AND placed.${tx(assetKey)} = gone."mirrorAssetId"`;
  await tx`
    DELETE FROM immich_sidecar.album_entry e
    USING ${rows}
    WHERE e.album_id = gone."albumId" AND e.mirror_asset_id = gone."mirrorAssetId"`;
  await tx`
    UPDATE album
    SET "albumThumbnailAssetId" = (
      SELECT placed.${tx(assetKey)}
      FROM album_asset placed
      JOIN asset a ON a.id = placed.${tx(assetKey)}
      WHERE placed.${tx(albumKey)} = album.id
      ORDER BY a."localDateTime", a.id
      LIMIT 1
    )
    WHERE (id, "albumThumbnailAssetId") IN (SELECT gone."albumId", gone."mirrorAssetId" FROM ${rows})`;
  return taken.count;
}

/** Lets go of albums for which nothing comes any more; one that we have made, and that is empty and called as we called it, is deleted. */
export async function letGo(tx: Sql, schema: ImmichSchema, idle: readonly Omit<SharedFor, 'name'>[]): Promise<number> {
  const { albumKey } = schema.albumAsset;
  const gone = await tx<{ albumId: string; name: string; isMade: boolean }[]>`
    DELETE FROM immich_sidecar_same_name.album s
    USING jsonb_to_recordset(${tx.json(idle as never)}) AS idle ("targetUserId" uuid, "sharedAlbumId" uuid)
    WHERE s.target_user_id = idle."targetUserId"
      AND s.shared_album_id = idle."sharedAlbumId"
    RETURNING s.album_id AS "albumId", s.name, s.is_made AS "isMade"`;
  const made = gone.filter(({ isMade }) => isMade);
  await tx`
    DELETE FROM album own
    USING jsonb_to_recordset(${tx.json(made as never)}) AS made ("albumId" uuid, name text)
    WHERE own.id = made."albumId"
      AND own."albumName" = made.name
      AND ${isPrivate(tx, schema, 'own')}
      AND NOT EXISTS (SELECT 1 FROM album_asset placed WHERE placed.${tx(albumKey)} = own.id)
      AND NOT EXISTS (SELECT 1 FROM immich_sidecar_same_name.album s WHERE s.album_id = own.id)`;
  return gone.length;
}
