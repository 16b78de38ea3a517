import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import { isFaceHeld } from '../both_ways/faces.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isLookedAt } from '../mirrors/pages.ts';
import { type FaceKey, faceKey, faceKeys, isBehind, isFace } from '../people/face_keys.ts';
import { isSomebody, joinMappedPerson } from '../people/person_links.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

/** A mirrored face and the person it belongs to now. */
export interface FaceAssignment extends FaceKey {
  readonly personId: string | null;
}

/**
 * Gives faces to other people than we wrote, after a merge or a correction at the source. What the target's owner changed on the mirror
 * stays, as only changes of the source count; but a face that Immich has taken from its person and put on nobody, or on somebody without a
 * name, goes back. A face that is not to be seen waits until it is: that its person has come to the target with another photo shows
 * nowhere on its own.
 */
export const faceAssignments = definePhase({
  name: 'face-assignments',
  what: 'Gives faces to the people whom they show now.',
  per: 'pair',
  counts: { facesUpdated: 'faces updated' },
  plan: (view, job: Job) => {
    const { search } = view.limits;
    return searchPages((after?: FaceAssignment) => findAssignments(view, job, after), search);
  },
  apply: eachPage(async ({ database, schema }, _job: Job, page: FaceAssignment[], tally: Tally<'facesUpdated'>) => {
    const assigned = await countInBatches(
      database,
      page,
      (tx, batch) => assignFaces(tx, schema, batch),
      ({ sourceAssetId }, error) => tally.problem(refused(error, { assetId: sourceAssetId, table: 'asset_face' })),
    );
    tally.add('facesUpdated', assigned);
  }),
  describe: (page) =>
    linesOf(
      '~',
      'faces to reassign',
      page,
      ({ mirrorFaceId, personId }) => `face ${mirrorFaceId} -> ${personId ?? 'nobody'}`,
    ),
});

async function findAssignments(
  view: View,
  job: Job,
  after: FaceAssignment | undefined,
): Promise<FaceAssignment[]> {
  const { sql, schema, scope, limits } = view;
  const { personKey, faceKey: personOf } = schema.people;
  return await sql<FaceAssignment[]>`
    WITH found AS MATERIALIZED (
      SELECT ${faceKey(sql)}, mapped.${sql(personKey)} AS "personId"
      FROM immich_sidecar.face_map fm
      JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = fm.mirror_asset_id
      JOIN asset_face f ON f.id = fm.source_face_id
      LEFT JOIN asset_face mirror ON mirror.id = fm.mirror_face_id
      ${joinMappedPerson(sql, schema)}
      WHERE ${isLookedAt(sql, job, scope)}
        AND ${isBehind(sql, after)}
        AND (
          (origin."ownerId" IS NULL AND fm.person_id IS NOT NULL)
          OR (
            mirror."deletedAt" IS NULL
            AND mapped.${sql(personKey)} IS NOT NULL
            AND (
              mapped.${sql(personKey)} IS DISTINCT FROM fm.person_id
              OR (
                mapped.${sql(personKey)} IS DISTINCT FROM mirror.${sql(personOf)}
                AND mirror.id IS NOT NULL
                AND NOT ${isSomebody(sql, schema, sql`mirror.${sql(personOf)}`, job.targetUserId)}
              )
            )
          )
        )
        AND NOT ${isFaceHeld(view, job)}
    )
    SELECT *
    FROM found
    ORDER BY "mirrorAssetId", "sourceFaceId"
    LIMIT ${limits.search}`;
}

async function assignFaces(tx: Sql, schema: ImmichSchema, assignments: FaceAssignment[]): Promise<number> {
  const { faceKey } = schema.people;
  const updated = await tx`
    UPDATE asset_face mirror
    SET ${tx(faceKey)} = key."personId"
    FROM ${faceKeys(tx, assignments)}
    WHERE mirror.id = key."mirrorFaceId"
      AND mirror.${tx(faceKey)} IS DISTINCT FROM key."personId"`;
  await tx`
    UPDATE immich_sidecar.face_map fm
    SET person_id = key."personId"
    FROM ${faceKeys(tx, assignments)}
    WHERE ${isFace(tx)}`;
  return updated.count;
}
