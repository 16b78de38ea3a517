import type { ImmichSchema } from '../../immich/schema.ts';
import { LOCKS, type SidecarField } from '../../immich/sidecar.ts';
import { keyIn } from '../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { faultOf } from '../../postgres/faults.ts';
import { inSavepoint } from '../../postgres/transaction.ts';
import { type Problem, problem } from '../../problems/problem.ts';
import { messageOf } from '../../errors.ts';
import { commaSeparated } from '../copy/columns.ts';
import { type FieldGroup, fieldGroups, groupSum, sourceSum } from '../mirrors/fields.ts';
import { isSidecarField } from '../mirrors/row_differences.ts';
import { ENDED, type Withdrawal } from '../mirrors/withdrawal.ts';
import { forgetMirrorsOf } from './forget.ts';
import { forgetStacksThatStay, rememberStacks } from './stacks.ts';

/** What of Immich's schema says which columns there are. */
export type Columns = Pick<ImmichSchema, 'has'>;

/** Immich is not kept waiting, nor is the removal of a locked photo. */
const LONGEST_MS = 20_000;

/**
 * Removes mirrors with `remove`, and remembers in the same transaction, before and after, what their targets have done to them. Whatever
 * fails while it is remembered is forgotten: the mirrors go all the same. Returns what to report then.
 *
 * @param isLocked of a locked photo only what is certain to be the target's is remembered
 */
export async function removeRemembering(
  tx: Sql,
  schema: Columns,
  withdrawals: readonly Withdrawal[],
  isLocked: boolean,
  remove: () => Promise<void>,
): Promise<Problem[]> {
  const [first] = withdrawals;
  if (first === undefined) return [];
  let problems: Problem[] = [];
  const attempt = async (work: (part: Sql) => Promise<void>) => {
    if (problems.length > 0) return;
    try {
      await inSavepoint(tx, work);
    } catch (error) {
      const isInTheWay = faultOf(error) === 'conflict' && !isLocked;
      if (faultOf(error) === 'lost' || isInTheWay) throw error; // the whole transaction is tried again
      const place = withdrawals.length === 1
        ? { job: first.jobName, assetId: first.sourceAssetId }
        : { job: first.jobName };
      problems = [problem('not-remembered', place, messageOf(error))];
    }
  };
  await attempt((part) => remember(part, schema, withdrawals, isLocked));
  await remove();
  await attempt((part) => forgetStacksThatStay(part, withdrawals));
  return problems;
}

async function remember(
  tx: Sql,
  schema: Columns,
  withdrawals: readonly Withdrawal[],
  isLocked: boolean,
): Promise<void> {
  await tx`SELECT set_config('statement_timeout', ${String(LONGEST_MS)}, true)`;
  await forgetMirrorsOf(tx, withdrawals);
  const ids = withdrawals.filter(({ reason }) => !ENDED.has(reason)).map(({ mirrorAssetId }) => mirrorAssetId);
  if (ids.length > 0) {
    await rememberMirrors(tx, schema, ids, isLocked);
    await rememberStacks(tx, withdrawals, ids);
  }
  await tx`SELECT set_config('statement_timeout', reset_val, true) FROM pg_settings WHERE name = 'statement_timeout'`;
}

