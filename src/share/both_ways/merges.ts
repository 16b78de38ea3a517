import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';

/** People of a source whom a target has merged into one: perhaps they are the same for the source, too. */
export interface MergeProposal {
  readonly job: string;
  /** Whom they are with the target. */
  readonly mirrorPersonId: string;
  readonly people: readonly { readonly id: string; readonly name: string }[];
}

/** What targets of jobs whose people go both ways have merged, and sources have not. It is proposed, and never done. Reads only. */
export async function readMergeProposals(
  sql: Sql,
  schema: ImmichSchema,
  jobs: readonly Job[],
): Promise<MergeProposal[]> {
  const { personKey } = schema.people;
  const pairs = jobs.filter(({ bothWays }) => bothWays?.includes('people')).map((job) => ({
    job: job.name,
    sourceUserId: job.sourceUserId,
    targetUserId: job.targetUserId,
  }));
  if (pairs.length === 0) return [];
  return await sql<MergeProposal[]>`
    SELECT
      min(pair.job) AS job,
      pm.mirror_person_id AS "mirrorPersonId",
      jsonb_agg(jsonb_build_object('id', pm.origin_person_id, 'name', origin.name) ORDER BY origin.name, pm.origin_person_id) AS people
    FROM immich_sidecar.person_map pm
    JOIN person origin ON origin.${sql(personKey)} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
    JOIN person mirror ON mirror.${sql(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
    CROSS JOIN LATERAL (
      SELECT min(pair.job) AS job
      FROM jsonb_to_recordset(${sql.json(pairs)}) AS pair (job text, "sourceUserId" uuid, "targetUserId" uuid)
      WHERE pair."sourceUserId" = pm.origin_owner_id AND pair."targetUserId" = pm.target_user_id
    ) AS pair
    WHERE pair.job IS NOT NULL
    GROUP BY pm.target_user_id, pm.origin_owner_id, pm.mirror_person_id
    HAVING count(*) > 1
    ORDER BY job, pm.mirror_person_id`;
}
