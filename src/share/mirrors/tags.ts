import type { ImmichSchema } from '../../immich/schema.ts';
import { keyOf } from '../../immich/tables/tables.ts';
import { removeUnusedTags } from '../../immich/tags.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { isLookedAt } from './pages.ts';
import type { Job } from '../jobs/job.ts';
import { allCriteria } from '../selection/criteria.ts';
import { isByTags } from '../selection/differences.ts';
import type { View } from '../cycle/tools.ts';

/** A mirror whose tags are not those that its metadata name. */
export interface TagsPlan {
  readonly mirrorAssetId: string;
  readonly sourceAssetId: string;
  readonly targetUserId: string;
  /** The values that it is to have, such as `places/lake`. */
  readonly values: readonly string[];
  /** What is noted of those that its metadata name (immich_sidecar.asset_map.tagged). */
  readonly tagged: string | null;
  /** Those that its metadata name as well, and that it is not to have: kept back from its owner, or deleted by them. Immich makes them whenever it extracts it. */
  readonly withheld: readonly string[];
  /** Its metadata name tags. Where they name none, as in photos of before 2.5, only what we gave it goes. */
  readonly isSaid: boolean;
}

/** Whether this release writes an asset's tags into its metadata, by which a mirror has them already: from 2.5 on. */
export function areTagsInMetadata(schema: ImmichSchema): boolean {
  return schema.has('asset_exif', 'tags') && schema.has('tag_closure');
}

/** The columns of tag_asset in this release. */
export function keysOf(schema: ImmichSchema): { readonly tagKey: string; readonly assetKey: string } {
  return {
    tagKey: keyOf(schema.catalog, 'tag_asset', 'tag'),
    assetKey: keyOf(schema.catalog, 'tag_asset', 'asset'),
  };
}

/**
 * Mirrors whose rows of tag_asset are not what `asset_exif.tags` says, which Immich makes of them whenever it extracts them. A tag that
 * we made and the target has deleted is not meant any more. While metadata name what they named when the rows were set, a row that came or went is its owner's doing, of which the
 * metadata will tell: it stays so. Behind the id `after`, at most as many as a search may find.
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
    declined AS MATERIALIZED (
      ${declinedTags(sql, job.targetUserId)}
    ),
    found AS MATERIALIZED (
      SELECT
        m.mirror_asset_id AS "mirrorAssetId",
        m.source_asset_id AS "sourceAssetId",
        m.target_user_id AS "targetUserId",
        meant.values,
        named.tagged,
        wanted.withheld,
        e.tags IS NOT NULL AS "isSaid"
      FROM immich_sidecar.asset_map m
      JOIN asset_exif e ON e."assetId" = m.mirror_asset_id
      LEFT JOIN asset_exif source ON source."assetId" = m.source_asset_id
      LEFT JOIN ${rulesOf(sql, jobs)} rule (job text, "isShared" boolean, under text[]) ON rule.job = m.job_name
      CROSS JOIN LATERAL (
        SELECT
          coalesce(array_agg(DISTINCT named.value ORDER BY named.value) FILTER (WHERE NOT named."isWithheld"), '{}') AS values,
          coalesce(array_agg(DISTINCT named.value ORDER BY named.value) FILTER (WHERE named."isWithheld"), '{}') AS withheld
        FROM (
          SELECT
            said.value COLLATE "C" AS value,
            EXISTS (
              SELECT 1
              FROM declined
              WHERE declined.value = said.value
                OR (NOT declined."isBack" AND starts_with(said.value, declined.value || '/'))
            )
              -- What the target has tagged themself is theirs, whatever it is called.
              OR (said.raw = ANY (coalesce(source.tags, '{}')) AND ${isKeptBack(sql)}) AS "isWithheld"
          FROM (SELECT ${plainValue(sql)} AS value, raw FROM unnest(e.tags) AS raw) AS said
          WHERE said.value <> ''
        ) AS named
      ) AS wanted
      CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(t.value::text COLLATE "C" ORDER BY t.value::text COLLATE "C"), '{}') AS values
        FROM tag_asset ta
        JOIN tag t ON t.id = ta.${sql(tagKey)}
        WHERE ta.${sql(assetKey)} = m.mirror_asset_id
          AND (e.tags IS NOT NULL OR ${isMade(sql, sql`t.id`)})
      ) AS actual
      CROSS JOIN LATERAL (
        SELECT CASE WHEN wanted.values <> '{}' THEN md5(array_to_string(wanted.values, E'\\n'))::uuid END AS tagged
      ) AS named
      CROSS JOIN LATERAL (
        SELECT
          CASE
            WHEN named.tagged IS DISTINCT FROM m.tagged THEN wanted.values
            ELSE array(SELECT value FROM unnest(actual.values) AS value WHERE value <> ALL (wanted.withheld))
          END AS values
      ) AS meant
      WHERE ${isLookedAt(sql, job, scope)}
        AND ${after === undefined ? sql`true` : sql`m.mirror_asset_id > ${after.mirrorAssetId}`}
        AND (
          e.tags IS NOT NULL
          OR m.tagged IS NOT NULL
          OR EXISTS (SELECT 1 FROM tag_asset ta WHERE ta.${sql(assetKey)} = m.mirror_asset_id)
        )
        AND (meant.values <> actual.values OR named.tagged IS DISTINCT FROM m.tagged)
    )
    SELECT *
    FROM found
    ORDER BY "mirrorAssetId"
    LIMIT ${limits.search}`;
}

/**
 * Sources of whose mirrors one has a tag that is kept back from its owner: Immich's extraction writes what metadata name, and then, without a trace, what it makes of that in
 * tag_asset, so that a cycle in between saw none. Queries for ids, without cost where nothing is kept back.
 */
