import { isDeepStrictEqual } from 'node:util';
import { inTree } from '../../../src/config/destination.ts';
import type { WriteConfig } from '../../../src/config/config.ts';
import type { Destination } from '../../../src/config/destination.ts';
import { WRITE_LIMITS } from '../../../src/writeback/limits.ts';
import type { WritePlan } from '../../../src/writeback/tags.ts';
import { exifTool } from '../../harness/exiftool.ts';
import { configOf, filesBelow, libraryFiles, stateOf, undoAll, write } from '../run/helper.ts';
import { householdWith } from './household.ts';

/** What became of one file of a corpus, in words; `faults` are what must not be. */
export interface Journey {
  readonly name: string;
  readonly destination: Destination;
  readonly isWritten: boolean;
  readonly hasSidecar: boolean;
  /** Why it, or a tag of it, was left alone. */
  readonly leftAlone: string | undefined;
  readonly faults: readonly string[];
}

export const DESTINATIONS = Object.freeze(['embed', 'sidecar', 'both', 'tree'] as const);

/**
 * Takes a corpus the whole way, as a run does it, with all fields: written, looked at again, compared anew by a process that has no ledger, and
 * undone. The faults of a file are: a tag that nobody planned to change is another or gone, the picture is another, a later run writes
 * it again, or undo does not give it back byte for byte.
 */
export async function goTheWholeWay(
  files: ReadonlyMap<string, Uint8Array>,
  to: typeof DESTINATIONS[number],
): Promise<Journey[]> {
  await using world = await householdWith(files);
  const tree = `${world.directory}/sidecars`;
  if (to === 'tree') Deno.mkdirSync(tree);
  const destination: Destination = to === 'tree' ? inTree(Deno.realPathSync(tree)) : to;
  const config = configOf(world, { destination });
  const paths = libraryFiles(world);
  const before = await everythingIn(paths);
  const plans = new Map<string, WritePlan>();
  const report = await write(config, {
    onPlan: (_, plan) => plans.set(plan.path, plan),
    limits: { ...WRITE_LIMITS, troubles: files.size },
  });
  const reasons = new Map(report.troubles.map(({ path, reason }) => [path, reason]));
  const after = await everythingIn(paths);
  const faults = new Map(paths.map((path) => [path, [] as string[]]));
  const blame = (path: string, fault: string) => faults.get(path)?.push(fault);
  // Of some formats ExifTool says something else each time: what is the same byte for byte is the same.
  const changed = paths.filter((path) => !isSame(Deno.readFileSync(path), files.get(nameOf(path)) ?? new Uint8Array()));
  for (const path of changed) for (const fault of differences(before, after, path, plans.get(path))) blame(path, fault);
  const all = () => [...libraryFiles(world), ...(to === 'tree' ? filesBelow(tree) : [])];
  const written = new Map(all().map((path) => [path, Deno.readFileSync(path)]));
  const made = [...written.keys()].filter((path) => !faults.has(path));

  const assertStays = async (how: string, options: Partial<WriteConfig>) => {
    const planned = new Map<string, WritePlan>();
    const onPlan = (_: unknown, plan: WritePlan) => void planned.set(plan.path, plan);
    await write({ ...config, write: { ...config.write, ...options } }, { onPlan });
    for (const [path, bytes] of written) {
      if (isSame(Deno.readFileSync(path), bytes)) continue;
      blame(originalOf(path, paths), `${how} writes it again: ${tagsIn(planned.get(path))}`);
    }
  };
  await assertStays('a second run', {});
  await assertStays('a run without the ledger', { stateDirectory: `${stateOf(world)}-new` });

  await undoAll(config);
  for (const path of all()) {
    const original = files.get(nameOf(path));
    if (original === undefined) blame(originalOf(path, paths), `undo leaves ${nameOf(path)}`);
    else if (!isSame(Deno.readFileSync(path), original)) blame(path, 'undo does not give it back byte for byte');
  }
  return paths.map((path) => ({
    name: nameOf(path),
    destination,
    isWritten: !isSame(written.get(path) ?? new Uint8Array(), files.get(nameOf(path)) ?? new Uint8Array()),
    hasSidecar: made.some((sidecar) => originalOf(sidecar, paths) === path),
    leftAlone: reasons.get(path),
    faults: faults.get(path) ?? [],
  }));
}

