import type { Sql } from '../../postgres/connect.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import { findUnsettledFaces, insertFaceMatches, LIKENESS, matchFaces, settleFaces } from '../people/adopt_faces.ts';
import { adoptPeople, findAdoptedPeople } from '../people/adopt_people.ts';
import { rememberAlbum } from '../adoption/adopt_assets.ts';
import type { Tools, View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { fieldGroups, type GroupName, groupSum } from '../mirrors/fields.ts';
import { pathChecksum } from '../mirrors/plan.ts';
import { retryOf } from '../cycle/outcome.ts';
import { analyzeOwnTables } from '../phases/new_assets.ts';
import { narrowLibraries } from './libraries.ts';
import { takeLinks, takeThumbnails } from './links.ts';
import type { TakenDecision, TakenMirror, TakenPerson, TakeoverPlan } from './plan.ts';

export interface TakeoverResult {
  readonly mirrors: number;
  readonly faces: number;
  readonly people: number;
  readonly links: number;
  /** Sources that stay unshared. */
  readonly decisions: number;
}

/**
 * Makes the mirrors of immich-shared-library ours, in one transaction. No file is made, moved or removed, and its own tables
 * stay as they are. Of Immich's rows only those columns of mirrors change that it has filled wrongly: the checksum (and, in older
 * releases, the device), which was that of the source's file, by which Immich's app takes the target's own photo for uploaded;
 * and the origin of faces, which newer versions call manual. Target libraries may get narrower import paths (libraries.ts).
 */
export async function applyTakeover(
  { database, schema, limits }: Tools,
  view: View,
  plan: TakeoverPlan,
): Promise<TakeoverResult> {
  const result = await database.transaction(async (tx) => {
    const ids = plan.mirrors.map(({ mirrorAssetId }) => mirrorAssetId);
    await narrowLibraries(tx, plan.libraries);
    await insertMirrors(tx, schema, inBatches(plan.mirrors, limits.predecessor));
    await analyzeOwnTables(tx); // what follows is planned badly for tables that look empty
    await rememberAlbums(tx, schema, view.jobs, plan.mirrors);
    await insertDecisions(tx, plan.decisions);
    const batches = inBatches(ids, database.batchSize);
    const alike = LIKENESS.filter((column) => column !== 'sourceType');
    for (const batch of batches) await insertFaceMatches(tx, await matchFaces(tx, schema, batch, alike));
    const faces = await restoreFaces(tx, ids);
    let people = await insertPeople(tx, schema, plan.people);
    let links = await takeLinks(tx, view, plan.mirrors);
    for (const targetUserId of new Set(plan.mirrors.map((mirror) => mirror.targetUserId))) {
      const found = await findAdoptedPeople(tx, schema, targetUserId, ids);
      people += await adoptPeople(tx, schema, targetUserId, found);
      links += await takeThumbnails(tx, view, targetUserId);
    }
    for (const batch of batches) await settleFaces(tx, await findUnsettledFaces(tx, schema, batch));
    for (const batch of inBatches(plan.mirrors, limits.predecessor)) await correctChecksums(tx, schema, batch);
    return { mirrors: ids.length, faces, people, links, decisions: plan.decisions.length };
  });
  await analyzeOwnTables(database.sql);
  return result;
}

function inBatches<T>(items: readonly T[], size: number): T[][] {
  const batches: T[][] = [];
  for (let start = 0; start < items.length; start += size) batches.push(items.slice(start, start + size));
  return batches;
}

/**
 * A row of asset_exif that nobody has written since its asset was made: that program does it in one transaction, and nobody can open a new
 * photo and describe it so quickly. After a longer one what was written is unknown, and then it is the target's.
 */
const UNTOUCHED = '10 seconds';

/** What shows in asset_exif when the target changes it. */
const IN_EXIF: ReadonlySet<GroupName> = new Set(['description', 'date', 'position', 'rating', 'tags', 'locks']);

/**
 * That program never wrote a photo's data again. What a mirror has, though its source says something else by now, is the target's
 * word only if its row was written later.
 */
async function insertMirrors(
  tx: Sql,
  schema: ImmichSchema,
  batches: readonly (readonly TakenMirror[])[],
): Promise<void> {
  const groups = fieldGroups(schema).filter(({ name }) => IN_EXIF.has(name));
  const bases = groups.map(({ base }) => tx`, ${tx(base)}`);
  const sums = groups.map((group) =>
    tx`, CASE WHEN e."updatedAt" <= mirror."createdAt" + ${UNTOUCHED}::interval THEN ${
      groupSum(tx, group, 'mirror', 'e')
    } END`
  );
  for (const batch of batches) {
    await tx`
      INSERT INTO immich_sidecar.asset_map
        (mirror_asset_id, source_asset_id, source_user_id, target_user_id, job_name ${bases})
      SELECT
        taken."mirrorAssetId", taken."sourceAssetId", taken."sourceUserId", taken."targetUserId", taken.job ${sums}
      FROM jsonb_to_recordset(${tx.json(batch as never)}) AS taken (
        "mirrorAssetId" uuid, "sourceAssetId" uuid, "sourceUserId" uuid, "targetUserId" uuid, job text
      )
      JOIN asset mirror ON mirror.id = taken."mirrorAssetId"
      LEFT JOIN asset_exif e ON e."assetId" = mirror.id`;
  }
}

async function rememberAlbums(
  tx: Sql,
  schema: ImmichSchema,
  jobs: readonly Job[],
  mirrors: readonly TakenMirror[],
): Promise<void> {
  for (const job of jobs) {
    const ids = mirrors.filter((mirror) => mirror.job === job.name).map(({ mirrorAssetId }) => mirrorAssetId);
    if (ids.length > 0) await rememberAlbum(tx, schema, job, ids);
  }
}

async function insertDecisions(tx: Sql, decisions: readonly TakenDecision[]): Promise<void> {
  const rows = tx`
    jsonb_to_recordset(${tx.json(decisions as never)}) AS taken ("sourceAssetId" uuid, "targetUserId" uuid, kind text)`;
  await tx`
    INSERT INTO immich_sidecar.withdrawn (source_asset_id, target_user_id, reason)
    SELECT taken."sourceAssetId", taken."targetUserId", taken.kind
    FROM ${rows}
    WHERE taken.kind = 'target-deleted'
    ON CONFLICT DO NOTHING`;
  await tx`
    INSERT INTO immich_sidecar.skipped (source_asset_id, target_user_id, reason, detail, retry, source_update_id)
    SELECT
      taken."sourceAssetId", taken."targetUserId", 'duplicate', 'immich-shared-library took it for a duplicate',
      ${retryOf('duplicate')}, source."updateId"
    FROM ${rows}
    JOIN asset source ON source.id = taken."sourceAssetId"
    WHERE taken.kind = 'duplicate'
    ON CONFLICT DO NOTHING`;
}

/** Gives mirrored faces the origin that their sources have. Returns how many faces are mirrored. */
async function restoreFaces(tx: Sql, mirrorAssetIds: readonly string[]): Promise<number> {
  await tx`
    UPDATE asset_face f
    SET "sourceType" = source."sourceType"
    FROM immich_sidecar.face_map fm
    JOIN asset_face source ON source.id = fm.source_face_id
    WHERE fm.mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])
      AND f.id = fm.mirror_face_id
      AND f."sourceType" <> source."sourceType"`;
  const [row] = await tx<{ faces: number }[]>`
    SELECT count(*)::int AS faces
    FROM immich_sidecar.face_map
    WHERE mirror_asset_id = ANY (${mirrorAssetIds as string[]}::uuid[])`;
  return row?.faces ?? 0;
}

/**
 * That program wrote names and visibility over the target's in every cycle: what a mirror has is what was written. Birth dates and
 * colours were written once. A cover that the target, or Immich, has made stays until the source's changes.
 */
async function insertPeople(tx: Sql, schema: ImmichSchema, people: readonly TakenPerson[]): Promise<number> {
  const { personKey } = schema.people;
  const inserted = await tx`
    INSERT INTO immich_sidecar.person_map (
      origin_person_id, origin_owner_id, target_user_id, mirror_person_id, is_ours,
      name, is_hidden, birth_date, color, cover_face_id
    )
    SELECT
      taken."originPersonId", taken."originOwnerId", taken."targetUserId", taken."mirrorPersonId", taken."isOurs",
      mirror.name, mirror."isHidden", origin."birthDate", origin.color,
      (
        SELECT fm.mirror_face_id
        FROM immich_sidecar.face_map fm
        JOIN immich_sidecar.asset_map m
          ON m.mirror_asset_id = fm.mirror_asset_id AND m.target_user_id = taken."targetUserId"
        JOIN asset_face f ON f.id = fm.mirror_face_id AND f."deletedAt" IS NULL
        WHERE fm.source_face_id = origin."faceAssetId"
        LIMIT 1
      )
    FROM jsonb_to_recordset(${tx.json(people as never)}) AS taken (
      "originPersonId" uuid, "originOwnerId" uuid, "targetUserId" uuid, "mirrorPersonId" uuid,
      "isOurs" boolean
    )
    JOIN person origin
      ON origin.${tx(personKey)} = taken."originPersonId" AND origin."ownerId" = taken."originOwnerId"
    JOIN person mirror
      ON mirror.${tx(personKey)} = taken."mirrorPersonId" AND mirror."ownerId" = taken."targetUserId"
    ON CONFLICT DO NOTHING`;
  return inserted.count;
}

/** What Immich gives photos of external libraries; that program has copied the source's. */
async function correctChecksums(tx: Sql, schema: ImmichSchema, mirrors: readonly TakenMirror[]): Promise<void> {
  const rows = mirrors.map(({ mirrorAssetId, mirrorPath }) => ({ mirrorAssetId, checksum: pathChecksum(mirrorPath) }));
  const algorithm = schema.catalog.get('asset')?.columns.get('checksumAlgorithm');
  const named = algorithm === undefined ? tx`` : tx`, "checksumAlgorithm" = 'sha1-path'::${tx.unsafe(algorithm.type)}`;
  const device = schema.has('asset', 'deviceId') ? tx`, "deviceId" = 'Library Import'` : tx``;
  await tx`
    UPDATE asset mirror
    SET checksum = decode(taken.checksum, 'hex') ${named} ${device}
    FROM jsonb_to_recordset(${tx.json(rows)}) AS taken ("mirrorAssetId" uuid, checksum text)
    WHERE mirror.id = taken."mirrorAssetId"
      AND mirror.checksum <> decode(taken.checksum, 'hex')
      AND NOT EXISTS (
        SELECT 1 -- a scan has imported the same path
        FROM asset other
        WHERE other."ownerId" = mirror."ownerId"
          AND other."libraryId" = mirror."libraryId"
          AND other.checksum = decode(taken.checksum, 'hex')
      )`;
}