export function taggedAgainstRules(sql: Sql, schema: ImmichSchema, jobs: readonly Job[]): Fragment[] {
  if (!areTagsInMetadata(schema)) return [];
  const { tagKey, assetKey } = keysOf(schema);
  const sources = [...new Set(jobs.map(({ sourceUserId }) => sourceUserId))];
  return sources.flatMap((sourceUserId) => {
    const own = jobs.filter((job) => job.sourceUserId === sourceUserId);
    if (!own.some((job) => job.shareTags !== undefined || isByTags(job))) return [];
    return [sql`
      SELECT m.source_asset_id
      FROM immich_sidecar.asset_map m
      JOIN tag_asset ta ON ta.${sql(assetKey)} = m.mirror_asset_id
      JOIN (SELECT id, value::text AS value FROM tag) said ON said.id = ta.${sql(tagKey)}
      JOIN asset_exif source ON source."assetId" = m.source_asset_id AND said.value = ANY (source.tags)
      LEFT JOIN ${rulesOf(sql, jobs)} rule (job text, "isShared" boolean, under text[]) ON rule.job = m.job_name
      CROSS JOIN (SELECT array(${choosingTags(sql, own)}) AS values) AS chosen
      WHERE m.source_user_id = ${sourceUserId}
        AND ${isKeptBack(sql, sql`SELECT unnest(chosen.values)`)}`];
  });
}

/** Whether the tag `said` of a source is none for others: by the row `rule` of its job, or as something is chosen by it. */
function isKeptBack(sql: Sql, choosing: Fragment = sql`SELECT choosing.value FROM choosing`): Fragment {
  return sql`NOT (
    coalesce(rule."isShared", true)
    AND (rule.under IS NULL OR ${isAtOrBelow(sql, sql`SELECT unnest(rule.under)`)})
    AND NOT ${isAtOrBelow(sql, choosing)}
  )`;
}

/**
 * The values of the tags by which these jobs choose, as they are written and as they are called now. Such a tag says with whom something is shared, and nobody is to
 * read that in their own list of tags.
 */
