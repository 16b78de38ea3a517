import { count, list, named } from '../config/words.ts';
import { UserError } from '../errors.ts';
import type { Root } from '../files/path_map.ts';
import { readSettings } from '../immich/settings.ts';
import { environmentOfPerl } from '../writeback/exiftool/environment.ts';
import { type Destination, isEmbedded, treeOf } from '../config/destination.ts';
import { writeTimesOf } from '../config/write_times.ts';
import { fittingRoot } from '../writeback/mount_check.ts';
import type { Check } from './check.ts';
import { fail, ok, skipped, type Verdict, warn } from './finding.ts';
import { parseVersion } from './releases.ts';
import { lookAtState } from './state_directory.ts';
import type { Subject } from './subject.ts';
import { assertSetUp, isSetUp, type SampledOriginal } from './write_sample.ts';

/** Writing into files: what it needs, and whether it finds the files. */
export const WRITE_CHECKS: readonly Check[] = [
  { group: 'write', name: 'write.exiftool', look: lookAtExifTool },
  { group: 'write', name: 'write.files', look: lookAtFiles },
  { group: 'write', name: 'write.read', look: lookAtReading },
  { group: 'write', name: 'write.ledger', look: lookAtState },
  { group: 'write', name: 'write.destination', look: lookAtDestination },
  { group: 'write', name: 'write.time_zone', look: lookAtZone },
  { group: 'write', name: 'write.faces', look: lookAtFaces },
];

async function lookAtExifTool(subject: Subject): Promise<readonly Verdict[]> {
  try {
    const { version, command: { program } } = await subject.exifTool.get();
    return [
      ok(`ExifTool ${version}, ${program === 'perl' ? `run by Perl ${await perlVersion()}` : `at ${named(program)}`}.`),
    ];
  } catch (error) {
    if (!(error instanceof UserError) || await isWanted(subject)) throw error;
    return [skipped(`${error.message} Only write-back needs it, which is not set up.`)];
  }
}

async function isWanted(subject: Subject): Promise<boolean> {
  const config = await subject.config.orNothing();
  return config !== undefined && (isSetUp(config) || config.write.exiftoolPath !== undefined);
}

async function perlVersion(): Promise<string> {
  const { stdout } = await new Deno.Command('perl', {
    args: ['-e', 'printf "%vd", $^V'],
    stdin: 'null',
    env: environmentOfPerl(),
    clearEnv: true,
  }).output();
  return new TextDecoder().decode(stdout);
}

async function lookAtFiles(subject: Subject): Promise<readonly Verdict[]> {
  const { originals, locator } = await subject.samples.get();
  const missing = originals.filter(({ located }) => !located.isFound);
  const fit = missing.length * 2 > originals.length
    ? fittingRoot(missing.map(({ immichPath }) => immichPath), locator.directories)
    : undefined;
  return [judgeFiles(originals, fit, locator.directories)];
}

/**
 * @param fit the pair of directories under which most of those that are missing would be found
 * @param directories in which was looked
 */
export function judgeFiles(
  originals: readonly SampledOriginal[],
  fit: Root | undefined,
  directories: readonly string[],
): Verdict {
  const missing = originals.filter(({ located }) => !located.isFound);
  const [example] = missing;
  if (originals.length === 0) return ok('There are no photos to write into yet.');
  if (example === undefined) return ok(`All of ${count(originals.length, 'sampled file')} to write into are here.`);
  const where = example.located.path === undefined
    ? 'of which nothing says where it is'
    : `looked for at ${named(example.located.path)}`;
  const message = `${missing.length} of ${count(originals.length, 'sampled file')} to write into are not here, for ` +
    `example ${named(example.immichPath)}, ${where}.`;
  if (fit !== undefined) return fail(message, `This would fit: PATH_MAP=${fit.immich}=${fit.local}`);
  if (missing.length * 2 > originals.length) {
    const looked = directories.length === 0 ? 'no directory, as none of those configured exists' : list(directories);
    return fail(message, `Say with PATH_MAP where they are: PATH_MAP=/data=/mnt/photos. Looked in ${looked}.`);
  }
  return warn(message, 'They are counted as not-found; the others are written.');
}

/** One of each kind says most; ExifTool reads ten files in a second on a small machine. */
const READ = 10;

async function lookAtReading(subject: Subject): Promise<readonly Verdict[]> {
  const [{ originals }, exifTool] = [await subject.samples.use(), await subject.exifTool.use()];
  const paths = variety(originals).slice(0, READ);
  const types = await exifTool.typesOf(paths);
  return [judgeReading(paths.map((path, index) => ({ path, type: types[index] })))];
}

