import { Buffer } from 'node:buffer';
import { REGION_INFO } from '../fields/faces.ts';
import { MICROSOFT_REGIONS } from '../fields/microsoft_regions.ts';
import { IPTC_CHARSET, IPTC_TEXT, type IptcText, iptcTextOf, UTF8 } from '../fields/iptc.ts';
import type { Tags, TagValue } from '../fields/values.ts';
import { pathArgument, PLAIN_ARGUMENTS } from './arguments.ts';
import type { ExifToolPool } from './pool.ts';

/** What ExifTool says about a file. */
export interface Reading {
  /** `JPEG`, `HEIC`, `MP4`; undefined when it does not know the content. */
  readonly fileType: string | undefined;
  /** By group 1 and name. Numbers are the digits in the file, as text. */
  readonly tags: Tags;
  /** Why it cannot make sense of the file. */
  readonly error: string | undefined;
}

const ALWAYS: readonly string[] = Object.freeze(['FileType', 'Error']);

/**
 * The fields of face regions by ExifTool's flat names, which are others once it has written some (13.59). A region may have
 * more, of anybody's invention: what has regions is read once more as a whole.
 */
const REGION_FIELDS: readonly string[] = Object.freeze([
  ...['W', 'H', 'Unit'].flatMap((field) =>
    ['Region', 'Regions'].map((region) => `${region}AppliedToDimensions${field}`)
  ),
  ...['Name', 'Type', 'AreaX', 'AreaY', 'AreaW', 'AreaH', 'AreaUnit']
    .flatMap((field) => ['Region', 'RegionsRegionList'].map((region) => `${region}${field}`)),
  ...['Rectangle', 'PersonDisplayName'].flatMap((field) => [`Region${field}`, `RegionInfoMPRegions${field}`]),
]);

/**
 * Reads these tags of these files, in one command. Files that ExifTool does not find are missing in the answer.
 *
 * @param paths absolute, of files that can be named
 * @param tags by their full names; a structure is read with all its fields
 */
export async function readTags(
  pool: ExifToolPool,
  paths: readonly string[],
  tags: readonly string[],
): Promise<Map<string, Reading>> {
  if (!tags.some((tag) => tag.startsWith('IPTC:'))) return await readAll(pool, paths, tags);
  const withIptc = [...new Set([...tags, IPTC_CHARSET, IPTC_TEXT])];
  const readings = await readAll(pool, paths, withIptc);
  const several = new Set([...readings].flatMap(([path, { tags }]) => tags[OTHER_IPTC] === undefined ? [] : [path]));
  const texts = await textsOfUnmarked(pool, [...readings].filter(([path]) => !several.has(path)));
  // Hardly any file has unmarked IPTC in UTF-8.
  const utf8 = [...texts].flatMap(([path, text]) => text === 'utf8' ? [path] : []);
  for (const [path, reading] of await readAll(pool, utf8, withIptc, '-charset', 'iptc=UTF8')) {
    readings.set(path, reading);
  }
  for (const [path, { tags: found, ...reading }] of readings) {
    const { [OTHER_IPTC]: _, [IPTC_TEXT]: block, ...others } = found;
    const text = several.has(path) ? 'several' : texts.get(path) ?? 'utf8';
    const isThere = several.has(path) || block !== undefined;
    readings.set(path, { ...reading, tags: isThere ? { ...others, [IPTC_TEXT]: text } : others });
  }
  return readings;
}

/** What the texts of IPTC are that does not say to be UTF-8, by path. */
async function textsOfUnmarked(
  pool: ExifToolPool,
  readings: readonly (readonly [string, Reading])[],
): Promise<Map<string, IptcText>> {
  const unmarked = readings.filter(([, { tags }]) => tags[IPTC_TEXT] !== undefined && tags[IPTC_CHARSET] !== UTF8);
  if (unmarked.length === 0) return new Map();
  const { output } = await pool.run(readCommand(unmarked.map(([path]) => path), [IPTC_TEXT], '-b'));
  return new Map(parse(output).map((entry) => [String(entry['SourceFile']), blockTextOf(entry[IPTC_TEXT])]));
}

async function readAll(
  pool: ExifToolPool,
  paths: readonly string[],
  tags: readonly string[],
  ...options: readonly string[]
): Promise<Map<string, Reading>> {
  if (paths.length === 0) return new Map();
  const readings = readingsOf((await pool.run(readCommand(paths, tags, ...options))).output);
  const structured = [...readings].filter(([, reading]) =>
    reading.tags[REGION_INFO] !== undefined || reading.tags[MICROSOFT_REGIONS] !== undefined
  );
  for (const [path, { tags: { [OTHER_IPTC]: other } }] of structured) {
    const whole = readingsOf((await pool.run(readWholeCommand(path, tags, ...options))).output).get(path);
    if (whole === undefined) continue;
    readings.set(path, other === undefined ? whole : { ...whole, tags: { ...whole.tags, [OTHER_IPTC]: other } });
  }
  return readings;
}

