import type { ImmichSchema } from '../../immich/schema.ts';
import { keyOf } from '../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { isLookedAt } from './pages.ts';
import type { Job } from '../jobs/job.ts';
import { allCriteria } from '../selection/criteria.ts';
import type { View } from '../cycle/tools.ts';

/** A mirror whose tags are not those that its metadata name. */
export interface TagsPlan {
  readonly mirrorAssetId: string;
  readonly sourceAssetId: string;
  readonly targetUserId: string;
  /** The values that it is to have, such as `places/lake`. */
  readonly values: readonly string[];
  /** Its metadata name tags. Where they name none, as in photos of before 2.5, only what we gave it goes. */
  readonly isSaid: boolean;
}

/** Whether this release writes an asset's tags into its metadata, by which a mirror has them already: from 2.5 on. */
export function areTagsInMetadata(schema: ImmichSchema): boolean {
  return schema.has('asset_exif', 'tags') && schema.has('tag_closure');
}

/** The columns of tag_asset in this release. */
function keysOf(schema: ImmichSchema): { readonly tagKey: string; readonly assetKey: string } {
  return {
    tagKey: keyOf(schema.catalog, 'tag_asset', 'tag'),
    assetKey: keyOf(schema.catalog, 'tag_asset', 'asset'),
  };
}

/**
 * Mirrors whose rows of tag_asset are not what `asset_exif.tags` says, which Immich makes of them whenever it extracts them. A tag that
 * we made and the target has deleted is not meant any more. Behind the id `after`, at most as many as a search may find.
 */
export async function findUntagged(
  { sql, schema, scope, limits, jobs }: View,
  job: Job,
  after: TagsPlan | undefined,
): Promise<TagsPlan[]> {
  if (!areTagsInMetadata(schema)) return [];
  const { tagKey, assetKey } = keysOf(schema);
  return await sql<TagsPlan[]>`
    WITH choosing AS MATERIALIZED (
      ${choosingTags(sql, jobs.filter((other) => other.sourceUserId === job.sourceUserId))}
    ),
    found AS MATERIALIZED (
      SELECT
        m.mirror_asset_id AS "mirrorAssetId",
        m.source_asset_id AS "sourceAssetId",
        m.target_user_id AS "targetUserId",
        wanted.values,
        e.tags IS NOT NULL AS "isSaid"
      FROM immich_sidecar.asset_map m
      JOIN asset_exif e ON e."assetId" = m.mirror_asset_id
      LEFT JOIN asset_exif source ON source."assetId" = m.source_asset_id
      LEFT JOIN ${rulesOf(sql, jobs)} rule (job text, "isShared" boolean, under text[]) ON rule.job = m.job_name
      CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(DISTINCT said.value COLLATE "C" ORDER BY said.value COLLATE "C"), '{}') AS values
        FROM (SELECT ${plainValue(sql)} AS value, raw FROM unnest(e.tags) AS raw) AS said
        WHERE said.value <> ''
          AND NOT ${isDeclined(sql, sql`m.target_user_id`, sql`said.value`)}
          -- What the target has tagged themself is theirs, whatever it is called.
          AND (
            said.raw <> ALL (coalesce(source.tags, '{}'))
            OR (
              coalesce(rule."isShared", true)
              AND (rule.under IS NULL OR ${isAtOrBelow(sql, sql`SELECT unnest(rule.under)`)})
              AND NOT ${isAtOrBelow(sql, sql`SELECT choosing.value FROM choosing`)}
            )
          )
      ) AS wanted
      CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(t.value::text COLLATE "C" ORDER BY t.value::text COLLATE "C"), '{}') AS values
        FROM tag_asset ta
        JOIN tag t ON t.id = ta.${sql(tagKey)}
        WHERE ta.${sql(assetKey)} = m.mirror_asset_id
          AND (e.tags IS NOT NULL OR ${isMade(sql, sql`t.id`)})
      ) AS actual
      WHERE ${isLookedAt(sql, job, scope)}
        AND ${after === undefined ? sql`true` : sql`m.mirror_asset_id > ${after.mirrorAssetId}`}
        AND (
          e.tags IS NOT NULL
          OR EXISTS (SELECT 1 FROM tag_asset ta WHERE ta.${sql(assetKey)} = m.mirror_asset_id)
        )
        AND wanted.values <> actual.values
    )
    SELECT *
    FROM found
    ORDER BY "mirrorAssetId"
    LIMIT ${limits.search}`;
}