/** Those that the target has done anything to, and whose sources may come back. */
async function rememberMirrors(tx: Sql, schema: Columns, ids: readonly string[], isLocked: boolean): Promise<void> {
  const groups = fieldGroups(schema).filter(({ name }) => name !== 'locks');
  await tx`
    WITH gone AS MATERIALIZED (
      SELECT
        m.source_asset_id,
        m.target_user_id,
        m.job_name,
        false AS is_favorite, -- it stands in own and asset
        own.fields AS own,
        ${isLocked ? tx`NULL::jsonb` : basesOf(tx, groups)} AS bases,
        ${valuesOf(tx, groups, 'asset')} AS asset,
        ${valuesOf(tx, groups, 'exif')} || ${locksOf(tx, schema, groups)} AS exif,
        ${editsOf(tx, schema)} AS edits,
        placed.albums,
        placed.covers,
        placed.entries,
        ${tagsOf(tx, schema)} AS tags,
        ${linked(tx, schema, 'memory_asset', 'memory')} AS memories,
        ${linked(tx, schema, 'shared_link_asset', 'shared_link')} AS links,
        coalesce(
          CASE WHEN mirror."stackId" IS DISTINCT FROM m.stack_id THEN mirror."stackId" END,
          dissolved.stack_id
        ) AS stack_id,
        coalesce(
          dissolved.primary_asset_id = mirror.id,
          own_stack.id IS NOT NULL AND NOT EXISTS (
            -- It has only taken the place of one that went before.
            SELECT 1
            FROM immich_sidecar_remembered.photo first
            WHERE first.stack_id = own_stack.id AND first.heir_id = mirror.id
          )
        ) AS is_primary,
        CASE WHEN mirror."stackId" IS DISTINCT FROM m.stack_id THEN m.stack_id END AS left_stack_id
      FROM immich_sidecar.asset_map m
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      JOIN asset a ON a.id = m.source_asset_id
      LEFT JOIN asset_exif e ON e."assetId" = a.id
      LEFT JOIN asset_exif mirror_exif ON mirror_exif."assetId" = mirror.id
      LEFT JOIN stack own_stack
        ON own_stack."primaryAssetId" = mirror.id
        AND own_stack.id = mirror."stackId"
        AND own_stack.id IS DISTINCT FROM m.stack_id
      LEFT JOIN LATERAL (
        SELECT s.stack_id, s.primary_asset_id
        FROM immich_sidecar_remembered.stack s
        WHERE mirror.id = ANY (s.members)
          AND mirror."stackId" IS NULL
        LIMIT 1
      ) AS dissolved ON true
      CROSS JOIN LATERAL (
        SELECT jsonb_strip_nulls(jsonb_build_object(${
    commaSeparated(
      tx,
      groups.flatMap((group) => [
        tx`${group.name}::text`,
        tx`CASE WHEN ${isTheirs(tx, schema, group, isLocked)} THEN ${groupSum(tx, group, 'mirror', 'mirror_exif')} END`,
      ]),
    )
  })) AS fields
      ) AS own
      CROSS JOIN LATERAL (${placesOf(tx, schema)}) AS placed
      WHERE m.mirror_asset_id = ANY (${ids as string[]}::uuid[])
    )
    INSERT INTO immich_sidecar_remembered.photo (
      source_asset_id, target_user_id, job_name, is_favorite, own, bases, asset, exif, edits,
      albums, covers, entries, tags, memories, links, stack_id, is_primary, left_stack_id
    )
    SELECT *
    FROM gone
    WHERE own <> '{}'
      OR cardinality(albums || covers || entries || tags || memories || links) > 0
      OR stack_id IS NOT NULL
      OR left_stack_id IS NOT NULL`;
}

/**
 * Whether a field group of `mirror` was changed by its owner: of what Immich also reads from files it has to be locked at this moment, or noted. What we wrote last is
 * unknown after a restored backup: then what differs is the target's.
 */
function isTheirs(sql: Sql, schema: Columns, group: FieldGroup, isLocked: boolean): Fragment {
  const [mirror, source] = [groupSum(sql, group, 'mirror', 'mirror_exif'), sourceSum(sql, group, 'a', 'e')];
  const base = sql`m.${sql(group.base)}`;
  const isUnknown = isLocked ? sql`false` : sql`(${base} IS NULL AND ${mirror} <> ${source})`;
  if (!isSidecarField(group.name)) {
    const isShown = group.name === 'visibility' ? sql`mirror.visibility <> 'hidden'` : sql`true`;
    return sql`(${isShown} AND (${mirror} <> ${base} OR ${isUnknown}))`;
  }
  const isNoted = sql`m.own_fields->>${group.name}::text = ${mirror}::text`;
  return sql`(
    (${mirror} <> ${base} AND ${mirror} <> ${source} AND (${isNoted} OR ${isHeld(sql, schema, group)}))
    OR ${isUnknown}
  ) IS TRUE`;
}

/** Whether Immich holds it locked, as it has not written it into a sidecar yet. Earlier versions copied the source's locks: those are none. */
function isHeld(sql: Sql, schema: Columns, group: FieldGroup): Fragment {
  const locks = fieldGroups(schema).find(({ name }) => name === 'locks');
  if (locks === undefined) return sql`false`;
  return sql`(
    ${groupSum(sql, locks, 'mirror', 'mirror_exif')} IS DISTINCT FROM m.${sql(locks.base)}
    AND mirror_exif."lockedProperties"::text[] && ${LOCKS[group.name as SidecarField] as string[]}::text[]
  )`;
}

/** What the fields among the groups that are theirs were worth when they were written last; without those of which nobody knows. */
function basesOf(sql: Sql, groups: readonly FieldGroup[]): Fragment {
  const pairs = groups.filter(({ name }) => isSidecarField(name)).flatMap(({ name, base }) => [
    sql`${name}::text`,
    sql`CASE WHEN own.fields ? ${name}::text THEN m.${sql(base)} END`,
  ]);
  return sql`jsonb_strip_nulls(jsonb_build_object(${commaSeparated(sql, pairs)}))`;
}

