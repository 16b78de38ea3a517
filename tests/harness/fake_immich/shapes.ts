import type { Edit } from '../../../src/immich/edits.ts';
import { capture, type Dialect, type Json } from './captures.ts';
import type { FakeAlbum, FakeAsset, FakeFace, FakeLibrary, FakePerson, FakeTag } from './library.ts';

// Everything here is a captured object in which the known fields are replaced, so that what a release does not have is
// missing and what this program does not know is there.

interface SearchCapture {
  readonly assets: { readonly items: readonly Json[] };
}

export interface AssetParts {
  readonly withExif: boolean;
  readonly withPeople: boolean;
}

/** An item of `POST /search/metadata`. */
export function assetJson(dialect: Dialect, library: FakeLibrary, asset: FakeAsset, parts: AssetParts): Json {
  const { exifInfo, ...template } = capture<SearchCapture>(dialect, 'search-metadata').assets.items[0] ?? {};
  const fileName = asset.originalPath.slice(asset.originalPath.lastIndexOf('/') + 1);
  return {
    ...template,
    ...(dialect === '2.7.5' && { deviceAssetId: fileName, unassignedFaces: [] }),
    id: asset.id,
    ownerId: asset.ownerId,
    libraryId: asset.libraryId,
    type: asset.type,
    originalPath: asset.originalPath,
    originalFileName: fileName,
    fileCreatedAt: milliseconds(asset.fileCreatedAt),
    localDateTime: milliseconds(asset.localDateTime),
    updatedAt: milliseconds(asset.updatedAt),
    isFavorite: asset.ownerId === library.userId && asset.isFavorite,
    isArchived: asset.visibility === 'archive',
    isTrashed: asset.isDeleted,
    isOffline: asset.isOffline,
    visibility: asset.visibility,
    isEdited: asset.isEdited,
    width: asset.width,
    height: asset.height,
    ...(parts.withExif && asset.exif && { exifInfo: { ...(exifInfo as Json), ...asset.exif } }),
    people: parts.withPeople ? peopleJson(dialect, asset.faces.filter(isShown)) : [],
  };
}

/** As people of a page: with their faces until 2.7, unedited. */
function peopleJson(dialect: Dialect, faces: readonly FakeFace[]): readonly Json[] {
  const people = new Map<string, { person: FakePerson; faces: FakeFace[] }>();
  for (const face of faces) {
    if (face.person === null) continue;
    const entry = people.get(face.person.id) ?? { person: face.person, faces: [] };
    people.set(face.person.id, entry);
    entry.faces.push(face);
  }
  return [...people.values()].map((entry) => ({
    ...personJson(dialect, entry.person),
    ...(dialect === '2.7.5' && { faces: entry.faces.map((face) => faceWithoutPersonJson(dialect, face)) }),
  }));
}

export function isShown(face: FakeFace): boolean {
  return face.isVisible && !face.isDeleted;
}

function personJson(dialect: Dialect, person: FakePerson): Json {
  const [template] = capture<readonly { readonly person: Json }[]>(dialect, 'faces');
  return { ...template?.person, ...person };
}

function faceWithoutPersonJson(
  dialect: Dialect,
  { isVisible: _, isDeleted: __, person: ___, ...face }: FakeFace,
): Json {
  const [{ person: ____, ...template } = {}] = capture<readonly Json[]>(dialect, 'faces');
  return { ...template, ...face };
}

/** `GET /faces`: in the frame of the edited picture. */
export function facesJson(dialect: Dialect, asset: FakeAsset): readonly Json[] {
  return asset.faces.filter(isShown)
    .map((face) => ({
      ...faceWithoutPersonJson(dialect, edited(face, asset)),
      person: face.person === null ? null : personJson(dialect, face.person),
    }))
    .sort((a, b) => Number((a as Json).boundingBoxX1) - Number((b as Json).boundingBoxX1));
}

/** What edits make of a face, cut to whole pixels as Immich does. */
function edited(face: FakeFace, { edits, exif }: FakeAsset): FakeFace {
  if (edits.length === 0) return face;
  const isTurned = /^[5-8]$/.test(exif?.orientation ?? '');
  const [stored, other] = [exif?.exifImageWidth ?? 0, exif?.exifImageHeight ?? 0];
  let [width, height] = isTurned ? [other, stored] : [stored, other];
  const [scaleX, scaleY] = [width / face.imageWidth, height / face.imageHeight];
  let [a, b] = [
    { x: face.boundingBoxX1 * scaleX, y: face.boundingBoxY1 * scaleY },
    { x: face.boundingBoxX2 * scaleX, y: face.boundingBoxY2 * scaleY },
  ];
  const move = (change: (point: { x: number; y: number }) => { x: number; y: number }) =>
    [a, b] = [change(a), change(b)];
  for (const { action, parameters } of [...edits].sort((one, two) => rank(one) - rank(two))) {
    const value = (name: string) => Number(parameters[name]);
    if (action === 'crop') {
      move(({ x, y }) => ({ x: x - value('x'), y: y - value('y') }));
      [width, height] = [value('width'), value('height')];
    } else if (action === 'mirror') {
      const [w, h] = [width, height];
      move(({ x, y }) => parameters.axis === 'horizontal' ? { x, y: h - y } : { x: w - x, y });
    } else if (action === 'rotate') {
      for (let quarter = 0; quarter < value('angle') / 90; quarter++) {
        const h = height;
        move(({ x, y }) => ({ x: h - y, y: x }));
        [width, height] = [height, width];
      }
    }
  }
  return {
    ...face,
    imageWidth: width,
    imageHeight: height,
    boundingBoxX1: Math.trunc(Math.min(a.x, b.x)),
    boundingBoxY1: Math.trunc(Math.min(a.y, b.y)),
    boundingBoxX2: Math.trunc(Math.max(a.x, b.x)),
    boundingBoxY2: Math.trunc(Math.max(a.y, b.y)),
  };
}

/** Immich crops before everything else. */
function rank({ action }: Edit): number {
  return action === 'crop' ? 0 : 1;
}

export function albumJson(dialect: Dialect, album: FakeAlbum): Json {
  const [template] = capture<readonly Json[]>(dialect, 'albums');
  const owner = dialect === '2.7.5' ? { ownerId: album.ownerId, assets: [] } : {};
  return { ...template, ...owner, id: album.id, albumName: album.name, assetCount: album.assetIds.length };
}

export function tagJson(dialect: Dialect, { id, parentId, value }: FakeTag): Json {
  const { parentId: _, ...template } = capture<readonly Json[]>(dialect, 'tags')[0] ?? {};
  return { ...template, id, value, name: value.slice(value.lastIndexOf('/') + 1), ...(parentId && { parentId }) };
}

/** Immich's times are finer than those it tells. */
function milliseconds(time: string): string {
  return new Date(time).toISOString();
}
