import { takesPart } from '../../immich/albums.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import { keyIn } from '../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { commaSeparated } from '../copy/columns.ts';
import { fieldGroups, groupSum, sourceSum } from '../mirrors/fields.ts';
import { isSidecarField } from '../mirrors/row_differences.ts';
import type { Job } from '../jobs/job.ts';
import { forgetIdleStacks, giveStacksBack } from './stacks.ts';

/** What of a photo that comes back is the target's own, so that it is not taken from the source. */
export interface OwnParts {
  readonly hasOwnEdits: boolean;
  /** They have said something that Immich writes into a sidecar of the mirror's own. */
  readonly hasOwnSidecar: boolean;
}

/** For each of these sources of which anything is remembered that differs from the source. Reads only. */
export async function readOwnParts(
  sql: Sql,
  schema: ImmichSchema,
  job: Job,
  sourceAssetIds: readonly string[],
): Promise<ReadonlyMap<string, OwnParts>> {
  const isOwn = (isMeant: (name: string) => boolean) =>
    fieldGroups(schema).filter(({ name }) => isMeant(name)).reduce(
      (any, group) => sql`${any} OR (r.own->>${group.name}::text)::uuid <> ${sourceSum(sql, group, 'a', 'e')}`,
      sql`false`,
    );
  const rows = await sql<(OwnParts & { id: string })[]>`
    SELECT
      a.id,
      (${isOwn((name) => name === 'edits')}) IS TRUE AS "hasOwnEdits",
      (${isOwn(isSidecarField)}) IS TRUE AS "hasOwnSidecar"
    FROM immich_sidecar_remembered.photo r
    JOIN asset a ON a.id = r.source_asset_id
    LEFT JOIN asset_exif e ON e."assetId" = a.id
    WHERE r.source_asset_id = ANY (${sourceAssetIds as string[]}::uuid[])
      AND r.target_user_id = ${job.targetUserId}
      AND r.own <> '{}'`;
  return new Map(rows.map(({ id, ...parts }) => [id, parts]));
}

/**
 * Gives mirrors that were made in this transaction what their target had done to earlier mirrors of the same sources, and forgets it. What is gone by now, such as
 * an album, a tag or a stack, is passed over. The mirror has another id than before (docs/invariants.md, 11).
 */
export async function giveToMirrors(tx: Sql, schema: ImmichSchema, mirrorAssetIds: readonly string[]): Promise<void> {
  const returned = tx`
    (
      SELECT known.*, m.mirror_asset_id
      FROM immich_sidecar_remembered.photo known
      JOIN immich_sidecar.asset_map m
        ON m.source_asset_id = known.source_asset_id AND m.target_user_id = known.target_user_id
      WHERE m.mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])
    ) AS r`;
  const [any] = await tx`SELECT FROM ${returned} LIMIT 1`;
  if (any === undefined) return;
  await giveFieldsBack(tx, schema, returned);
  await giveAlbumsBack(tx, schema, returned, mirrorAssetIds);
  await giveLinksBack(tx, schema, returned);
  await giveStacksBack(tx, returned);
  await tx`
    UPDATE immich_sidecar.asset_map m
    SET stack_id = r.left_stack_id,
        own_fields = nullif(r.own, '{}'),
        ${basesBack(tx, schema)}
    FROM ${returned}
    WHERE m.mirror_asset_id = r.mirror_asset_id`;
  await tx`
    DELETE FROM immich_sidecar_remembered.photo known
    USING immich_sidecar.asset_map m
    WHERE m.mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])
      AND m.source_asset_id = known.source_asset_id
      AND m.target_user_id = known.target_user_id`;
  await forgetIdleStacks(tx);
}

/** What fields of theirs were worth when they were written last, before the photo went: the source may say something else by now. For SET. */
function basesBack(tx: Sql, schema: ImmichSchema): Fragment {
  return commaSeparated(
    tx,
    fieldGroups(schema).filter(({ name }) => isSidecarField(name)).map(({ name, base }) =>
      tx`
        ${tx(base)} = CASE
          WHEN r.own ? ${name}::text THEN (r.bases->>${name}::text)::uuid
          ELSE m.${tx(base)}
        END`
    ),
  );
}

