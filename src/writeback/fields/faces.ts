import { boxOf, isOverlapping, isSameBox, type RegionBox, storedBox } from './face_boxes.ts';
import type { Field, MappingInput, Wanted } from './field.ts';
import { MICROSOFT_REGIONS, microsoftRegions, microsoftRegionsOfOthers } from './microsoft_regions.ts';
import type { FaceRecord, Size } from './record.ts';
import type { RegionKind } from './region_kinds.ts';
import { xmp } from './tag.ts';
import { excerpt, isWritable } from './text.ts';
import { type OwnValues, type Structure, structureIn, structuresIn, type Tags, type TagValue } from './values.ts';

export const REGION_INFO = 'XMP-mwg-rs:RegionInfo';

export const faceRegions = Object.freeze<Field>({
  flag: 'face-coordinates',
  isUsual: false,
  help: 'boxes around faces, with names (not part of --all)',
  meaning:
    'boxes around named faces, in the frame of the stored picture; in Microsoft’s way too where a file has such regions already, or with `--regions mwg,mp`',
  asks: 'faces',
  tags: [xmp(REGION_INFO, 'mwg-rs:Regions', 'regions'), xmp(MICROSOFT_REGIONS, 'MP:RegionInfo', 'microsoftRegions')],
  isKnown: ({ faces }) => (faces ?? []).length > 0,
  map: (input) => withMicrosofts(mapFaces(input), input),
  valuesOfOthers: (tags, own) => {
    const regions = othersRegions(tags, own);
    return {
      [REGION_INFO]: regions.length === 0 ? null : { RegionList: regions },
      [MICROSOFT_REGIONS]: microsoftRegionsOfOthers(tags, own),
    };
  },
});

const DEFAULT_KINDS: readonly RegionKind[] = ['mwg'];

/** The same faces in Microsoft's way, where a file has regions of that kind already, or somebody wants them. */
function withMicrosofts(wanted: Wanted, input: MappingInput): Wanted {
  const { record, current, beneath, own, options: { regions: kinds = DEFAULT_KINDS } } = input;
  const isThere = [current, beneath].some((tags) => (tags[MICROSOFT_REGIONS] ?? null) !== null);
  if (!isThere && !kinds.includes('mp')) return wanted;
  const faces = (record.faces ?? []).flatMap((face) => {
    const box = storedBox(face, record.orientation ?? 1);
    const { personName: name } = face;
    return box === undefined || name.trim() === '' || !isWritable(name) ? [] : [{ name, box }];
  });
  if (faces.length === 0 && own.values[MICROSOFT_REGIONS] === undefined) return wanted;
  const microsofts = microsoftRegions(faces, current, beneath, own);
  return {
    ...wanted,
    values: { ...wanted.values, [MICROSOFT_REGIONS]: microsofts.value },
    own: { ...wanted.own, [MICROSOFT_REGIONS]: microsofts.own },
  };
}

/** Six digits are a hundredth of a pixel in a picture of 10,000. */
const DECIMALS = 6;

/**
 * Named faces as regions (MWG Guidelines 2.0, 5.9), in the frame of the stored picture. Regions of other tools stay. A
 * region of the same name that overlaps ours is taken for an older one of ours and gets the new box.
 */
function mapFaces(input: MappingInput): Wanted {
  const { current, beneath, own, record, options: { regions: kinds = DEFAULT_KINDS } } = input;
  if (!kinds.includes('mwg') && own.values[REGION_INFO] === undefined) return {};
  const named = (record.faces ?? []).flatMap((face) => {
    const box = storedBox(face, record.orientation ?? 1);
    return box === undefined || face.personName.trim() === '' ? [] : [{ name: face.personName, box, face }];
  });
  const refused = named.filter(({ name }) => !isWritable(name))
    .map(({ name }) => `the name ${excerpt(name)} contains characters that metadata cannot hold`);
  const faces = named.filter(({ name }) => isWritable(name));
  const present = regionsOf(current);
  const here = othersRegions(current, own);
  const [first] = faces;
  if (first === undefined) {
    if (own.values[REGION_INFO] === undefined) return { refused };
    const left = here.length === 0 ? null : { ...structureIn(current, REGION_INFO), RegionList: here };
    return { values: { [REGION_INFO]: left }, own: { [REGION_INFO]: null }, refused };
  }
  // Regions of a sidecar replace those of the media file, so it gets these too.
  const others = here.length > 0 ? here : regionsOf(beneath);
  const isTaken = (region: Structure) => faces.some(({ name, box }) => isRegionOf(region, name, box));
  const known = [...present, ...others];
  const written = faces.map(({ name, box }) => withBox(known.find((it) => isRegionOf(it, name, box)), name, box));
  const list = [...others.filter((region) => !isTaken(region)), ...written];
  const size = record.storedSize ?? sizeBeforeOrientation(first.face, record.orientation ?? 1);
  const applied = { W: size.width, H: size.height, Unit: 'pixel' };
  // A region that was there before, the same, is somebody else's.
  const added = list.filter((region) => !here.some((other) => isSameRegion(other, region)));
  return {
    values: { [REGION_INFO]: { ...structureIn(current, REGION_INFO), AppliedToDimensions: applied, RegionList: list } },
    own: { [REGION_INFO]: added.length === 0 ? null : { RegionList: added } },
    refused,
  };
}

/** The regions that others wrote. */
function othersRegions(tags: Tags, own: OwnValues): readonly Structure[] {
  const ours = regionsOf(own.values);
  return regionsOf(tags).filter((region) => !ours.some((mine) => isSameRegion(region, mine)));
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
  return isName(region['Name'], mine['Name']) && a !== undefined && b !== undefined && isSameBox(a, b);
}

/** ExifTool's JSON has the names True and False in small letters. */
function isName(shown: TagValue | undefined, name: TagValue | undefined): boolean {
  if (shown === undefined || name === undefined) return shown === name;
  const [a, b] = [String(shown).normalize('NFC'), String(name).normalize('NFC')];
  return a === b || (/^(?:true|false)$/.test(a) && a === b.toLowerCase());
}

function regionsOf(tags: Tags): readonly Structure[] {
  return structuresIn(tags, REGION_INFO, 'RegionList');
}

function sizeBeforeOrientation(face: FaceRecord | undefined, orientation: number): Size {
  const [width, height] = [face?.imageWidth ?? 0, face?.imageHeight ?? 0];
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}