/** ExifTool's name for the second block, and for one in a trailer. */
const OTHER_IPTC = 'IPTC2:IPTC';

function blockTextOf(value: TagValue | undefined): IptcText {
  return iptcTextOf(bytesOf(value));
}

/** The bytes of a value that was read with -b. */
export function bytesOf(value: TagValue | undefined): Buffer {
  const [, base64] = /^base64:(.*)$/s.exec(String(value)) ?? [];
  return base64 === undefined ? Buffer.from(String(value)) : Buffer.from(base64, 'base64');
}

/** The arguments of a command that reads. */
function readCommand(paths: readonly string[], tags: readonly string[], ...options: readonly string[]): string[] {
  const hasRegions = tags.includes(REGION_INFO) || tags.includes(MICROSOFT_REGIONS);
  const names = new Set([...ALWAYS, ...tags.map(nameOf), ...(hasRegions ? REGION_FIELDS : [])]);
  return [
    ...PLAIN_ARGUMENTS,
    ...['-json', '-G1', '-struct', '-e', ...options],
    // Everything else is passed over, which halves the time; and all names stand in one argument, as each argument costs 0.08 ms.
    // A name may occur in several groups: all of them are wanted.
    ...['-a', '-api', 'IgnoreTags=All', '-api', `RequestTags=${[...names].join(',')}`],
    ...paths.map(pathArgument),
  ];
}

/** The arguments of a command that reads structures with all their fields, whatever they are. */
function readWholeCommand(path: string, tags: readonly string[], ...options: readonly string[]): string[] {
  const named = [...ALWAYS, ...tags].map((tag) => `-${tag}`);
  return [...PLAIN_ARGUMENTS, '-json', '-G1', '-struct', '-e', ...options, ...named, pathArgument(path)];
}

/** The XMP of a file as it stands there; undefined when there is none. */
export async function xmpPacketOf(pool: ExifToolPool, path: string): Promise<string | undefined> {
  const { output } = await pool.run([...PLAIN_ARGUMENTS, '-json', '-b', '-e', '-XMP', pathArgument(path)]);
  const value = parse(output)[0]?.['XMP'];
  if (value === undefined) return undefined;
  const [, base64] = /^base64:(.*)$/s.exec(String(value)) ?? [];
  return base64 === undefined ? String(value) : Buffer.from(base64, 'base64').toString();
}

/**
 * Everything that ExifTool finds in these files, and its hashes of the pictures: values as JSON by group 1 and name, of which there may
 * be several, structures whole, in all languages, unknown and binary ones too.
 *
 * @param blocks that are wanted as they stand in the file
 */
export async function everythingIn(
  pool: ExifToolPool,
  paths: readonly string[],
  blocks: readonly string[],
): Promise<Map<string, ReadonlyMap<string, readonly string[]>>> {
  const { output } = await pool.run([
    ...PLAIN_ARGUMENTS,
    ...['-json', '-G1:4', '-a', '-struct', '-e', '-u', '-U', '-b'],
    // The picture or film is compared by its hash.
    ...['-api', 'IgnoreTags=MediaData'],
    ...['-all', '-ImageDataHash', ...blocks.map((block) => `-${nameOf(block)}`), '--System:all'],
    ...paths.map(pathArgument),
  ]);
  return new Map(
    parse(output).map((entry) => {
      const found = new Map<string, string[]>();
      for (const [tag, value] of Object.entries(entry)) {
        const key = tag.replace(/:Copy\d+:/, ':');
        found.set(key, [...found.get(key) ?? [], JSON.stringify(value)]);
      }
      return [String(entry['SourceFile']), found];
    }),
  );
}

function nameOf(tag: string): string {
  return tag.slice(tag.indexOf(':') + 1);
}

/** What a command that reads has printed, by path. */
function readingsOf(output: string): Map<string, Reading> {
  return new Map(parse(output).map((entry) => [String(entry['SourceFile']), readingOf(entry)]));
}

function readingOf(entry: Record<string, TagValue>): Reading {
  const { SourceFile: _, ...tags } = entry;
  const text = (tag: string) => tags[tag] === undefined ? undefined : String(tags[tag]);
  return {
    fileType: text('File:FileType'),
    tags,
    error: text('ExifTool:Error'),
  };
}

/** ExifTool shows all that looks like a number as one: a person called 1.10 keeps the nought only as text. */
function parse(json: string): Record<string, TagValue>[] {
  if (json.trim() === '') return [];
  return JSON.parse(
    json,
    (_key, value, context?: { source?: string }) =>
      typeof value === 'number' ? context?.source ?? String(value) : value,
  );
}
