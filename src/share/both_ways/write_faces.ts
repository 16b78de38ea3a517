import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { columnList, copied, valueList } from '../copy/columns.ts';
import type { Job } from '../jobs/job.ts';
import { hasOwnEdits } from '../mirrors/fields.ts';
import { faceSum } from '../people/face_keys.ts';
import { joinMappedPerson } from '../people/person_links.ts';
import { followLinks } from '../people/person_map.ts';
import { fieldList } from '../people/seen.ts';
import { type FaceDifference, readFaceDifferences } from './faces.ts';

/** What a face of an original was, or became, as it is noted. */
export interface FaceValue {
  readonly id: string;
  readonly mirrorId: string;
  readonly person: string | null;
  readonly name: string | null;
  readonly isThere: boolean;
  /** It was not there at all, and was not removed either. */
  readonly isNew?: boolean;
  /** The person was made for it. */
  readonly isMade?: boolean;
}

/** No version of a face. */
const NO_VERSION = '00000000-0000-0000-0000-000000000000';

/** A difference with the id that the face of the source has, or gets. */
type PlannedFace = FaceDifference & { readonly sourceFaceId: string };

/**
 * Does with the faces of sources what a target has done with those of mirrors, as Immich would: gives them to others, hides those that were removed, adds those that were drawn. What was there before is noted,
 * and that both have it now. What has changed since it was found is left alone. Returns how many were written; what both say already is only noted, and does not count.
 */
export async function writeFaces(
  tx: Sql,
  schema: ImmichSchema,
  job: Job,
  found: readonly FaceDifference[],
): Promise<number> {
  const still = await stillThere(tx, schema, job, found);
  if (still.length === 0) return 0;
  const planned = still.map((one): PlannedFace => ({ ...one, sourceFaceId: one.sourceFaceId ?? crypto.randomUUID() }));
  const open = planned.filter(({ isSettled }) => !isSettled);
  if (open.length > 0) {
    await makePeople(tx, schema, job, open);
    await noteFaces(tx, schema, job, open);
    await changeFaces(tx, schema, open);
    await chooseCovers(tx, schema, job, open);
  }
  await takeAsCopies(tx, planned.filter(({ kind }) => kind === 'added'));
  await followLinks(tx, schema, job.targetUserId, await linkPeople(tx, schema, planned));
  await noteBases(tx, schema, planned);
  return open.length;
}

async function stillThere(
  tx: Sql,
  schema: ImmichSchema,
  job: Job,
  found: readonly FaceDifference[],
): Promise<FaceDifference[]> {
  const now = await readFaceDifferences({ sql: tx, schema }, job, {
    scope: [...new Set(found.map(({ sourceAssetId }) => sourceAssetId))],
    mirrorFaceIds: found.map(({ mirrorFaceId }) => mirrorFaceId),
  });
  const keyOf = (one: FaceDifference) =>
    [one.mirrorFaceId, one.kind, one.counterpartId, one.isSettled, one.because, one.sourceSum, one.sum].join(' ');
  const expected = new Set(found.map(keyOf));
  return now.filter((one) => expected.has(keyOf(one)));
}

function planAs(tx: Sql, faces: readonly PlannedFace[]): Fragment {
  return tx`
    jsonb_to_recordset(${tx.json(faces as never)}) AS plan (
      kind text, "sourceAssetId" uuid, "sourceFaceId" uuid, "mirrorAssetId" uuid, "mirrorFaceId" uuid,
      "personId" uuid, "counterpartId" uuid, "isMade" boolean, "isSettled" boolean
    )`;
}

/** Somebody whom the target has given a name, and the source does not have. */
async function makePeople(
  tx: Sql,
  schema: ImmichSchema,
  { sourceUserId, targetUserId }: Job,
  faces: readonly PlannedFace[],
): Promise<void> {
  const { personKey, prepare } = schema.people;
  const people = [
    { column: personKey, value: tx`allocated.mirror_person_id` },
    { column: 'ownerId', value: tx`${sourceUserId}::uuid` },
    ...copied(tx, 'theirs', schema.columns.person),
  ];
  await tx`
    WITH allocated AS (
      SELECT DISTINCT plan."personId" AS origin_person_id, plan."counterpartId" AS mirror_person_id, true AS is_ours
      FROM ${planAs(tx, faces)}
      WHERE plan."isMade"
    ),
    prepared AS (
      ${prepare(tx, sourceUserId)}
    )
    INSERT INTO person (${columnList(tx, people)})
    SELECT ${valueList(tx, people)}
    FROM allocated
    JOIN person theirs
      ON theirs.${tx(personKey)} = allocated.origin_person_id AND theirs."ownerId" = ${targetUserId}
    ON CONFLICT DO NOTHING`;
}

