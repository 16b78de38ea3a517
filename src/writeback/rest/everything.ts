import { TAGS } from '../fields/fields.ts';
import { IPTC_TEXT } from '../fields/iptc.ts';
import { bytesOf, everythingIn } from '../exiftool/read.ts';
import type { ExifToolPool } from '../exiftool/pool.ts';
import type { WritePlan } from '../tags.ts';
import type { Loss, Losses } from './loss.ts';
import { isSameIptc } from './photoshop_rest.ts';
import { xmpLosses } from './xmp_rest.ts';
import { areAmong } from './among.ts';

/** Two files as ExifTool sees them: every tag of every group. */
export interface Everything {
  readonly hashes: readonly [string | undefined, string | undefined];
  readonly losses: Losses;
}

/** XMP as it stands in the file. */
const XMP_BLOCK = 'XMP:XMP';

/**
 * What follows from the file's being written anew: sizes, places, who wrote it, and what ExifTool computes or complains of. That is also what it
 * reads out of maker notes of Google's, which stand in XMP and are compared there: how, depends on what the process has read before.
 */
const INCIDENTAL =
  /^(?:SourceFile|ExifTool:.*|System:.*|Composite:.*|Google:.*|XMP:XMP|IPTC:IPTC|File:(?:FileType|FileTypeExtension|MIMEType|CurrentIPTCDigest|ImageDataHash)|RIFF:(?:WebP_Flags|ImageWidth|ImageHeight)|XMP-x:XMPToolkit|XMP-xmpNote:HasExtendedXMP|.*:(?:\w*Offsets?|Padding|\w*(?:Image|JpgFromRaw)Start|ChunkOffset64|MediaData|MediaDataSize|MetaImageSize|HandlerType|HandlerVendorID|FreeSpace|Free|Skip|Wide|OriginalDecisionData))$/;

/** What ExifTool adds to new records. */
const VERSIONS: ReadonlySet<string> = new Set(['IPTC:EnvelopeRecordVersion', 'IPTC:ApplicationRecordVersion']);
/** Where something new would be something that somebody says, and not what follows from the format. */
const SAYS_SOMETHING = /^(?:XMP-|IPTC|Keys:|ItemList:|UserData:|Photoshop:)/;

/** Compares a file with the one that was made for a plan. undefined when ExifTool cannot read one of them. */
export async function compareEverything(
  pool: ExifToolPool,
  plan: WritePlan,
  before: string,
  after: string,
): Promise<Everything | undefined> {
  const found = await everythingIn(pool, [before, after], [XMP_BLOCK, IPTC_TEXT]);
  const [old, made] = [found.get(before), found.get(after)];
  if (old === undefined || made === undefined) return undefined;
  const tags = plan.changes.map(({ tag }) => tag);
  const xmp = xmpOf(old, made, tags);
  const iptc = iptcOf(old, made, tags);
  const isLookedAt = (key: string) =>
    (xmp !== undefined && key.startsWith('XMP-')) || (iptc === true && key.startsWith('IPTC:'));
  const lost = [...old].filter(([key, values]) =>
    !INCIDENTAL.test(key) && !tags.includes(key) && !isLookedAt(key) && !goesWithTheLast(key, made) &&
    !areAmong(values, made.get(key) ?? [])
  );
  const added = [...made].filter(([key, values]) =>
    SAYS_SOMETHING.test(key) && !INCIDENTAL.test(key) && !VERSIONS.has(key) && !tags.includes(key) &&
    !isLookedAt(key) &&
    !areAmong(values, old.get(key) ?? [])
  );
  const names = new Set([...lost, ...added].map(([key]) => key));
  const hash = (values: Tagged) => values.get('File:ImageDataHash')?.[0];
  return {
    hashes: [hash(old), hash(made)],
    losses: [...xmp ?? [], ...[...names].map((key): Loss => ({ what: key, tags: blamedFor(key, tags) }))],
  };
}

/** Values by group 1 and name, each as JSON; a name may be there several times. */
type Tagged = ReadonlyMap<string, readonly string[]>;

/** What ExifTool has added to a new directory, or somebody else has, goes when nothing is left in it. */
const REQUIRED =
  /^(?:GPS:GPSVersionID|ExifIFD:(?:ExifVersion|ComponentsConfiguration|ColorSpace|FlashpixVersion)|IFD0:(?:[XY]Resolution|ResolutionUnit|YCbCrPositioning)|IPTC:(?:Envelope|Application)RecordVersion|IPTC:CodedCharacterSet|File:ExifByteOrder)$/;

function goesWithTheLast(key: string, made: Tagged): boolean {
  if (!REQUIRED.test(key)) return false;
  const group = key === 'File:ExifByteOrder' ? 'IFD0:' : key.slice(0, key.indexOf(':') + 1);
  return ![...made.keys()].some((other) => other.startsWith(group) && !REQUIRED.test(other) && !INCIDENTAL.test(other));
}

function xmpOf(old: Tagged, made: Tagged, tags: readonly string[]): Losses | undefined {
  const packets = (values: Tagged) => (values.get(XMP_BLOCK) ?? []).map((json) => bytesOf(JSON.parse(json)).toString());
  const before = packets(old);
  return before.length === 0 ? undefined : xmpLosses(before, packets(made), tags);
}

function iptcOf(old: Tagged, made: Tagged, tags: readonly string[]): boolean | undefined {
  const [before, after] = [old.get(IPTC_TEXT), made.get(IPTC_TEXT)];
  if ((before?.length ?? 0) > 1 || (after?.length ?? 0) > 1) return undefined;
  const bytes = (json: string | undefined) => json === undefined ? undefined : bytesOf(JSON.parse(json));
  return isSameIptc(bytes(before?.[0]), bytes(after?.[0]), tags);
}

/** The planned tags that may have done it: of the same name, else of the same kind. */
function blamedFor(key: string, tags: readonly string[]): string[] {
  const name = nameOf(key).replace(/-[A-Za-z]{2,3}(?:-[A-Za-z]+)*$/, '');
  const namesakes = tags.filter((tag) => nameOf(tag) === name);
  if (namesakes.length > 0) return namesakes;
  const block = blockOf(key);
  return tags.filter((tag) => TAGS.get(tag)?.block === block);
}

function nameOf(tag: string): string {
  return tag.slice(tag.indexOf(':') + 1);
}

function blockOf(key: string): string {
  if (key.startsWith('XMP')) return 'xmp';
  if (/^(?:IPTC|Photoshop)/.test(key)) return 'iptc';
  return /^(?:QuickTime|Keys|ItemList|UserData|Track|Meta|iTunes|AudioKeys|VideoKeys)/.test(key) ? 'quickTime' : 'exif';
}
