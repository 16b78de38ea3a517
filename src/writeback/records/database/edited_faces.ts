import { inUneditedPicture } from '../../../immich/edited_frame.ts';
import type { Edit } from '../../../immich/edits.ts';
import type { Sql } from '../../../postgres/connect.ts';
import type { AssetRow } from './assets.ts';
import type { FaceRow } from './faces.ts';
import type { ReadSchema } from './schema.ts';

interface EditRow extends Edit {
  readonly assetId: string;
  readonly isLookedForSince: boolean | null;
}

/** These faces, with their boxes in the unedited picture; without those of which nobody knows where that is. Until 3.2 they are there already. */
export async function inUneditedPictures(
  sql: Sql,
  { catalog }: ReadSchema,
  assets: readonly AssetRow[],
  faces: readonly FaceRow[],
): Promise<readonly FaceRow[]> {
  const withFaces = new Set(faces.map(({ assetId }) => assetId));
  const edited = assets.filter(({ id, isEdited }) => isEdited && withFaces.has(id));
  // The release that brought groups of people looks for faces in edited pictures.
  if (edited.length === 0 || !catalog.has('person_group') || !catalog.has('asset_edit')) return faces;
  const edits = Map.groupBy(
    await sql<EditRow[]>`
      SELECT e."assetId", e.action, e.parameters, s."facesRecognizedAt" > max(e."updatedAt") OVER (PARTITION BY e."assetId") AS "isLookedForSince"
      FROM asset_edit e
      LEFT JOIN asset_job_status s ON s."assetId" = e."assetId"
      WHERE e."assetId" = ANY (${edited.map(({ id }) => id)}::uuid[])
      ORDER BY e."assetId", e.sequence`,
    ({ assetId }) => assetId,
  );
  const assetOf = new Map(edited.map((asset) => [asset.id, asset]));
  return faces.flatMap((face) => {
    const [asset, own] = [assetOf.get(face.assetId), edits.get(face.assetId)];
    if (asset === undefined || own === undefined) return [face];
    const isDetected = face.sourceType === 'machine-learning';
    const isLookedForSince = own[0]?.isLookedForSince ?? undefined;
    const box = inUneditedPicture({ box: face, isDetected, isLookedForSince }, own, orientedSize(asset));
    return box === undefined ? [] : [{ ...face, ...box }];
  });
}

function orientedSize({ exifImageWidth, exifImageHeight, orientation }: AssetRow) {
  const [width, height] = [exifImageWidth ?? 0, exifImageHeight ?? 0];
  return /^[5-8]$/.test(orientation ?? '') ? { width: height, height: width } : { width, height };
}
