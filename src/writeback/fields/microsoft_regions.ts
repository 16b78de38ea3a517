import { isOverlapping, isSameBox, type RegionBox } from './face_boxes.ts';
import { type OwnValues, type Structure, structureIn, structuresIn, type Tags, type TagValue } from './values.ts';

export const MICROSOFT_REGIONS = 'XMP-MP:RegionInfoMP';

interface NamedBox {
  readonly name: string;
  readonly box: RegionBox;
}

/** Six digits are a hundredth of a pixel in a picture of 10,000. */
const DECIMALS = 6;

/**
 * What a file is to say of these faces in Microsoft's way, and what of it is ours. Regions of others stay; one of the same name that overlaps ours is taken for the same and
 * gets the new box, whatever else it says.
 *
 * @param current of this file
 * @param beneath of the file beneath a sidecar
 */
export function microsoftRegions(
  faces: readonly NamedBox[],
  current: Tags,
  beneath: Tags,
  own: OwnValues,
): { readonly value: TagValue | null; readonly own: TagValue | null } {
  const here = othersIn(current, own);
  const others = here.length > 0 ? here : regionsIn(beneath);
  const isTaken = (region: Structure) => faces.some((face) => isOf(region, face));
  const known = [...regionsIn(current), ...others];
  const written = faces.map((face) => withBox(known.find((region) => isOf(region, face)), face));
  const list = faces.length === 0 ? here : [...others.filter((region) => !isTaken(region)), ...written];
  const added = list.filter((region) => !here.some((other) => isSame(other, region)));
  return {
    value: list.length === 0 ? null : { ...structureIn(current, MICROSOFT_REGIONS), Regions: list },
    own: added.length === 0 ? null : { Regions: added },
  };
}

/** The regions that others wrote, as a value; null when there are none. */
export function microsoftRegionsOfOthers(tags: Tags, own: OwnValues): TagValue | null {
  const regions = othersIn(tags, own);
  return regions.length === 0 ? null : { Regions: regions };
}

function othersIn(tags: Tags, own: OwnValues): readonly Structure[] {
  const ours = regionsIn(own.values);
  return regionsIn(tags).filter((region) => !ours.some((mine) => isSame(region, mine)));
}

function withBox(region: Structure | undefined, { name, box }: NamedBox): Structure {
  const before = region === undefined ? undefined : boxIn(region);
  if (region !== undefined && before !== undefined && isSameBox(before, box)) return region;
  const round = (value: number) => Number(value.toFixed(DECIMALS));
  const corner = [box.x - box.width / 2, box.y - box.height / 2, box.width, box.height];
  return { PersonDisplayName: name, ...region, Rectangle: corner.map(round).join(', ') };
}

/** Left, top, width and height, in shares of the stored picture. */
function boxIn(region: Structure): RegionBox | undefined {
  const sides = String(region['Rectangle'] ?? '').split(',').map(Number);
  const [left = NaN, top = NaN, width = NaN, height = NaN] = sides;
  if (sides.length !== 4 || !sides.every(Number.isFinite)) return undefined;
  return { x: left + width / 2, y: top + height / 2, width, height };
}

function isOf(region: Structure, { name, box }: NamedBox): boolean {
  const other = boxIn(region);
  return nameIn(region) === name.normalize('NFC') && other !== undefined && isOverlapping(other, box);
}

function isSame(a: Structure, b: Structure): boolean {
  const [x, y] = [boxIn(a), boxIn(b)];
  return nameIn(a) === nameIn(b) && x !== undefined && y !== undefined && isSameBox(x, y);
}

function nameIn(region: Structure): string {
  return String(region['PersonDisplayName'] ?? '').normalize('NFC');
}

/** Faces as Windows Photo Gallery and Picasa have them, with whatever else they say (e-mail, ids of accounts). */
function regionsIn(tags: Tags): readonly Structure[] {
  return structuresIn(tags, MICROSOFT_REGIONS, 'Regions');
}
