import { REGION_INFO } from '../tag_names.ts';
import type { FaceRecord, Size } from '../record.ts';
import type { TagValue } from '../tags.ts';
import { boxOf, isOverlapping, isSameBox, type RegionBox, storedBox } from './face_boxes.ts';
import type { MappingInput, Wanted } from './mapping.ts';
import { excerpt, isWritable } from './text.ts';

type Structure = { readonly [field: string]: TagValue };

/** Six digits are a hundredth of a pixel in a picture of 10,000. */
const DECIMALS = 6;

/**
 * Named faces as regions (MWG Guidelines 2.0, 5.9), in the frame of the stored picture. Regions of other tools stay. A
 * region of the same name that overlaps ours is taken for an older one of ours and gets the new box.
 */
export function mapFaces({ record, current, own }: MappingInput): Wanted {
  const faces = (record.faces ?? []).flatMap((face) => {
    const box = storedBox(face, record.orientation ?? 1);
    return box === undefined || face.personName.trim() === '' ? [] : [{ name: face.personName, box, face }];
  });
  const [hold, refused] = [faces.filter(({ name }) => isWritable(name)), faces.filter(({ name }) => !isWritable(name))];
  const present = regionsOf(current[REGION_INFO] ?? null);
  const ours = regionsOf(own.values[REGION_INFO] ?? null);
  const others = present.filter((region) => !ours.some((mine) => isSameRegion(region, mine)));
  const sentences = refused.map(({ name }) =>
    `the name ${excerpt(name)} contains characters that metadata cannot hold`
  );
  if (hold.length === 0) {
    if (ours.length === 0) return { refused: sentences };
    const left = others.length === 0 ? null : { ...structure(current[REGION_INFO]), RegionList: others };
    return { values: { [REGION_INFO]: left }, own: { [REGION_INFO]: null }, refused: sentences };
  }
  const written = hold.map(({ name, box }) =>
    withBox(present.find((region) => isRegionOf(region, name, box)), name, box)
  );
  const kept = others.filter((region) => !hold.some(({ name, box }) => isRegionOf(region, name, box)));
  const size = record.storedSize ?? sizeBeforeOrientation(hold[0]?.face, record.orientation ?? 1);
  const info = {
    ...structure(current[REGION_INFO]),
    AppliedToDimensions: { W: size.width, H: size.height, Unit: 'pixel' },
    RegionList: [...kept, ...written],
  };
  // A region that was there before, the same, is somebody else's.
  const added = written.filter((region) => !others.some((other) => isSameRegion(other, region)));
  return {
    values: { [REGION_INFO]: info },
    own: { [REGION_INFO]: added.length === 0 ? null : { RegionList: added } },
    refused: sentences,
  };
}

/** Keeps what else was known of the region, its box included if that is the same. */
function withBox(region: Structure | undefined, name: string, box: RegionBox): Structure {
  const before = region === undefined ? undefined : boxOf(region);
  if (region !== undefined && before !== undefined && isSameBox(before, box)) return region;
  const round = (value: number) => Number(value.toFixed(DECIMALS));
  const area = { X: round(box.x), Y: round(box.y), W: round(box.width), H: round(box.height), Unit: 'normalized' };
  return { Name: name, Type: 'Face', ...region, Area: area };
}

function isRegionOf(region: Structure, name: string, box: RegionBox): boolean {
  const other = boxOf(region);
  return isName(region['Name'], name) && other !== undefined && isOverlapping(other, box);
}

function isSameRegion(region: Structure, mine: Structure): boolean {
  const [a, b] = [boxOf(region), boxOf(mine)];
  return isName(region['Name'], String(mine['Name'])) && a !== undefined && b !== undefined && isSameBox(a, b);
}

/** ExifTool's JSON has the names True and False in small letters. */
function isName(shown: TagValue | undefined, name: string): boolean {
  if (shown === undefined) return false;
  const [a, b] = [String(shown).normalize('NFC'), name.normalize('NFC')];
  return a === b || (/^(?:true|false)$/.test(a) && a === b.toLowerCase());
}

function regionsOf(info: TagValue | null): readonly Structure[] {
  const list = structure(info)['RegionList'];
  return (Array.isArray(list) ? list : []).filter((entry): entry is Structure => isStructure(entry));
}

function structure(value: TagValue | null | undefined): Structure {
  return isStructure(value) ? value : {};
}

function isStructure(value: TagValue | null | undefined): value is Structure {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sizeBeforeOrientation(face: FaceRecord | undefined, orientation: number): Size {
  const [width, height] = [face?.imageWidth ?? 0, face?.imageHeight ?? 0];
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}
