import type { ImmichApi } from '../../immich/api/client.ts';
import { editsOf, facesOf } from '../../immich/api/faces.ts';
import type { FoundAsset } from '../../immich/api/search.ts';
import { type Box, undoEdits } from '../../immich/edits.ts';
import { type FaceFacts, isNamed } from './facts.ts';

/** A box in Immich's words. */
interface BoxAnswer {
  readonly boundingBoxX1: number;
  readonly boundingBoxY1: number;
  readonly boundingBoxX2: number;
  readonly boundingBoxY2: number;
  readonly imageWidth: number;
  readonly imageHeight: number;
}

/**
 * The faces of an asset in the frame of its unedited picture. Without a request when nobody in it has a name or the
 * asset came with its faces; with one otherwise, and a second one when the picture was edited.
 *
 * @returns 'gone' when the asset was deleted since it was found
 */
export async function facesOfAsset(api: ImmichApi, asset: FoundAsset): Promise<readonly FaceFacts[] | 'gone'> {
  const people = (asset.people ?? []).filter(isNamed);
  if (people.length === 0) return [];
  if (people.every(({ faces }) => faces !== undefined)) {
    return people.flatMap(({ id, faces }) => (faces ?? []).map((face) => ({ personId: id, ...boxOf(face) })));
  }
  const faces = await facesOf(api, asset.id);
  const edits = faces !== undefined && asset.isEdited ? await editsOf(api, asset.id) : [];
  if (faces === undefined || edits === undefined) return 'gone';
  const original = orientedSize(asset);
  return faces.map((face) => ({ personId: face.person?.id, ...undoEdits(boxOf(face), edits, original) }));
}

function boxOf(face: BoxAnswer): Box {
  return {
    imageWidth: face.imageWidth,
    imageHeight: face.imageHeight,
    x1: face.boundingBoxX1,
    y1: face.boundingBoxY1,
    x2: face.boundingBoxX2,
    y2: face.boundingBoxY2,
  };
}

/** The size in which Immich applies edits: as it is shown, before them. */
function orientedSize({ exifInfo }: FoundAsset): { readonly width: number; readonly height: number } {
  const [width, height] = [exifInfo?.exifImageWidth ?? 0, exifInfo?.exifImageHeight ?? 0];
  return /^[5-8]$/.test(exifInfo?.orientation ?? '') ? { width: height, height: width } : { width, height };
}