/**
 * The values of the tags by which these jobs choose, as they are written and as they are called now. Such a tag says with whom something is shared, and nobody is to
 * read that in their own list of tags.
 */
function choosingTags(sql: Sql, jobs: readonly Job[]): Fragment {
  const written = jobs.flatMap(({ select, except, never }) =>
    [select, except, never].flatMap((all) => all?.tags ?? [])
  );
  const ids = jobs.flatMap(({ selection }) =>
    allCriteria(selection).flatMap(({ name, ids = [] }) => name === 'tags' ? ids : [])
  );
  return sql`
    SELECT unnest(${written}::text[]) AS value
    UNION
    SELECT t.value::text FROM tag t WHERE t.id = ANY (${ids as string[]}::uuid[])`;
}

/** What the jobs say of tags, as rows (job, isShared, under). */
function rulesOf(sql: Sql, jobs: readonly Job[]): Fragment {
  const rules = jobs.flatMap(({ name, shareTags }) =>
    shareTags === undefined
      ? []
      : [{ job: name, isShared: shareTags !== false, ...shareTags === false ? {} : shareTags }]
  );
  return sql`jsonb_to_recordset(${sql.json(rules as never)}) AS`;
}

/** Whether the value `said` is one of these, or below one of them. */
function isAtOrBelow(sql: Sql, values: Fragment): Fragment {
  return sql`EXISTS (
    SELECT 1
    FROM (${values}) AS above (value)
    WHERE starts_with(said.value || '/', above.value || '/')
  )`;
}

/** A tag without empty levels: as Immich makes it. */
function plainValue(sql: Sql): Fragment {
  return sql`array_to_string(array_remove(string_to_array(raw, '/'), ''), '/')`;
}

function isDeclined(sql: Sql, targetUserId: Fragment, value: Fragment): Fragment {
  return sql`EXISTS (
    SELECT 1
    FROM immich_sidecar_tags.tag own
    WHERE own.target_user_id = ${targetUserId}
      AND own.value = ${value}
      AND NOT EXISTS (SELECT 1 FROM tag t WHERE t.id = own.tag_id)
  )`;
}

function isMade(sql: Sql, tagId: Fragment): Fragment {
  return sql`EXISTS (SELECT 1 FROM immich_sidecar_tags.tag own WHERE own.tag_id = ${tagId})`;
}

/** Gives mirrors their tags, as rows of their owner's own: those they have by that value, else new ones with the source's colour. */
export async function writeTags(tx: Sql, schema: ImmichSchema, plans: readonly TagsPlan[]): Promise<void> {
  const { tagKey, assetKey } = keysOf(schema);
  await makeTags(tx, plans);
  const planned = tx`
    jsonb_to_recordset(${tx.json(plans as never)}) AS plan (
      "mirrorAssetId" uuid, "targetUserId" uuid, "values" text[], "isSaid" boolean
    )`;
  await tx`
    DELETE FROM tag_asset ta
    USING tag t, ${planned}
    WHERE ta.${tx(assetKey)} = plan."mirrorAssetId"
      AND t.id = ta.${tx(tagKey)}
      AND t.value::text <> ALL (plan."values")
      AND (plan."isSaid" OR ${isMade(tx, tx`t.id`)})`;
  await tx`
    INSERT INTO tag_asset (${tx(assetKey)}, ${tx(tagKey)})
    SELECT plan."mirrorAssetId", t.id
    FROM ${planned}
    JOIN tag t ON t."userId" = plan."targetUserId" AND t.value::text = ANY (plan."values")
    ON CONFLICT DO NOTHING`;
}