async function noteFaces(
  tx: Sql,
  schema: ImmichSchema,
  { name, sourceUserId, targetUserId }: Job,
  faces: readonly PlannedFace[],
): Promise<void> {
  const { personKey, faceKey } = schema.people;
  const nameOf = (person: Fragment) =>
    tx`(SELECT own.name FROM person own WHERE own.${tx(personKey)} = ${person} AND own."ownerId" = ${sourceUserId})`;
  const ids = tx`'id', plan."sourceFaceId", 'mirrorId', plan."mirrorFaceId"`;
  const becomes = tx`CASE WHEN plan.kind = 'deleted' THEN f.${tx(faceKey)} ELSE plan."counterpartId" END`;
  await tx`
    INSERT INTO immich_sidecar_both_ways.written (
      source_asset_id, source_user_id, target_user_id, mirror_asset_id, job_name, field, before, after, is_by_immich
    )
    SELECT
      plan."sourceAssetId", ${sourceUserId}, ${targetUserId}, plan."mirrorAssetId", ${name}, 'face',
      jsonb_build_object('face', jsonb_build_object(
        ${ids}, 'person', f.${tx(faceKey)}, 'name', ${nameOf(tx`f.${tx(faceKey)}`)},
        'isThere', coalesce(f."deletedAt" IS NULL AND f.id IS NOT NULL, false), 'isNew', f.id IS NULL
      )),
      jsonb_build_object('face', jsonb_build_object(
        ${ids}, 'person', ${becomes}, 'name', ${nameOf(becomes)},
        'isThere', plan.kind <> 'deleted', 'isMade', plan."isMade"
      )),
      false
    FROM ${planAs(tx, faces)}
    LEFT JOIN asset_face f ON f.id = plan."sourceFaceId"`;
}

async function changeFaces(
  tx: Sql,
  schema: ImmichSchema,
  faces: readonly PlannedFace[],
): Promise<void> {
  const owner = tx(schema.people.faceKey);
  const ofKind = (kind: FaceDifference['kind']) => faces.filter((face) => face.kind === kind);
  await tx`
    UPDATE asset_face f
    SET ${owner} = plan."counterpartId", "deletedAt" = NULL
    FROM ${planAs(tx, ofKind('moved'))}
    WHERE f.id = plan."sourceFaceId"`;
  await tx`
    UPDATE asset_face f
    SET "deletedAt" = mirror."deletedAt"
    FROM ${planAs(tx, ofKind('deleted'))}
    JOIN asset_face mirror ON mirror.id = plan."mirrorFaceId"
    WHERE f.id = plan."sourceFaceId"`;
  const added = ofKind('added');
  if (added.length === 0) return;
  const columns = [
    { column: 'id', value: tx`plan."sourceFaceId"` },
    { column: 'assetId', value: tx`plan."sourceAssetId"` },
    { column: schema.people.faceKey, value: tx`plan."counterpartId"` },
    ...copied(tx, 'face', schema.columns.asset_face).map(({ column, value }) => ({
      column,
      // What a crop of the target's own leaves out is there for the source.
      value: column === 'isVisible' ? tx`(${hasOwnEdits(tx, schema)} OR ${value})` : value,
    })),
  ];
  await tx`
    INSERT INTO asset_face (${columnList(tx, columns)})
    SELECT ${valueList(tx, columns)}
    FROM ${planAs(tx, added)}
    JOIN asset_face face ON face.id = plan."mirrorFaceId"
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = plan."mirrorAssetId"
    JOIN asset mirror ON mirror.id = m.mirror_asset_id
    JOIN asset source ON source.id = m.source_asset_id`;
}

/** From now on what the target has drawn is the copy of the source's. */
async function takeAsCopies(tx: Sql, added: readonly PlannedFace[]): Promise<void> {
  if (added.length === 0) return;
  await tx`
    INSERT INTO immich_sidecar.face_map (source_face_id, mirror_asset_id, mirror_face_id, person_id, source_update_id)
    SELECT f.id, plan."mirrorAssetId", plan."mirrorFaceId", plan."personId", f."updateId"
    FROM ${planAs(tx, added)}
    JOIN asset_face f ON f.id = plan."sourceFaceId"
    ON CONFLICT DO NOTHING -- of two that the target has drawn there the second is one more`;
}

