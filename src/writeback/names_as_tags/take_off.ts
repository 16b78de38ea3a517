import type { ImmichApi } from '../../immich/api/client.ts';
import { fetchTagIds, takeTagFrom } from '../../immich/api/tags.ts';
import { readCatalog } from '../../immich/catalog.ts';
import { keyOf } from '../../immich/tables/tables.ts';
import { removeUnusedTags } from '../../immich/tags.ts';
import type { Connection, Sql } from '../../postgres/connect.ts';
import type { NameAsTag } from './find.ts';

/** Rows of one transaction. */
const AT_ONCE = 500;

/** A tag of one photo. */
interface Tagging {
  readonly assetId: string;
  readonly tag: string;
}

/** By Immich itself, which then writes its sidecar: all of them are photos of the key's owner. Returns how many photos had the tag. */
export async function takeOffByApi(api: ImmichApi, tags: readonly NameAsTag[]): Promise<number> {
  const ids = await fetchTagIds(api);
  let taken = 0;
  for (const { tag, photos } of tags) {
    const id = ids.get(tag);
    if (id !== undefined) taken += await takeTagFrom(api, id, photos.map(({ assetId }) => assetId));
  }
  return taken;
}

/**
 * In the database, as Immich does it: the rows of `tag_asset`, then what the metadata name (from 2.5 on), then tags that nothing has any more, nor anything below them, and that are no older than `since`. What somebody has
 * changed a moment ago, and Immich has not written into the sidecar yet, stays. Returns how many photos had the tag.
 *
 * @param since when we wrote into a file for the first time
 */
export async function takeOffInDatabase(
  sql: Connection,
  tags: readonly NameAsTag[],
  since: string,
): Promise<number> {
  const catalog = await readCatalog(sql);
  const columns: Columns = {
    tag: keyOf(catalog, 'tag_asset', 'tag'),
    asset: keyOf(catalog, 'tag_asset', 'asset'),
    hasMetadata: catalog.get('asset_exif')?.columns.has('tags') === true,
    hasLocks: catalog.get('asset_exif')?.columns.has('lockedProperties') === true,
  };
  const taggings = tags.flatMap(({ tag, photos }) => photos.map(({ assetId }) => ({ assetId, tag })));
  let taken = 0;
  for (let at = 0; at < taggings.length; at += AT_ONCE) {
    taken += await sql.begin((tx) => takeOff(tx, columns, taggings.slice(at, at + AT_ONCE), since));
  }
  return taken;
}

interface Columns {
  readonly tag: string;
  readonly asset: string;
  readonly hasMetadata: boolean;
  readonly hasLocks: boolean;
}

async function takeOff(tx: Sql, columns: Columns, taggings: readonly Tagging[], since: string): Promise<number> {
  const isFree = columns.hasLocks ? tx`NOT coalesce('tags' = ANY (e."lockedProperties"), false)` : tx`true`;
  const taken = await tx<{ assetId: string; tagId: string }[]>`
    WITH free AS MATERIALIZED (
      SELECT e."assetId"
      FROM asset_exif e
      WHERE e."assetId" = ANY (${taggings.map(({ assetId }) => assetId)}::uuid[])
        AND ${isFree}
      ORDER BY e."assetId"
      FOR UPDATE
    )
    DELETE FROM tag_asset ta
    USING
      jsonb_to_recordset(${tx.json(taggings as never)}) AS wanted ("assetId" uuid, tag text),
      free,
      asset a,
      tag t
    WHERE a.id = wanted."assetId"
      AND free."assetId" = a.id
      AND t."userId" = a."ownerId"
      AND t.value::text = wanted.tag
      AND ta.${tx(columns.asset)} = a.id
      AND ta.${tx(columns.tag)} = t.id
    RETURNING a.id AS "assetId", t.id AS "tagId"`;
  const assetIds = taken.map(({ assetId }) => assetId);
  if (columns.hasMetadata) {
    await tx`
      UPDATE asset_exif e
      SET tags = ARRAY(
        SELECT t.value::text
        FROM tag_asset ta
        JOIN tag t ON t.id = ta.${tx(columns.tag)}
        WHERE ta.${tx(columns.asset)} = e."assetId"
        ORDER BY t.value::text COLLATE "C"
      )
      WHERE e."assetId" = ANY (${assetIds}::uuid[])`;
  }
  await removeUnused(tx, columns, taken.map(({ tagId }) => tagId), since);
  return taken.length;
}

/** Tags with those above them. One that sharing has made stays: it knows itself when it is of no use any more. */
async function removeUnused(tx: Sql, columns: Columns, tagIds: readonly string[], since: string): Promise<void> {
  const [table] = await tx<{ isThere: boolean }[]>`
    SELECT to_regclass('immich_sidecar_tags.tag') IS NOT NULL AS "isThere"`;
  const made = table?.isThere ? tx`SELECT tag_id FROM immich_sidecar_tags.tag` : tx`SELECT NULL::uuid WHERE false`;
  const locked = await tx<{ id: string }[]>`
    SELECT t.id
    FROM tag t
    WHERE t."createdAt" >= ${since}
      AND t.color IS NULL
      AND t.id NOT IN (${made})
      AND t.id IN (
        SELECT c.id_ancestor
        FROM tag_closure c
        WHERE c.id_descendant = ANY (${tagIds as string[]}::uuid[])
      )
    ORDER BY t.id
    FOR UPDATE`;
  await removeUnusedTags(tx, locked.map(({ id }) => id), columns.tag);
}
