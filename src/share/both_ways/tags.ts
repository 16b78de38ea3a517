import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { choosingTags, declinedTags, keysOf, writeTags } from '../mirrors/tags.ts';
import type { Correction } from './decide.ts';

/** A tag that a photo names, without empty levels: as Immich makes it. */
function plainTag(raw: string): string {
  return raw.split('/').filter((level) => level !== '').join('/');
}

/** Which tags are none for the other side: each keeps its own. */
export type IsHidden = (value: string) => boolean;

/**
 * What a source is to name after its target has changed the tags of a mirror: those that the mirror names, and those of the source's that its target never got or has declined. Undefined where the
 * mirror names one that the source's owner is not to get: it cannot be told apart from the others at the next change, so that its tags go one way. Pure.
 */
export function mergedTags(
  source: readonly string[],
  mirror: readonly string[],
  isHidden: IsHidden,
): string[] | undefined {
  const values = new Set(source.map(plainTag));
  const isTargets = (raw: string) => isHidden(plainTag(raw)) && !values.has(plainTag(raw));
  if (mirror.some(isTargets)) return undefined;
  const kept = source.filter((raw) => plainTag(raw) !== '' && isHidden(plainTag(raw)) && !mirror.includes(raw));
  return kept.length === 0 ? [...mirror] : [...mirror.filter((raw) => plainTag(raw) !== ''), ...kept];
}

/**
 * Adds to corrections of tags what the source is to name, and leaves out those that go one way. Tags by which anything of either user's is chosen never go anywhere, nor do those that the job
 * does not share. Reads only.
 */
export async function mergeTags<Change extends Correction>(
  { sql, schema, jobs }: Pick<View, 'sql' | 'schema' | 'jobs'>,
  job: Job,
  corrections: readonly Change[],
): Promise<Change[]> {
  const ids = corrections.filter(({ field }) => field === 'tags').map(({ mirrorAssetId }) => mirrorAssetId);
  if (ids.length === 0) return [...corrections];
  const named = await sql<
    { mirrorAssetId: string; madeBy: string; source: string[] | null; mirror: string[] | null; rows: string[] }[]
  >`
    SELECT
      m.mirror_asset_id AS "mirrorAssetId", m.job_name AS "madeBy", e.tags AS source, mirror_exif.tags AS mirror,
      ${tagRowsOf(sql, schema, sql`m.source_asset_id`)} AS rows
    FROM immich_sidecar.asset_map m
    JOIN asset_exif e ON e."assetId" = m.source_asset_id
    JOIN asset_exif mirror_exif ON mirror_exif."assetId" = m.mirror_asset_id
    WHERE m.mirror_asset_id = ANY (${ids}::uuid[])`;
  const owners = [job.sourceUserId, job.targetUserId];
  const choosing = await sql<{ value: string }[]>`
    ${choosingTags(sql, jobs.filter(({ sourceUserId }) => owners.includes(sourceUserId)))}`;
  const declined = await sql<{ value: string; isBack: boolean }[]>`${declinedTags(sql, job.targetUserId)}`;
  const of = new Map(named.map((one) => [one.mirrorAssetId, one]));
  return corrections.flatMap((correction) => {
    const names = of.get(correction.mirrorAssetId);
    if (correction.field !== 'tags') return [correction];
    if (names === undefined) return [];
    const rules = jobs.filter(({ name }) => name === job.name || name === names.madeBy).map(({ shareTags }) =>
      shareTags
    );
    const isHidden: IsHidden = (value) =>
      value !== '' && (
        rules.some((rule) =>
          rule === false || (rule !== undefined && !rule.under.some((above) => isAtOrBelow(value, above)))
        ) ||
        choosing.some((one) => isAtOrBelow(value, one.value)) ||
        declined.some((one) => one.value === value || (!one.isBack && isAtOrBelow(value, one.value)))
      );
    const tags = mergedTags(names.source ?? [], names.mirror ?? [], isHidden);
    if (tags === undefined) return [];
    const said = new Set([...names.source ?? [], ...tags].map(plainTag));
    return [{ ...correction, tags: [...tags, ...names.rows.filter((value) => !said.has(value))] }];
  });
}

/** The values of an asset's tags, as an array. Metadata do not name those from before 2.5, nobody gets them, and Immich would take them away as soon as metadata name others. */
export function tagRowsOf(sql: Sql, schema: ImmichSchema, assetId: Fragment): Fragment {
  const { tagKey, assetKey } = keysOf(schema);
  return sql`array(
    SELECT t.value::text
    FROM tag_asset ta
    JOIN tag t ON t.id = ta.${sql(tagKey)}
    WHERE ta.${sql(assetKey)} = ${assetId}
    ORDER BY t.value::text COLLATE "C"
  )`;
}

/** Gives sources the tags, as rows of their owner's own, that what was noted says: from now on (`after`), or as before. */
export async function setSourceTags(
  tx: Sql,
  schema: ImmichSchema,
  notedIds: readonly string[],
  when: 'before' | 'after',
): Promise<void> {
  const rows = await tx<{ source: string; mirror: string; owner: string; tags: string[] | null }[]>`
    SELECT
      source_asset_id AS source, mirror_asset_id AS mirror, source_user_id AS owner,
      ${tx(when)}->'asset_exif'->'tags' AS tags
    FROM immich_sidecar_both_ways.written
    WHERE id = ANY (${notedIds as string[]}::uuid[])`;
  const plans = rows.map(({ source, mirror, owner, tags }) => ({
    mirrorAssetId: source,
    sourceAssetId: mirror, // of which new tags get their colours
    targetUserId: owner,
    values: [...new Set((tags ?? []).map(plainTag).filter((value) => value !== ''))],
    tagged: null,
    withheld: [],
    isSaid: true,
  }));
  await writeTags(tx, schema, plans, { areOurs: false });
}

function isAtOrBelow(value: string, above: string): boolean {
  return `${value}/`.startsWith(`${above}/`);
}