export function choosingTags(sql: Sql, jobs: readonly Job[]): Fragment {
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

/** The tags that we made for a target and that they have deleted, and whether they have another that is called so. Without it, those below are deleted as well. */
export function declinedTags(sql: Sql, targetUserId: string): Fragment {
  return sql`
    SELECT own.value, EXISTS (SELECT 1 FROM tag t WHERE t."userId" = own.target_user_id AND t.value::text = own.value) AS "isBack"
    FROM immich_sidecar_tags.tag own
    WHERE own.target_user_id = ${targetUserId}
      AND NOT EXISTS (SELECT 1 FROM tag t WHERE t.id = own.tag_id)`;
}

function isMade(sql: Sql, tagId: Fragment): Fragment {
  return sql`EXISTS (SELECT 1 FROM immich_sidecar_tags.tag own WHERE own.tag_id = ${tagId})`;
}

/**
 * Gives mirrors their tags, as rows of their owner's own: those they have by that value, else new ones with the source's colour. Returns those of the withheld tags that they
 * lost and that are younger than they are, so that Immich may have made them when it extracted them. Others are their owner's, also when nothing has them any more. `areOurs`: whether new tags go again when
 * nothing has them.
 */
export async function writeTags(
  tx: Sql,
  schema: ImmichSchema,
  plans: readonly TagsPlan[],
  { areOurs = true }: { readonly areOurs?: boolean } = {},
): Promise<string[]> {
  const { tagKey, assetKey } = keysOf(schema);
  await makeTags(tx, plans, areOurs);
  const planned = tx`
    jsonb_to_recordset(${tx.json(plans as never)}) AS plan (
      "mirrorAssetId" uuid, "targetUserId" uuid, "values" text[], tagged uuid, withheld text[], "isSaid" boolean
    )`;
  const lost = await tx<{ id: string; mayBeOfImmich: boolean }[]>`
    DELETE FROM tag_asset ta
    USING tag t, ${planned}, asset mirror
    WHERE ta.${tx(assetKey)} = plan."mirrorAssetId"
      AND mirror.id = plan."mirrorAssetId"
      AND t.id = ta.${tx(tagKey)}
      AND t.value::text <> ALL (plan."values")
      AND (plan."isSaid" OR ${isMade(tx, tx`t.id`)})
    RETURNING t.id, t.value::text = ANY (plan.withheld) AND t."createdAt" >= mirror."createdAt" AS "mayBeOfImmich"`;
  await tx`
    INSERT INTO tag_asset (${tx(assetKey)}, ${tx(tagKey)})
    SELECT plan."mirrorAssetId", t.id
    FROM ${planned}
    JOIN tag t ON t."userId" = plan."targetUserId" AND t.value::text = ANY (plan."values")
    ON CONFLICT DO NOTHING`;
  await tx`
    UPDATE immich_sidecar.asset_map m
    SET tagged = plan.tagged
    FROM ${planned}
    WHERE m.mirror_asset_id = plan."mirrorAssetId"
      AND m.tagged IS DISTINCT FROM plan.tagged`;
  return [...new Set(lost.flatMap(({ id, mayBeOfImmich }) => mayBeOfImmich ? [id] : []))];
}

/**
 * Removes those of these tags, and of the tags above them that are not older, that nothing has any more, and nothing below them: Immich makes them when it extracts a mirror, and
 * removes such tags only when it is told to. One of ours below keeps them, as it would go with them and then look as if its owner had deleted it. READ COMMITTED, as they are locked first.
 */
export async function removeMadeByImmich(tx: Sql, schema: ImmichSchema, ids: readonly string[]): Promise<void> {
  const { tagKey } = keysOf(schema);
  const locked = await tx<{ id: string }[]>`
    SELECT t.id
    FROM tag t
    WHERE t.id IN (
      SELECT above.id
      FROM tag lost
      JOIN tag_closure c ON c.id_descendant = lost.id
      JOIN tag above ON above.id = c.id_ancestor AND above."createdAt" > lost."createdAt" - interval '1 minute'
      WHERE lost.id = ANY (${ids as string[]}::uuid[])
    )
    ORDER BY t.id
    FOR UPDATE`;
  await removeUnusedTags(tx, locked.map(({ id }) => id), tagKey, (id) => isMade(tx, id));
}

/** Makes the tags that are missing, with all above them, level by level. */
async function makeTags(tx: Sql, plans: readonly TagsPlan[], areOurs: boolean): Promise<void> {
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
        WHERE ${areOurs}
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
