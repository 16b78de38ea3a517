import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Problem } from '../../problems/problem.ts';
import { inBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import type { Tools } from '../cycle/tools.ts';
import type { Restoration } from './elect.ts';
import type { RestorePlan } from './restore_plan.ts';

export interface RestoreResult {
  /** People who were written. */
  readonly people: number;
  /** Faces that are theirs again. */
  readonly faces: number;
  /** People who were changed, or removed, while this was at work: they are left as they are. */
  readonly changedMeanwhile: number;
  readonly problems: readonly Problem[];
}

/** People in one transaction, each with all of their faces. */
const BATCH = 20;

/**
 * Gives people their names and faces back, batch by batch. Each is done wholly or not at all, so a run that was killed is simply started again.
 * Who got another name, or is gone, since the plan was made is left alone, and so is a face that was given to somebody else.
 */
export async function applyRestore(
  { database, schema }: Pick<Tools, 'database' | 'schema'>,
  plan: RestorePlan,
  onProgress: (people: number) => void,
): Promise<RestoreResult> {
  const problems: Problem[] = [];
  const done = { people: 0, faces: 0, changedMeanwhile: 0 };
  const named = new Set<string>();
  for (const { user, verdicts } of plan.users) {
    const restorations = verdicts.flatMap(({ restoration }) => restoration ?? []);
    const results = await inBatches(
      { ...database, batchSize: BATCH },
      restorations,
      async (tx, batch) => {
        const result = await restoreBatch(tx, schema, user.id, batch, named);
        onProgress(batch.length);
        return result;
      },
      (_person, error) => void problems.push(refused(error, { table: 'person' })),
      'READ COMMITTED',
    );
    for (const { people, faces, changedMeanwhile } of results) {
      done.people += people;
      done.faces += faces;
      done.changedMeanwhile += changedMeanwhile;
    }
  }
  return { ...done, problems };
}

type Counts = Omit<RestoreResult, 'problems'>;

/** `named`: who has a name through this run, and may still give faces to others. */
async function restoreBatch(
  tx: Sql,
  schema: ImmichSchema,
  userId: string,
  batch: readonly Restoration[],
  named: Set<string>,
): Promise<Counts> {
  const touched = batch.flatMap(({ personId, absorbs, moves }) => [
    personId,
    ...absorbs === undefined ? [] : [absorbs],
    ...moves.flatMap(({ was }) => was ?? []),
  ]);
  await schema.people.lock(tx, [...new Set(touched)], userId);
  await makePeople(tx, schema, userId, batch.filter(({ outcome }) => outcome === 'made'));
  const written = new Set(await writePeople(tx, schema, userId, batch));
  for (const id of written) named.add(id);
  const still = batch.filter(({ personId }) => written.has(personId));
  const faces = await moveFaces(tx, schema, userId, still, named);
  await writeCovers(tx, schema, userId, still);
  await forgetCovers(tx, schema, userId, touched);
  return { people: still.length, faces, changedMeanwhile: batch.length - still.length };
}

async function makePeople(
  tx: Sql,
  schema: ImmichSchema,
  userId: string,
  made: readonly Restoration[],
): Promise<void> {
  const ids = made.map(({ personId }) => personId);
  if (ids.length === 0) return;
  if (schema.people.personKey === 'personGroupId') {
    await tx`
      INSERT INTO person_group (id, "clusterGroupId")
      SELECT made.id, u."clusterGroupId"
      FROM unnest(${ids}::uuid[]) AS made (id)
      JOIN "user" u ON u.id = ${userId}`;
  }
  await tx`
    INSERT INTO person (${tx(schema.people.personKey)}, "ownerId")
    SELECT made.id, ${userId}::uuid
    FROM unnest(${ids}::uuid[]) AS made (id)`;
}

/** Returns the ids of those who are there, and still called what they were. */
async function writePeople(
  tx: Sql,
  schema: ImmichSchema,
  userId: string,
  batch: readonly Restoration[],
): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    UPDATE person p
    SET name = saved.name,
        "birthDate" = saved."birthDate",
        "isHidden" = saved."isHidden",
        "isFavorite" = saved."isFavorite",
        color = saved.color
    FROM jsonb_to_recordset(${tx.json(batch.map(({ moves: _, ...values }) => values) as never)}) AS saved (
      "personId" uuid, "nameNow" text, name text, "birthDate" date, "isHidden" boolean, "isFavorite" boolean, color text
    )
    WHERE p.${tx(schema.people.personKey)} = saved."personId"
      AND p."ownerId" = ${userId}
      AND p.name = saved."nameNow"
    RETURNING p.${tx(schema.people.personKey)} AS id`;
  return rows.map(({ id }) => id);
}

/** Only faces that are whose they were, if that somebody has no name by now. Returns how many. */
async function moveFaces(
  tx: Sql,
  schema: ImmichSchema,
  userId: string,
  batch: readonly Restoration[],
  named: ReadonlySet<string>,
): Promise<number> {
  const { faceKey, personKey } = schema.people;
  const isNameless = tx`
    NOT EXISTS (
      SELECT 1
      FROM person other
      WHERE other.${tx(personKey)} = f.${tx(faceKey)}
        AND other."ownerId" = ${userId}
        AND other.name <> ''
        AND other.${tx(personKey)} <> ALL (${[...named]}::uuid[])
    )`;
  const moves = batch.flatMap(({ personId, moves }) => moves.map((move) => ({ ...move, personId })));
  const moved = moves.length === 0 ? { count: 0 } : await tx`
    UPDATE asset_face f
    SET ${tx(faceKey)} = move."personId"
    FROM jsonb_to_recordset(${tx.json(moves as never)}) AS move ("faceId" uuid, was uuid, "personId" uuid)
    WHERE f.id = move."faceId"
      AND f.${tx(faceKey)} IS NOT DISTINCT FROM move.was
      AND f."deletedAt" IS NULL
      AND ${isNameless}`;
  const absorbed = batch.filter(({ absorbs }) => absorbs !== undefined)
    .map(({ absorbs, personId }) => ({ absorbs, personId }));
  const gathered = absorbed.length === 0 ? { count: 0 } : await tx`
    UPDATE asset_face f
    SET ${tx(faceKey)} = absorbed."personId"
    FROM jsonb_to_recordset(${tx.json(absorbed as never)}) AS absorbed (absorbs uuid, "personId" uuid), asset a
    WHERE f.${tx(faceKey)} = absorbed.absorbs
      AND a.id = f."assetId"
      AND a."ownerId" = ${userId}
      AND ${isNameless}`;
  return moved.count + gathered.count;
}

/** A cover of theirs; Immich makes its thumbnail, as of everybody without one. */
async function writeCovers(
  tx: Sql,
  schema: ImmichSchema,
  userId: string,
  batch: readonly Restoration[],
): Promise<void> {
  const { faceKey, personKey } = schema.people;
  const covers = batch.filter(({ coverFaceId }) => coverFaceId !== undefined)
    .map(({ coverFaceId, personId }) => ({ coverFaceId, personId }));
  if (covers.length === 0) return;
  await tx`
    UPDATE person p
    SET "faceAssetId" = cover."coverFaceId", "thumbnailPath" = ''
    FROM jsonb_to_recordset(${tx.json(covers as never)}) AS cover ("coverFaceId" uuid, "personId" uuid)
    JOIN asset_face f ON f.id = cover."coverFaceId" AND f.${tx(faceKey)} = cover."personId"
    WHERE p.${tx(personKey)} = cover."personId"
      AND p."ownerId" = ${userId}`;
}

/** Whose cover has gone to somebody else, and who has other faces, gets another from Immich, as when a face is given away there. */
async function forgetCovers(
  tx: Sql,
  schema: ImmichSchema,
  userId: string,
  personIds: readonly string[],
): Promise<void> {
  const { faceKey, personKey } = schema.people;
  await tx`
    UPDATE person p
    SET "faceAssetId" = NULL, "thumbnailPath" = ''
    FROM asset_face cover
    WHERE p.${tx(personKey)} = ANY (${personIds as string[]}::uuid[])
      AND p."ownerId" = ${userId}
      AND cover.id = p."faceAssetId"
      AND cover.${tx(faceKey)} IS DISTINCT FROM p.${tx(personKey)}
      AND EXISTS (
        SELECT 1
        FROM asset_face other
        JOIN asset a ON a.id = other."assetId" AND a."ownerId" = ${userId}
        WHERE other.${tx(faceKey)} = p.${tx(personKey)} AND other."deletedAt" IS NULL
      )`;
}
