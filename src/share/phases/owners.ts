import type { Sql } from '../../postgres/connect.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { isWithin } from '../cycle/scope.ts';
import { searchPages } from '../cycle/search_pages.ts';
import { concernedJobs, type Tools, type View, workable } from '../cycle/tools.ts';
import { jobsKeeping } from '../selection/job_rows.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** A mirror whose source belongs to somebody else now, for whom a job shares it with the same target. */
export interface NewOwner {
  readonly mirrorAssetId: string;
  readonly sourceAssetId: string;
  readonly targetUserId: string;
  readonly formerUserId: string;
  readonly sourceUserId: string;
  readonly jobName: string;
}

/**
 * Photos that have moved to another account, one by one or with their library: who owns them now shares them, if a job says so. Otherwise the
 * withdrawals find that nobody does. It comes before people are looked at, whose first owner has changed with them.
 */
export const owners = definePhase({
  name: 'owners',
  what: 'Gives shared photos that have moved to another account to the share that has them from there.',
  per: 'cycle',
  counts: { ownersChanged: 'shared photos now of another account' },
  plan: (view: View) => searchPages((after?: NewOwner) => findNewOwners(view, after), view.limits.search),
  apply: eachPage(async ({ database, schema }: Tools, _unit, page: NewOwner[], tally: Tally<'ownersChanged'>) => {
    const changed = await countInBatches(
      database,
      page,
      (tx, batch) => follow(tx, schema, batch),
      ({ jobName, sourceAssetId }, error) => tally.problem(refused(error, { job: jobName, assetId: sourceAssetId })),
    );
    tally.add('ownersChanged', changed);
  }),
  describe: (page) =>
    linesOf(
      '~',
      'photos that belong to another account',
      page,
      ({ sourceAssetId, sourceUserId }) => `photo ${sourceAssetId} belongs to ${sourceUserId} now`,
    ),
});

async function findNewOwners(view: View, after: NewOwner | undefined): Promise<NewOwner[]> {
  const { sql, scope, limits, settings, leftOut } = view;
  const jobs = workable({ jobs: concernedJobs(view), leftOut });
  return await sql<NewOwner[]>`
    WITH moved AS MATERIALIZED (
      SELECT m.*
      FROM immich_sidecar.asset_map m
      JOIN asset source ON source.id = m.source_asset_id AND source."ownerId" <> m.source_user_id
      WHERE ${isWithin(sql, scope, sql`m.source_asset_id`)}
        AND m.job_name <> ALL (${leftOut.map(({ job }) => job)})
        AND ${after === undefined ? sql`true` : sql`m.mirror_asset_id > ${after.mirrorAssetId}`}
    ),
    found AS MATERIALIZED (
      SELECT
        m.mirror_asset_id AS "mirrorAssetId",
        m.source_asset_id AS "sourceAssetId",
        m.target_user_id AS "targetUserId",
        m.source_user_id AS "formerUserId",
        a."ownerId" AS "sourceUserId",
        (
          SELECT keeping.name
          FROM (${jobsKeeping(sql, jobs, settings, sql`job."targetUserId" = m.target_user_id`)}) AS keeping
          ORDER BY keeping.place
          LIMIT 1
        ) AS "jobName"
      FROM moved m
      JOIN asset a ON a.id = m.source_asset_id
    )
    SELECT *
    FROM found
    WHERE "jobName" IS NOT NULL
    ORDER BY "mirrorAssetId"
    LIMIT ${limits.search}`;
}

/** People who have moved with their photos are known by their new owner from now on. Returns how many mirrors. */
async function follow(tx: Sql, schema: ImmichSchema, batch: readonly NewOwner[]): Promise<number> {
  const { personKey } = schema.people;
  const moved = tx`
    jsonb_to_recordset(${tx.json(batch as never)}) AS moved (
      "mirrorAssetId" uuid, "targetUserId" uuid, "formerUserId" uuid, "sourceUserId" uuid, "jobName" text
    )`;
  const changed = await tx`
    UPDATE immich_sidecar.asset_map m
    SET source_user_id = moved."sourceUserId", job_name = moved."jobName"
    FROM ${moved}
    WHERE m.mirror_asset_id = moved."mirrorAssetId"
      AND m.source_user_id = moved."formerUserId"`;
  await tx`
    UPDATE immich_sidecar.person_map pm
    SET origin_owner_id = moved."sourceUserId",
        seen_user_id = CASE WHEN pm.seen_user_id = moved."formerUserId" THEN moved."sourceUserId" ELSE pm.seen_user_id END
    FROM (SELECT DISTINCT "targetUserId", "formerUserId", "sourceUserId" FROM ${moved}) AS moved
    WHERE pm.target_user_id = moved."targetUserId"
      AND pm.origin_owner_id = moved."formerUserId"
      AND EXISTS (
        SELECT 1 FROM person p WHERE p.${tx(personKey)} = pm.origin_person_id AND p."ownerId" = moved."sourceUserId"
      )
      AND NOT EXISTS (
        SELECT 1 FROM person p WHERE p.${tx(personKey)} = pm.origin_person_id AND p."ownerId" = moved."formerUserId"
      )`;
  return changed.count;
}
