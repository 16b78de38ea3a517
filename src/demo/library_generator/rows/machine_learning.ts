import { randomNumbers } from '../media/random.ts';
import type { LibraryContext } from '../context.ts';
import { faceIdOf, idOf, personIdOf } from '../ids.ts';
import type { Row } from '../insert.ts';
import type { PersonKey, PersonSpec } from '../people.ts';
import { PEOPLE } from '../people.ts';
import type { PlannedAsset } from '../plan.ts';
import { hasDone } from '../readiness.ts';
import type { FaceSpec } from '../spec.ts';

/** Dimensions of both models that Immich uses by default. */
const DIMENSIONS = 512;

/** How far faces of one person lie apart; Immich's limit for the same person is a cosine distance of 0.5. */
const FACE_NOISE = 0.4;

export function smartSearchRow(asset: PlannedAsset, context: LibraryContext): Row | undefined {
  if (!hasDone(asset.spec, 'clip')) return undefined;
  return { assetId: asset.id, embedding: unitVector(gaussian(context, `clip:${asset.spec.key}`)) };
}

export function faceRows(asset: PlannedAsset, context: LibraryContext): readonly Row[] {
  const { width, height } = asset.orientedSize;
  return (asset.spec.faces ?? []).map((face, index) => ({
    id: faceIdOf(context, asset.spec.key, index),
    assetId: asset.id,
    personGroupId: face.person === undefined ? null : personIdOf(context, face.person),
    imageWidth: width,
    imageHeight: height,
    boundingBoxX1: Math.round(face.box[0] * width),
    boundingBoxY1: Math.round(face.box[1] * height),
    boundingBoxX2: Math.round(face.box[2] * width),
    boundingBoxY2: Math.round(face.box[3] * height),
    sourceType: face.source ?? 'machine-learning',
    deletedAt: face.isDeleted ? '2024-11-11T11:11:11.000Z' : null,
    isVisible: !face.isInvisible,
  }));
}

/** Only faces that machine learning found have an embedding; one on another face breaks detection (docs/immich.md#faces). */
export function faceSearchRows(asset: PlannedAsset, context: LibraryContext): readonly Row[] {
  return (asset.spec.faces ?? []).flatMap((face, index) => {
    if (face.source !== undefined && face.source !== 'machine-learning') return [];
    const faceId = faceIdOf(context, asset.spec.key, index);
    return [{ faceId, embedding: faceEmbedding(face, `${asset.spec.key}:${index}`, context) }];
  });
}

export function textRows(asset: PlannedAsset, context: LibraryContext): readonly Row[] {
  return recognisedText(asset).map((text, line) => {
    const top = 0.1 + 0.15 * line;
    const bottom = top + 0.1;
    return {
      id: idOf(context, `ocr:${asset.spec.key}:${line}`),
      assetId: asset.id,
      ...{ x1: 0.1, y1: top, x2: 0.5, y2: top, x3: 0.5, y3: bottom, x4: 0.1, y4: bottom },
      boxScore: 0.95,
      textScore: 0.97,
      text,
      isVisible: true,
    };
  });
}

export function textSearchRow(asset: PlannedAsset): Row | undefined {
  const text = recognisedText(asset);
  return text.length === 0 ? undefined : { assetId: asset.id, text: text.join(' ') };
}

function recognisedText(asset: PlannedAsset): readonly string[] {
  return hasDone(asset.spec, 'ocr') ? asset.spec.text ?? [] : [];
}

/** Near the vector of the human, in whichever account the face is. */
function faceEmbedding(face: FaceSpec, name: string, context: LibraryContext): readonly number[] {
  const noise = gaussian(context, `face:${name}`);
  if (face.person === undefined) return unitVector(noise);
  const human = gaussian(context, `human:${humanOf(face.person)}`);
  return unitVector(human.map((value, index) => value + FACE_NOISE * (noise[index] ?? 0)));
}

function humanOf(key: PersonKey): string {
  const person: PersonSpec = PEOPLE[key];
  return person.sameHumanAs ?? key;
}

/** Normally distributed numbers (Box–Muller), so that directions are even. */
function gaussian(context: LibraryContext, name: string): readonly number[] {
  const random = randomNumbers(context.seed, name);
  return Array.from(
    { length: DIMENSIONS },
    () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}

/** Six digits are what a `real` can hold of such small numbers, and keep the statement short. */
function unitVector(values: readonly number[]): readonly number[] {
  const length = Math.hypot(...values);
  return values.map((value) => Number((value / length).toFixed(6)));
}