/** Makes the tags that are missing, with all above them, level by level. */
async function makeTags(tx: Sql, plans: readonly TagsPlan[]): Promise<void> {
  const wanted = new Map<string, { value: string; targetUserId: string; sourceAssetId: string; level: number }>();
  for (const { values, targetUserId, sourceAssetId } of plans) {
    for (const value of values) {
      const parts = value.split('/');
      for (let level = 1; level <= parts.length; level++) {
        const above = parts.slice(0, level).join('/');
        wanted.set(`${targetUserId} ${above}`, { value: above, targetUserId, sourceAssetId, level });
      }
    }
  }
  const levels = Map.groupBy(wanted.values(), ({ level }) => level);
  for (const level of [...levels.keys()].sort((a, b) => a - b)) {
    const tags = levels.get(level) ?? [];
    await tx`
      WITH made AS (
        INSERT INTO tag ("userId", value, "parentId", color)
        SELECT input."targetUserId", input.value, parent.id, source.color
        FROM jsonb_to_recordset(${tx.json(tags)}) AS input ("targetUserId" uuid, value text, "sourceAssetId" uuid)
        LEFT JOIN tag parent
          ON parent."userId" = input."targetUserId"
          AND parent.value::text = nullif(regexp_replace(input.value, '/?[^/]*$', ''), '')
        LEFT JOIN asset a ON a.id = input."sourceAssetId"
        LEFT JOIN tag source ON source."userId" = a."ownerId" AND source.value::text = input.value
        ON CONFLICT DO NOTHING
        RETURNING id, "userId", value, "parentId"
      ),
      noted AS (
        INSERT INTO immich_sidecar_tags.tag (tag_id, target_user_id, value)
        SELECT id, "userId", value
        FROM made
        ON CONFLICT (target_user_id, value) DO UPDATE SET tag_id = excluded.tag_id
      )
      INSERT INTO tag_closure (id_ancestor, id_descendant)
      SELECT id, id FROM made
      UNION
      SELECT above.id_ancestor, made.id
      FROM made
      JOIN tag_closure above ON above.id_descendant = made."parentId"
      ON CONFLICT DO NOTHING`;
  }
}

/** A tag of ours that no asset has any more, nor any tag below it. */
export interface IdleTag {
  readonly id: string;
  readonly value: string;
}

/** Tags that we made for a target and nothing uses any more. Reads only. */
export async function findIdleTags(sql: Sql, schema: ImmichSchema, targetUserId: string): Promise<IdleTag[]> {
  if (!areTagsInMetadata(schema)) return [];
  return await sql<IdleTag[]>`
    SELECT idle.id, idle.value
    FROM (${idleTagsOf(sql, schema, sql`${targetUserId}::uuid`)}) AS idle
    ORDER BY idle.value`;
}

/** The query for them, of the user `target`, an expression. */
export function idleTagsOf(sql: Sql, schema: ImmichSchema, target: Fragment): Fragment {
  return sql`
    SELECT t.id, t.value::text AS value
    FROM immich_sidecar_tags.tag own
    JOIN tag t ON t.id = own.tag_id AND t.value::text = own.value
    WHERE own.target_user_id = ${target}
      AND ${areTagsInMetadata(schema) ? isIdle(sql, schema) : sql`false`}`;
}

/** Neither it nor a tag below it has an asset, and all below it are ours: a tag goes with those below it. */
function isIdle(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`NOT EXISTS (
    SELECT 1
    FROM tag_closure below
    LEFT JOIN immich_sidecar_tags.tag mine ON mine.tag_id = below.id_descendant
    WHERE below.id_ancestor = t.id
      AND (
        mine.tag_id IS NULL
        OR EXISTS (SELECT 1 FROM tag_asset ta WHERE ta.${sql(keysOf(schema).tagKey)} = below.id_descendant)
      )
  )`;
}

/** Removes those of these tags that are still idle. Returns how many. */
export async function removeIdleTags(tx: Sql, schema: ImmichSchema, tags: readonly IdleTag[]): Promise<number> {
  const ids = tags.map(({ id }) => id);
  const locked = await tx<{ id: string }[]>`
    SELECT t.id
    FROM tag t
    WHERE t.id = ANY (${ids}::uuid[])
    FOR UPDATE`;
  const gone = await tx<{ id: string }[]>`
    SELECT t.id
    FROM tag t
    WHERE t.id = ANY (${locked.map(({ id }) => id)}::uuid[])
      AND ${isIdle(tx, schema)}`;
  const removed = gone.map(({ id }) => id);
  // Those below go with them, by Immich's cascade, also if they are in a later batch.
  await tx`
    DELETE FROM immich_sidecar_tags.tag own
    USING tag_closure below
    WHERE below.id_ancestor = ANY (${removed}::uuid[])
      AND own.tag_id = below.id_descendant`;
  await tx`DELETE FROM tag WHERE id = ANY (${removed}::uuid[])`;
  return removed.length;
}