/** Edits come first: triggers on asset_edit keep `asset.isEdited` right. */
async function giveFieldsBack(tx: Sql, schema: ImmichSchema, returned: Fragment): Promise<void> {
  const groups = fieldGroups(schema);
  const edits = groups.find(({ name }) => name === 'edits');
  if (edits !== undefined) {
    await tx`
      DELETE FROM asset_edit edit
      USING ${returned}
      WHERE edit."assetId" = r.mirror_asset_id
        AND r.edits IS NOT NULL`;
    await tx`
      INSERT INTO asset_edit ("assetId", action, parameters, sequence)
      SELECT r.mirror_asset_id, edit.action, edit.parameters, edit.sequence
      FROM ${returned}
      CROSS JOIN LATERAL jsonb_populate_recordset(NULL::asset_edit, r.edits) AS edit
      WHERE r.edits IS NOT NULL`;
  }
  // Where the edits are the source's, the picture is as well.
  const isOwnPicture = edits === undefined
    ? tx`false`
    : tx`${groupSum(tx, edits, 'mirror', 'mirror')} <> ${sourceSum(tx, edits, 'source', 'source')}`;
  const assignments = groups.flatMap(({ name, asset }) =>
    asset.filter((column) => column !== 'thumbhash').map((column) => {
      const isMeant = name === 'edits'
        ? isOwnPicture
        : name === 'visibility'
        ? tx`mirror.visibility <> 'hidden'`
        : tx`true`;
      // Earlier versions have noted favourites by themselves.
      const otherwise = name === 'favorite' ? tx`(mirror."isFavorite" OR r.is_favorite)` : tx`mirror.${tx(column)}`;
      return tx`
        ${tx(column)} = CASE
          WHEN r.asset ? ${column}::text AND ${isMeant} THEN given.${tx(column)}
          ELSE ${otherwise}
        END`;
    })
  );
  await tx`
    UPDATE asset mirror
    SET ${commaSeparated(tx, assignments)}
    FROM ${returned}
    JOIN asset source ON source.id = r.source_asset_id
    CROSS JOIN LATERAL jsonb_populate_record(NULL::asset, r.asset) AS given
    WHERE mirror.id = r.mirror_asset_id
      AND (r.is_favorite OR r.asset <> '{}')`;
  const columns = groups.flatMap(({ exif }) => exif);
  await tx`
    UPDATE asset_exif mirror
    SET ${
    commaSeparated(
      tx,
      columns.map((column) =>
        tx`
          ${tx(column)} = CASE WHEN r.exif ? ${column}::text THEN given.${tx(column)} ELSE mirror.${tx(column)} END`
      ),
    )
  }
    FROM ${returned}
    CROSS JOIN LATERAL jsonb_populate_record(NULL::asset_exif, r.exif) AS given
    WHERE mirror."assetId" = r.mirror_asset_id
      AND r.exif <> '{}'`;
}

/** Not into an album that the target does not see any more. */
async function giveAlbumsBack(
  tx: Sql,
  schema: ImmichSchema,
  returned: Fragment,
  mirrorAssetIds: readonly string[],
): Promise<void> {
  const { albumKey, assetKey } = schema.albumAsset;
  await tx`
    INSERT INTO album_asset (${tx(albumKey)}, ${tx(assetKey)})
    SELECT album.id, r.mirror_asset_id
    FROM ${returned}
    JOIN album ON album.id = ANY (r.albums)
    WHERE album."deletedAt" IS NULL
      AND ${takesPart(tx, schema.catalog, 'album', tx`r.target_user_id`)}
    ON CONFLICT DO NOTHING`;
  await tx`
    INSERT INTO immich_sidecar.album_entry (mirror_asset_id, album_id)
    SELECT r.mirror_asset_id, album.id
    FROM ${returned}
    JOIN album ON album.id = ANY (r.entries)
    ON CONFLICT DO NOTHING`;
  // Immich gives an album without a cover the newest of its photos; any other was chosen by somebody.
  await tx`
    UPDATE album
    SET "albumThumbnailAssetId" = r.mirror_asset_id
    FROM ${returned}
    WHERE album.id = ANY (r.covers)
      AND EXISTS (
        SELECT 1
        FROM album_asset own
        WHERE own.${tx(albumKey)} = album.id AND own.${tx(assetKey)} = r.mirror_asset_id
      )
      AND NOT EXISTS (
        SELECT 1
        FROM asset cover
        JOIN album_asset placed ON placed.${tx(albumKey)} = album.id
        JOIN asset newer ON newer.id = placed.${tx(assetKey)} AND newer."fileCreatedAt" > cover."fileCreatedAt"
        LEFT JOIN immich_sidecar.asset_map since ON since.mirror_asset_id = newer.id AND since.created_at > r.withdrawn_at
        WHERE cover.id = album."albumThumbnailAssetId"
          AND newer."deletedAt" IS NULL
          AND newer.id <> ALL (${mirrorAssetIds as string[]}::uuid[])
          AND since.mirror_asset_id IS NULL
      )`;
}

/** Tags, memories and shared links of the target's own. */
async function giveLinksBack(tx: Sql, schema: ImmichSchema, returned: Fragment): Promise<void> {
  const links = [
    { table: 'tag_asset', to: 'tag', owner: 'userId', ids: 'tags' },
    { table: 'memory_asset', to: 'memory', owner: 'ownerId', ids: 'memories' },
    { table: 'shared_link_asset', to: 'shared_link', owner: 'userId', ids: 'links' },
  ] as const;
  for (const { table, to, owner, ids } of links) {
    await tx`
      INSERT INTO ${tx(table)} (${tx(keyIn(schema.has, table, to))}, ${tx(keyIn(schema.has, table, 'asset'))})
      SELECT kept.id, r.mirror_asset_id
      FROM ${returned}
      JOIN ${tx(to)} kept ON kept.id = ANY (r.${tx(ids)}) AND kept.${tx(owner)} = r.target_user_id
      ON CONFLICT DO NOTHING`;
  }
}