/** Somebody who has lost the face that they are shown by gets another one, or none, and somebody who had none gets this one. Immich makes the thumbnail where none is noted. */
async function chooseCovers(
  tx: Sql,
  schema: ImmichSchema,
  { sourceUserId }: Job,
  faces: readonly PlannedFace[],
): Promise<void> {
  const { personKey, faceKey } = schema.people;
  const shown = faces.filter(({ kind }) => kind !== 'deleted');
  if (shown.length === 0) return;
  await tx`
    UPDATE person own
    SET "faceAssetId" = other.id, "thumbnailPath" = ''
    FROM ${planAs(tx, shown)}
    JOIN person before ON before."faceAssetId" = plan."sourceFaceId" AND before."ownerId" = ${sourceUserId}
    LEFT JOIN LATERAL (
      SELECT f.id
      FROM asset_face f
      JOIN asset a ON a.id = f."assetId" AND a."ownerId" = ${sourceUserId} AND a.visibility <> 'locked'
      WHERE f.${tx(faceKey)} = before.${tx(personKey)}
        AND f."deletedAt" IS NULL
      ORDER BY f.id
      LIMIT 1
    ) AS other ON true
    WHERE own.${tx(personKey)} = before.${tx(personKey)}
      AND own."ownerId" = before."ownerId"
      AND own.${tx(personKey)} <> plan."counterpartId"`;
  await tx`
    UPDATE person own
    SET "faceAssetId" = first.id, "thumbnailPath" = ''
    FROM (
      SELECT DISTINCT ON (plan."counterpartId") plan."counterpartId" AS person, plan."sourceFaceId" AS id
      FROM ${planAs(tx, shown)}
      ORDER BY plan."counterpartId", plan."mirrorFaceId"
    ) AS first
    WHERE own.${tx(personKey)} = first.person
      AND own."ownerId" = ${sourceUserId}
      AND own."faceAssetId" IS NULL`;
}

/** Whom the source calls as the target does, and whom the target does not have through sharing, is from now on that same one for both. Returns who of the target's. */
async function linkPeople(tx: Sql, schema: ImmichSchema, faces: readonly PlannedFace[]): Promise<string[]> {
  const { personKey } = schema.people;
  const key = tx(personKey);
  const linked = await tx<{ id: string }[]>`
    INSERT INTO immich_sidecar.person_map (
      origin_person_id, origin_owner_id, target_user_id, mirror_person_id, is_ours,
      name, is_hidden, birth_date, color, seen_user_id, seen_name, seen_is_hidden, seen_birth_date, seen_color
    )
    SELECT DISTINCT ON (origin.${key})
      origin.${key}, origin."ownerId", m.target_user_id, plan."personId", false,
      ${fieldList(tx, 'said', 'column')}, said."ownerId", ${fieldList(tx, 'said', 'column')}
    FROM ${planAs(tx, faces.filter(({ kind }) => kind !== 'deleted'))}
    JOIN asset_face f ON f.id = plan."sourceFaceId"
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = plan."mirrorAssetId"
    ${joinMappedPerson(tx, schema)}
    JOIN person said ON said.${key} = plan."counterpartId" AND said."ownerId" = m.source_user_id
    WHERE mapped.${key} IS NULL
      AND origin.${key} IS NOT NULL
      AND origin."ownerId" <> m.target_user_id
    ORDER BY origin.${key}, plan."mirrorFaceId"
    ON CONFLICT (origin_person_id, target_user_id) DO NOTHING
    RETURNING mirror_person_id AS id`;
  return linked.map(({ id }) => id);
}

/** Notes what both say now. What both have drawn follows the source as it is next. */
async function noteBases(tx: Sql, schema: ImmichSchema, faces: readonly PlannedFace[]): Promise<void> {
  await tx`
    UPDATE immich_sidecar.face_map fm
    SET source_update_id = now.version, source_sum = now.sum, person_id = coalesce(now.person_id, fm.person_id)
    FROM (
      SELECT
        plan."sourceFaceId", plan."mirrorAssetId", ${faceSum(tx, schema)} AS sum,
        CASE WHEN plan.kind = 'added' AND plan."isSettled" THEN ${NO_VERSION}::uuid ELSE f."updateId" END AS version,
        CASE WHEN f."deletedAt" IS NULL THEN mapped.${tx(schema.people.personKey)} END AS person_id
      FROM ${planAs(tx, faces)}
      JOIN asset_face f ON f.id = plan."sourceFaceId"
      JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = plan."mirrorAssetId"
      ${joinMappedPerson(tx, schema)}
    ) AS now
    WHERE fm.source_face_id = now."sourceFaceId"
      AND fm.mirror_asset_id = now."mirrorAssetId"`;
}