/** Every tag of these files, wherever it stands in them: what is there twice is two. */
async function everythingIn(paths: readonly string[]): Promise<Map<string, Record<string, unknown>>> {
  const options = ['-j', '-G1:5', '-struct', '-n', '-api', 'requesttags=imagedatahash', '-charset', 'filename=utf8'];
  const { output } = await exifTool([...options, ...paths.filter((path) => Deno.statSync(path).size > 0)]);
  const rows: Record<string, unknown>[] = JSON.parse(output);
  return new Map(rows.map((row) => [String(row.SourceFile), row]));
}

type Everything = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** Where things lie in a file that is written anew, and what ExifTool computes from other tags. */
const INCIDENTAL =
  /^(?:SourceFile|(?:MWG|File|ExifTool|System|Composite|Google):.*|RIFF:(?:WebP_Flags|Image(?:Width|Height))|XMP-x:XMPToolkit|XMP-xmpNote:HasExtendedXMP|.*:(?:\w*Offsets?|StripByteCounts|MediaDataSize|MPImageLength|\w*(?:Image|JpgFromRaw)Start|HandlerType|HandlerVendorID|ExifByteOrder))$/;

/** What a block of EXIF or IPTC has to have besides, or says of it as a whole. */
const ATTENDANT =
  /^(?:GPS:GPSVersionID|IFD0:(?:YCbCrPositioning|[XY]Resolution|ResolutionUnit)|ExifIFD:(?:ExifVersion|ComponentsConfiguration|ColorSpace|FlashpixVersion)|IPTC:(?:EnvelopeRecordVersion|ApplicationRecordVersion|CodedCharacterSet)|Photoshop:IPTCDigest)$/;

function differences(before: Everything, after: Everything, path: string, plan: WritePlan | undefined): string[] {
  const [was, is] = [before.get(path), after.get(path)];
  if (was === undefined || is === undefined) return [];
  const planned = new Set(plan?.changes.map(({ tag }) => tag));
  // The bytes of others are the same, and what they are was not said before.
  const isRead = (tag: string) => planned.has('IPTC:CodedCharacterSet') && tag.startsWith('IPTC:');
  const isElsewhere = (place: string, value: unknown, all: Readonly<Record<string, unknown>>) =>
    Object.entries(all).some(([other, found]) => tagAt(other) === tagAt(place) && isDeepStrictEqual(found, value));
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((place) => {
    const tag = tagAt(place);
    if (isDeepStrictEqual(was[place], is[place]) || planned.has(tag)) return [];
    if (tag === 'File:ImageDataHash') return ['it shows another picture'];
    if (INCIDENTAL.test(tag) || isRead(tag)) return [];
    if (ATTENDANT.test(tag) && (was[place] === undefined || /^(?:IPTC|Photoshop):/.test(tag))) return [];
    // It stands in another chunk now.
    const hasMoved = (was[place] === undefined || isElsewhere(place, was[place], is)) &&
      (is[place] === undefined || isElsewhere(place, is[place], was));
    return hasMoved ? [] : [`${place} was ${JSON.stringify(was[place])} and is ${JSON.stringify(is[place])}`];
  });
}

/** Its group and name, without where in the file it stands. */
function tagAt(place: string): string {
  return `${place.replace(/:.*/, '')}:${place.replace(/.*:/, '')}`;
}

function tagsIn(plan: WritePlan | undefined): string {
  return plan?.changes.map(({ tag, before, after }) => `${tag} ${JSON.stringify(before)} -> ${JSON.stringify(after)}`)
    .join(', ') ?? '';
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A sidecar is named after its original, with or without its extension. */
function originalOf(path: string, paths: readonly string[]): string {
  if (paths.includes(path)) return path;
  const stem = nameOf(path).replace(/\.xmp$/i, '');
  return paths.find((one) => nameOf(one) === stem) ??
    paths.find((one) => nameOf(one).replace(/\.[^.]+$/, '') === stem) ?? path;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
