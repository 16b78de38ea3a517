import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { inBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import type { Tools, View } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { hasOwnEdits } from '../mirrors/fields.ts';
import { isLookedAt } from '../mirrors/pages.ts';
import { isFaceHeld } from '../both_ways/faces.ts';
import { copyFaces } from '../people/copy_faces.ts';
import { type FaceKey, faceKey, faceKeys, faceSum, isBehind, isFace } from '../people/face_keys.ts';
import { insertPeople } from '../people/insert_people.ts';
import { coverAgain, uncover } from '../people/own_covers.ts';
import { isPersonNeeded, joinOrigin } from '../people/person_links.ts';
import { definePhase, eachPage, linesOf, type PlanLine, type Tally } from './phase.ts';

/** A face that Immich has found on a mirror by itself. */
interface StrangeFace {
  readonly sourceAssetId: string;
  readonly mirrorFaceId: string;
}

/** A mirrored photo. */
interface PhotoKey {
  readonly sourceAssetId: string;
  readonly mirrorAssetId: string;
}

/** What has happened to the faces of a job's sources since they were copied; one kind at a time, in this order. */
export type FacesPage =
  /** Mirrored faces whose source is gone though its photo is still there. */
  | { readonly removed: readonly FaceKey[] }
  /** Mirrored faces whose own row is gone: Immich has looked for faces on the mirror again. They are copied anew. */
  | { readonly lost: readonly FaceKey[] }
  /** Faces that Immich has found on mirrors by itself; the source's count. */
  | { readonly strange: readonly StrangeFace[] }
  /** Photos whose sources have faces that were not copied yet, or faces of people whom the target does not know. */
  | { readonly photosWithNews: readonly PhotoKey[] }
  /** Mirrored faces whose source row has changed: moved, hidden, deleted, or only touched. */
  | { readonly changed: readonly FaceKey[] };

/** Copies faces that came, changes those that changed and removes those that went; removed ones go first, as Immich replaces imported faces by new rows. */
export const faces = definePhase({
  name: 'faces',
  what: 'Copies faces that came, changes those that changed, removes those that went.',
  per: 'pair',
  counts: {
    faces: 'faces copied',
    people: 'people new',
    facesUpdated: 'faces updated',
    facesRemoved: 'faces removed',
  },
  plan: planFaces,
  apply: eachPage(applyFaces),
  describe: describeFaces,
});

async function* planFaces(view: View, job: Job): AsyncGenerator<FacesPage> {
  const { search } = view.limits;
  const pages = <Row>(find: (view: View, job: Job, after: Row | undefined) => Promise<Row[]>) =>
    searchPages((after?: Row) => find(view, job, after), search);
  for await (const removed of pages(readRemovedFaces)) yield { removed };
  for await (const lost of pages(readLostFaces)) yield { lost };
  for await (const strange of pages(readStrangeFaces)) yield { strange };
  for await (const photosWithNews of pages(readPhotosWithNews)) yield { photosWithNews };
  for await (const changed of pages(readChangedFaces)) yield { changed };
}

async function applyFaces(
  tools: Tools,
  job: Job,
  page: FacesPage,
  tally: Tally<'faces' | 'people' | 'facesUpdated' | 'facesRemoved'>,
): Promise<void> {
  const { database, schema } = tools;
  const batches = <Item extends { readonly sourceAssetId: string }, Result>(
    items: readonly Item[],
    work: (tx: Sql, batch: Item[]) => Promise<Result>,
  ) =>
    inBatches(
      database,
      items,
      work,
      ({ sourceAssetId }, error) => tally.problem(refused(error, { assetId: sourceAssetId, table: 'asset_face' })),
    );
  // With the face goes what was cut out of it for somebody of the target's own.
  const removing = async <Face extends FaceKey | StrangeFace>(
    gone: readonly Face[],
    remove: (tx: Sql, batch: Face[]) => Promise<number>,
  ) => {
    const faceIds = gone.map(({ mirrorFaceId }) => mirrorFaceId);
    const uncovered = await uncover(tools, { faceIds }, (problem) => tally.problem(problem));
    for (const count of await batches(gone, remove)) tally.add('facesRemoved', count);
    await coverAgain(tools, uncovered);
  };
  if ('removed' in page) await removing(page.removed, removeFaces);
  else if ('lost' in page) {
    for (const count of await batches(page.lost, removeFaces)) tally.add('facesRemoved', count);
  } else if ('strange' in page) {
    await removing(page.strange, removeStrangers);
  } else if ('photosWithNews' in page) {
    const copy = async (tx: Sql, batch: PhotoKey[]) => ({
      people: await insertPeople(tx, schema, job, batch.map((photo) => photo.sourceAssetId)),
      faces: await copyFaces(tx, schema, batch.map((photo) => photo.mirrorAssetId)),
    });
    for (const { people, faces } of await batches(page.photosWithNews, copy)) {
      tally.add('people', people);
      tally.add('faces', faces);
    }
  } else {
    const update = (tx: Sql, batch: FaceKey[]) => updateFaces(tx, schema, batch);
    for (const count of await batches(page.changed, update)) tally.add('facesUpdated', count);
  }
}

function describeFaces(page: FacesPage): PlanLine[] {
  const face = ({ mirrorFaceId }: { readonly mirrorFaceId: string }) => `face ${mirrorFaceId}`;
  if ('removed' in page) return linesOf('-', 'faces to remove', page.removed, face);
  if ('lost' in page) return linesOf('~', 'lost faces to copy anew', page.lost, face);
  if ('strange' in page) return linesOf('-', 'faces to remove', page.strange, face);
  if ('photosWithNews' in page) {
    return linesOf('+', 'photos with new faces', page.photosWithNews, (photo) => `faces of ${photo.mirrorAssetId}`);
  }
  return linesOf('~', 'faces to update', page.changed, face);
}

async function readRemovedFaces(view: View, job: Job, after: FaceKey | undefined): Promise<FaceKey[]> {
  const { sql } = view;
  // Without its photo it is kept by a brake, with its faces.
  const isRemoved = sql`
    EXISTS (SELECT 1 FROM asset a WHERE a.id = m.source_asset_id)
    AND NOT EXISTS (SELECT 1 FROM asset_face f WHERE f.id = fm.source_face_id)`;
  return await readFaces(view, job, after, sql``, isRemoved);
}

async function readLostFaces(view: View, job: Job, after: FaceKey | undefined): Promise<FaceKey[]> {
  const { sql } = view;
  const isLost = sql`NOT EXISTS (SELECT 1 FROM asset_face mirror WHERE mirror.id = fm.mirror_face_id)`;
  return await readFaces(view, job, after, joinSource(sql), isLost);
}

/** What is to be seen also differs when edits of the target's own, for which it was kept, are gone. */
async function readChangedFaces(view: View, job: Job, after: FaceKey | undefined): Promise<FaceKey[]> {
  const { sql, schema } = view;
  const isSeenOtherwise = schema.has('asset_face', 'isVisible')
    ? sql`(
        SELECT face."isVisible" <> f."isVisible" AND NOT ${hasOwnEdits(sql, schema)}
        FROM asset_face face
        JOIN asset mirror ON mirror.id = face."assetId"
        JOIN asset source ON source.id = f."assetId"
        WHERE face.id = fm.mirror_face_id
      )`
    : sql`false`;
  return await readFaces(
    view,
    job,
    after,
    sql`${joinSource(sql)} LEFT JOIN asset_face mirror ON mirror.id = fm.mirror_face_id`,
    sql`(f."updateId" <> fm.source_update_id OR ${isSeenOtherwise}) AND NOT ${isFaceHeld(view, job)}`,
  );
}

function joinSource(sql: Sql): Fragment {
  return sql`JOIN asset_face f ON f.id = fm.source_face_id`;
}

async function readFaces(
  { sql, scope, limits }: View,
  job: Job,
  after: FaceKey | undefined,
  joins: Fragment,
  condition: Fragment,
): Promise<FaceKey[]> {
  return await sql<FaceKey[]>`
    WITH found AS MATERIALIZED (
      SELECT ${faceKey(sql)}
      FROM immich_sidecar.face_map fm
      JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = fm.mirror_asset_id
      ${joins}
      WHERE ${isLookedAt(sql, job, scope)}
        AND ${isBehind(sql, after)}
        AND ${condition}
    )
    SELECT *
    FROM found
    ORDER BY "mirrorAssetId", "sourceFaceId"
    LIMIT ${limits.search}`;
}

/** Faces that somebody has drawn by hand are theirs. */
async function readStrangeFaces(
  { sql, scope, limits }: View,
  job: Job,
  after: StrangeFace | undefined,
): Promise<StrangeFace[]> {
  return await sql<StrangeFace[]>`
    WITH found AS MATERIALIZED (
      SELECT m.source_asset_id AS "sourceAssetId", f.id AS "mirrorFaceId"
      FROM immich_sidecar.asset_map m
      JOIN asset_face f ON f."assetId" = m.mirror_asset_id AND f."sourceType" <> 'manual'
      WHERE ${isLookedAt(sql, job, scope)}
        AND ${after === undefined ? sql`true` : sql`f.id > ${after.mirrorFaceId}`}
        AND NOT EXISTS (
          SELECT 1
          FROM immich_sidecar.face_map fm
          WHERE fm.mirror_asset_id = m.mirror_asset_id AND fm.mirror_face_id = f.id
        )
    )
    SELECT *
    FROM found
    ORDER BY "mirrorFaceId"
    LIMIT ${limits.search}`;
}

async function readPhotosWithNews(
  view: View,
  job: Job,
  after: PhotoKey | undefined,
): Promise<PhotoKey[]> {
  const { sql, schema, scope, limits } = view;
  const { personKey } = schema.people;
  return await sql<PhotoKey[]>`
    WITH found AS MATERIALIZED (
      SELECT DISTINCT m.source_asset_id AS "sourceAssetId", m.mirror_asset_id AS "mirrorAssetId"
      FROM immich_sidecar.asset_map m
      JOIN asset there ON there.id = m.mirror_asset_id -- one that is gone may still be held by a brake
      JOIN asset_face f ON f."assetId" = m.source_asset_id
      LEFT JOIN immich_sidecar.face_map written
        ON written.source_face_id = f.id AND written.mirror_asset_id = m.mirror_asset_id
      LEFT JOIN asset_face mirror ON mirror.id = written.mirror_face_id
      ${joinOrigin(sql, schema)}
      LEFT JOIN immich_sidecar.person_map known_person
        ON known_person.origin_person_id = origin.${sql(personKey)}
        AND known_person.target_user_id = m.target_user_id
      WHERE ${isLookedAt(sql, job, scope)}
        AND ${after === undefined ? sql`true` : sql`m.mirror_asset_id > ${after.mirrorAssetId}`}
        AND (
          mirror.id IS NULL
          OR (
            known_person.origin_person_id IS NULL
            AND ${isPersonNeeded(sql, schema, job.targetUserId)}
            AND NOT ${isFaceHeld(view, job, 'written')}
          )
        )
    )
    SELECT *
    FROM found
    ORDER BY "mirrorAssetId"
    LIMIT ${limits.search}`;
}

async function removeStrangers(tx: Sql, faces: readonly StrangeFace[]): Promise<number> {
  const removed = await tx`DELETE FROM asset_face WHERE id = ANY (${faces.map((face) => face.mirrorFaceId)}::uuid[])`;
  return removed.count;
}

async function removeFaces(tx: Sql, faces: FaceKey[]): Promise<number> {
  const removed = await tx`
    DELETE FROM asset_face
    WHERE id = ANY (${faces.map((face) => face.mirrorFaceId)}::uuid[])`;
  await tx`
    DELETE FROM immich_sidecar.face_map fm
    USING ${faceKeys(tx, faces)}
    WHERE ${isFace(tx)}`;
  return removed.count;
}

/**
 * Copies the changed columns of changed faces, and notes what the source says. What the target has removed stays so until that is something new, and what their own crop
 * leaves out, or shows, does as long as they have it.
 */
async function updateFaces(tx: Sql, schema: ImmichSchema, faces: FaceKey[]): Promise<number> {
  const [first, ...rest] = schema.columns.asset_face;
  if (first === undefined) throw new Error('asset_face has no column to copy');
  const list = (item: (column: string) => Fragment) =>
    rest.reduce((all, column) => tx`${all}, ${item(column)}`, item(first));
  const sum = faceSum(tx, schema);
  const value = (column: string) => {
    if (column === 'isVisible') {
      return tx`CASE WHEN ${hasOwnEdits(tx, schema)} THEN face."isVisible" ELSE f."isVisible" END`;
    }
    return column === 'deletedAt'
      ? tx`CASE WHEN f."deletedAt" IS NULL AND (fm.source_sum <> ${sum}) IS NOT TRUE THEN face."deletedAt" ELSE f."deletedAt" END`
      : tx`f.${tx(column)}`;
  };
  const updated = await tx`
    UPDATE asset_face face
    SET ${list((column) => tx`${tx(column)} = ${value(column)}`)}
    FROM asset_face f
    JOIN ${faceKeys(tx, faces)} ON key."sourceFaceId" = f.id
    JOIN immich_sidecar.face_map fm ON ${isFace(tx)}
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = fm.mirror_asset_id
    JOIN asset mirror ON mirror.id = m.mirror_asset_id
    JOIN asset source ON source.id = m.source_asset_id
    WHERE face.id = key."mirrorFaceId"
      AND (${list((column) => tx`face.${tx(column)}`)}) IS DISTINCT FROM (${list(value)})`;
  await tx`
    UPDATE immich_sidecar.face_map fm
    SET source_update_id = f."updateId", source_sum = ${sum}
    FROM asset_face f
    JOIN ${faceKeys(tx, faces)} ON key."sourceFaceId" = f.id
    WHERE ${isFace(tx)}`;
  return updated.count;
}