/** Where those are that are here, first one of each kind. */
function variety(originals: readonly SampledOriginal[]): string[] {
  const found = originals.flatMap(({ located }) => located.isFound ? [located.realPath] : []);
  const byKind = [...Map.groupBy(found, (path) => path.slice(path.lastIndexOf('.')).toLowerCase()).values()];
  return [...byKind.flatMap((same) => same.slice(0, 1)), ...byKind.flatMap((same) => same.slice(1))];
}

/** @param readings files and what they are to ExifTool; undefined = it makes no sense of them */
export function judgeReading(
  readings: readonly { readonly path: string; readonly type: string | undefined }[],
): Verdict {
  if (readings.length === 0) return ok('There is no file to try ExifTool on.');
  const unread = readings.filter(({ type }) => type === undefined);
  const [example] = unread;
  const files = count(readings.length, 'sampled file');
  if (example === undefined) {
    const types = [...Map.groupBy(readings, ({ type }) => type)].map(([type, same]) => `${same.length} ${type}`);
    return ok(`ExifTool reads ${files}: ${list(types)}.`);
  }
  return warn(
    `ExifTool cannot read ${unread.length} of ${files}, for example ${named(example.path)}.`,
    'Look whether that file is whole and can be read here. Nothing is written into such files; they may get a sidecar.',
  );
}

/** Immich 3 looks at the checksums of uploads every night. */
const INTEGRITY_SINCE = 3;

async function lookAtDestination(subject: Subject): Promise<readonly Verdict[]> {
  const config = await subject.config.use();
  assertSetUp(config);
  const { hasUploads, version } = await subject.samples.use();
  const { destination, schedule = '' } = config.write;
  return [
    judgeDestination(destination, hasUploads, version),
    ...judgeOnChange(destination, writeTimesOf(schedule).isOnChange),
  ];
}

/** Immich takes an external original that was written into for a new one. */
export function judgeOnChange(destination: Destination, isOnChange: boolean): readonly Verdict[] {
  if (!isOnChange || !isEmbedded(destination)) return [];
  return [warn(
    'What changes is written at once, into the files themselves: of each photo in an external library Immich then reads the file anew and runs all its jobs again.',
    'Set WRITE_TO=sidecar, of which Immich only reads the metadata again, or write once a night (WRITE_SCHEDULE="0 3 * * *").',
  )];
}

export function judgeDestination(
  destination: Destination,
  hasUploads: boolean,
  version: string,
): Verdict {
  const hasReport = (parseVersion(version)?.major ?? INTEGRITY_SINCE) >= INTEGRITY_SINCE;
  if (!isEmbedded(destination) || !hasUploads || !hasReport) {
    return ok(`Tags are written into ${inWords(destination)}.`);
  }
  return warn(
    "Tags are written into uploaded files, so Immich's integrity report (3.0 and later) will list these as damaged.",
    'Set WRITE_TO=sidecar to leave uploads as they are, or ignore that part of the report (docs/writing.md).',
  );
}

function inWords(destination: Destination): string {
  const tree = treeOf(destination);
  if (tree !== undefined) return `sidecars in a tree of their own, ${named(tree)}; the library is only read`;
  if (destination === 'both') return 'the files themselves and sidecars';
  return isEmbedded(destination) ? 'the files themselves' : 'sidecars';
}

async function lookAtZone(subject: Subject): Promise<readonly Verdict[]> {
  const config = await subject.config.use();
  assertSetUp(config);
  return [judgeZone(config.write.timeZone)];
}

/** Nothing is wrong without one; whose photos lack an offset is to know why. */
export function judgeZone(configured: string | undefined): Verdict {
  const whose = 'Photos of which neither Immich nor their file knows a time zone';
  if (configured === undefined) return ok(`${whose} are dated without an offset, as TZ is not set.`);
  return ok(`${whose} are taken to be from ${configured} (TZ).`);
}

async function lookAtFaces(subject: Subject): Promise<readonly Verdict[]> {
  const config = await subject.config.use();
  assertSetUp(config);
  await subject.catalog.use();
  const { importsFaces } = await readSettings(await subject.sql.use());
  return [judgeFaces(importsFaces, config.write.modules.includes('faces'))];
}

/**
 * Immich compares the regions of a file with none of its faces (docs/immich.md), so each that we write is one more.
 *
 * @param writesFaces whether WRITE_MODULES has them; somebody may still say --face-coordinates
 */
export function judgeFaces(importsFaces: boolean, writesFaces: boolean): Verdict {
  if (!importsFaces) return ok('Immich makes no faces of the regions in files.');
  const message =
    'Immich makes a face of each region that a file names, beside those that it has found itself: with faces written, everybody would be on their photos twice.';
  const remedy =
    'Turn it off in Immich (Settings > Metadata > Import faces from image metadata), or write no faces (WRITE_MODULES, --face-coordinates).';
  return writesFaces ? warn(message, remedy) : ok(`${message} They are not written.`);
}
