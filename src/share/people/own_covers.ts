import { personThumbnailPath } from '../../immich/layout.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Problem } from '../../problems/problem.ts';
import type { Tools } from '../cycle/tools.ts';
import { forgetEntries, notRemoved, recordLinks, removeFiles } from '../mirrors/journal.ts';
import { type Cover, entryOf, makeThumbnails, type TriedCover } from './covers.ts';
import { cutOf, isShown } from './find_covers.ts';
import { lockOwnPeople } from './native_shares.ts';
import { areCovers, type GoingFaces, takeCovers, type Uncovered } from './taken_covers.ts';

type CoverTools = Pick<Tools, 'database' | 'schema' | 'files' | 'mediaLocation'>;

/**
 * Takes covers away that were cut from what is about to go, of people of targets' own, with their files. Returns these people: once it is gone, `coverAgain`.
 */
export async function uncover(
  { database, schema, files }: Pick<Tools, 'database' | 'schema' | 'files'>,
  going: GoingFaces,
  onProblem: (problem: Problem) => void,
): Promise<readonly Uncovered[]> {
  if (!await areCovers(database.sql, going)) return [];
  const taken = await database.transaction(async (tx) => {
    const covers = await takeCovers(tx, schema, going, { onlyOwn: true });
    await recordLinks(tx, covers.files);
    return covers;
  }, 'READ COMMITTED');
  const failed = removeFiles(taken.files, files);
  for (const failure of failed) onProblem(notRemoved(failure));
  const left = new Set(failed.map(({ entry }) => entry));
  await database.transaction((tx) => forgetEntries(tx, taken.files.filter((entry) => !left.has(entry))));
  return taken.uncovered;
}

/**
 * Gives people another cover, as Immich does at night: a face of theirs that they see, on their own photos rather than on shared ones. The thumbnail is cut from the preview; where that cannot be, or where no face is left,
 * they have none, and Immich makes one as soon as it can. These thumbnails are the target's, as their people are. If the program ends between the two steps, it is left to Immich.
 */
export async function coverAgain(tools: CoverTools, people: readonly Uncovered[]): Promise<void> {
  for (const [ownerId, ofOwner] of Map.groupBy(people, (person) => person.ownerId)) {
    await coverPeopleOf(tools, ownerId, [...new Set(ofOwner.map(({ personId }) => personId))]);
  }
}

async function coverPeopleOf(tools: CoverTools, ownerId: string, ids: readonly string[]): Promise<void> {
  const { database: { batchSize, signal, transaction }, files } = tools;
  for (let start = 0; start < ids.length; start += batchSize) {
    const covers = await transaction(async (tx) => {
      const found = await findFaces(tools, tx, ownerId, ids.slice(start, start + batchSize));
      await recordLinks(tx, found.filter(({ cut }) => cut !== null).map(entryOf));
      return found;
    }, 'READ COMMITTED');
    const tried = await makeThumbnails(covers, files, signal);
    await transaction((tx) => setCovers(tools, tx, ownerId, tried), 'READ COMMITTED');
  }
}

/** The largest face that each of them shows; nobody without one. */
async function findFaces(
  { schema, mediaLocation }: CoverTools,
  tx: Sql,
  ownerId: string,
  ids: readonly string[],
): Promise<Cover[]> {
  const [personKey, faceKey] = [tx(schema.people.personKey), tx(schema.people.faceKey)];
  const own = await lockOwnPeople(tx, schema, ownerId, ids);
  const found = await tx<Omit<Cover, 'path' | 'keep'>[]>`
    SELECT
      p.${personKey} AS "mirrorPersonId", NULL AS "coverFaceId", best.id AS "fallbackFaceId", '' AS "sourceThumbnailPath",
      ${cutOf(tx, schema, tx`best.id`)} AS cut
    FROM person p
    CROSS JOIN LATERAL (
      SELECT f.id
      FROM asset_face f
      JOIN asset a ON a.id = f."assetId"
      WHERE f.${faceKey} = p.${personKey}
        AND f."deletedAt" IS NULL
        AND ${isShown(tx, schema)}
        AND a."ownerId" = p."ownerId"
        AND a."deletedAt" IS NULL
        AND a.visibility::text NOT IN ('locked', 'hidden')
      ORDER BY
        EXISTS (SELECT 1 FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = a.id),
        (f."boundingBoxX2" - f."boundingBoxX1") * (f."boundingBoxY2" - f."boundingBoxY1") DESC,
        f.id
      LIMIT 1
    ) best
    WHERE p."ownerId" = ${ownerId}
      AND p.${personKey} = ANY (${own}::uuid[])
      AND p."faceAssetId" IS NULL
      AND p."thumbnailPath" = ''`;
  return found.map((cover) => ({ ...cover, ...personThumbnailPath(mediaLocation, ownerId, cover.mirrorPersonId) }));
}

/** Where they have no other cover by now. */
async function setCovers(
  { schema }: CoverTools,
  tx: Sql,
  ownerId: string,
  tried: readonly TriedCover[],
): Promise<void> {
  const own = new Set(await lockOwnPeople(tx, schema, ownerId, tried.map(({ mirrorPersonId }) => mirrorPersonId)));
  await tx`
    UPDATE person p
    SET "faceAssetId" = cover."fallbackFaceId",
        "thumbnailPath" = CASE cover.making WHEN 'made' THEN cover.path ELSE '' END
    FROM jsonb_to_recordset(${
    tx.json(tried.filter(({ mirrorPersonId }) => own.has(mirrorPersonId)) as never)
  }) AS cover ("mirrorPersonId" uuid, "fallbackFaceId" uuid, path text, making text)
    WHERE p.${tx(schema.people.personKey)} = cover."mirrorPersonId"
      AND p."ownerId" = ${ownerId}
      AND p."faceAssetId" IS NULL
      AND p."thumbnailPath" = ''
      AND EXISTS (SELECT 1 FROM asset_face f WHERE f.id = cover."fallbackFaceId" AND f."deletedAt" IS NULL)`;
  await forgetEntries(tx, tried.map(entryOf));
}