/** The columns of the groups that are theirs, as one object. What a crop looks like is Immich's to compute. */
function valuesOf(sql: Sql, groups: readonly FieldGroup[], kind: 'asset' | 'exif'): Fragment {
  const alias = kind === 'asset' ? 'mirror' : 'mirror_exif';
  return groups.reduce((all, group) => {
    const columns = group[kind].filter((column) => column !== 'thumbhash');
    if (columns.length === 0) return all;
    const pairs = columns.flatMap((column) => [sql`${column}::text`, sql`${sql(alias)}.${sql(column)}`]);
    return sql`
      ${all} || CASE
        WHEN own.fields ? ${group.name}::text THEN jsonb_build_object(${commaSeparated(sql, pairs)})
        ELSE '{}'::jsonb
      END`;
  }, sql`'{}'::jsonb`);
}

/** With its lock a value is known as the target's, and survives what Immich extracts: its sidecar is gone with the mirror. */
function locksOf(sql: Sql, schema: Columns, groups: readonly FieldGroup[]): Fragment {
  if (!schema.has('asset_exif', 'lockedProperties')) return sql`'{}'::jsonb`;
  const locks = groups.filter(({ name }) => isSidecarField(name)).map(({ name }) =>
    sql`CASE WHEN own.fields ? ${name}::text THEN ${LOCKS[
      name as SidecarField
    ] as string[]}::text[] ELSE '{}'::text[] END`
  );
  const all = locks.reduce((list, some) => sql`${list} || ${some}`, sql`'{}'::text[]`);
  return sql`
    CASE
      WHEN cardinality(${all}) > 0 THEN jsonb_build_object('lockedProperties', ${all})
      ELSE '{}'::jsonb
    END`;
}

function editsOf(sql: Sql, schema: Columns): Fragment {
  if (!schema.has('asset_edit')) return sql`NULL::jsonb`;
  return sql`
    CASE
      WHEN own.fields ? 'edits' THEN coalesce(
        (
          SELECT jsonb_agg(
            jsonb_build_object('action', edit.action, 'parameters', edit.parameters, 'sequence', edit.sequence)
            ORDER BY edit.sequence
          )
          FROM asset_edit edit
          WHERE edit."assetId" = mirror.id
        ),
        '[]'
      )
    END`;
}

/**
 * The albums that it is in, and of which it is the cover. One of the job's that we have put it into ourselves is remembered when it is the cover of it, or was
 * taken out again: else it is put there anew, if that is still configured.
 */
function placesOf(sql: Sql, schema: Columns): Fragment {
  const [albumKey, assetKey] = [keyIn(schema.has, 'album_asset', 'album'), keyIn(schema.has, 'album_asset', 'asset')];
  return sql`
    WITH held AS (
      SELECT
        album.id,
        (album."albumThumbnailAssetId" = mirror.id) IS TRUE AS is_cover,
        EXISTS (
          SELECT 1
          FROM immich_sidecar.album_entry entry
          WHERE entry.mirror_asset_id = mirror.id AND entry.album_id = album.id
        ) AS is_ours
      FROM album_asset placed
      JOIN album ON album.id = placed.${sql(albumKey)}
      WHERE placed.${sql(assetKey)} = mirror.id
    )
    SELECT
      ARRAY(SELECT id FROM held WHERE is_cover OR NOT is_ours ORDER BY id) AS albums,
      ARRAY(SELECT id FROM held WHERE is_cover ORDER BY id) AS covers,
      ARRAY(
        SELECT entry.album_id
        FROM immich_sidecar.album_entry entry
        JOIN album ON album.id = entry.album_id
        WHERE entry.mirror_asset_id = mirror.id
          AND entry.album_id NOT IN (SELECT id FROM held WHERE NOT is_cover)
        ORDER BY 1
      ) AS entries`;
}

/** Tags that its metadata do not name: the others come with these. */
function tagsOf(sql: Sql, schema: Columns): Fragment {
  const [tagKey, assetKey] = [keyIn(schema.has, 'tag_asset', 'tag'), keyIn(schema.has, 'tag_asset', 'asset')];
  const named = schema.has('asset_exif', 'tags') ? sql`coalesce(mirror_exif.tags::text[], '{}')` : sql`'{}'::text[]`;
  return sql`
    ARRAY(
      SELECT t.id
      FROM tag_asset tagged
      JOIN tag t ON t.id = tagged.${sql(tagKey)}
      WHERE tagged.${sql(assetKey)} = mirror.id
        AND t.value::text <> ALL (${named})
        AND NOT EXISTS (SELECT 1 FROM immich_sidecar_tags.tag made WHERE made.tag_id = t.id)
      ORDER BY 1
    )`;
}

/** What of the target's a table connects it with. */
function linked(sql: Sql, schema: Columns, table: 'memory_asset' | 'shared_link_asset', to: 'memory' | 'shared_link') {
  return sql`
    ARRAY(
      SELECT link.${sql(keyIn(schema.has, table, to))}
      FROM ${sql(table)} link
      WHERE link.${sql(keyIn(schema.has, table, 'asset'))} = mirror.id
      ORDER BY 1
    )`;
}
