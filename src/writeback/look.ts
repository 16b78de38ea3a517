import { asFileProblem, codeOf } from '../files/problem.ts';
import { isNameable } from './exiftool/arguments.ts';
import type { ExifToolPool } from './exiftool/pool.ts';
import { onceMore } from './exiftool/once_more.ts';
import { ExifToolEnded } from './exiftool/process.ts';
import { type Reading, readTags } from './exiftool/read.ts';
import type { FileState, Obstacle, SeenAsset } from './file_state.ts';
import { toStamp } from './files.ts';
import { assertInPlace } from './in_place.ts';
import { quickReading } from './quick_reading/quick_reading.ts';
import { timesOf } from './settled.ts';
import { Sidecars } from './sidecar_choice.ts';
import type { Tags } from './fields/values.ts';
import { WriteProblem } from './write_problem.ts';

/** An original. Its sidecar lies beside `path`; what is written is `realPath`, all symbolic links resolved. */
export interface Original {
  readonly path: string;
  readonly realPath: string;
  /** Its sidecar, or where that would be made; undefined: the one that Immich would find. */
  readonly sidecar?: string | undefined;
  /** Where its sidecar in the tree of sidecars is, or would be; undefined when there is no tree. */
  readonly inTree?: string | undefined;
}

/** Files that one command reads. Fewer cost 0.5 ms more per file, more keep the other processes waiting at the end. */
const FILES_PER_COMMAND = 10;

interface Known {
  readonly path: string;
  readonly kind: FileState['kind'];
  readonly info: Deno.FileInfo | undefined;
  readonly obstacle: Obstacle | undefined;
}

/** Reads originals with the one sidecar that Immich reads, or would, and the one in the tree where there is a tree. In the same order; says of each file what is wrong. */
export async function lookAtOriginals(
  pool: ExifToolPool,
  originals: readonly Original[],
  tags: readonly string[],
): Promise<SeenAsset[]> {
  const sidecars = new Sidecars('photo.jpg.xmp');
  const known = originals.map(({ path, realPath, sidecar, inTree }) => ({
    media: know(realPath, 'media'),
    ofImmich: know(sidecar ?? sidecars.choose(path, undefined).path, 'sidecar'),
    inTree: inTree === undefined ? undefined : know(inTree, 'sidecar'),
  }));
  const files = known.flatMap((
    { media, ofImmich, inTree },
  ) => [media, ofImmich, ...(inTree === undefined ? [] : [inTree])]);
  const states = new Map((await readStates(pool, files, tags)).map((state, index) => [files[index], state]));
  const stateFor = (file: Known) => states.get(file) ?? stateOf(file, undefined);
  return known.map(({ media, ofImmich, inTree }) => ({
    media: stateFor(media),
    sidecar: stateFor(inTree ?? ofImmich),
    beside: inTree === undefined ? undefined : stateFor(ofImmich),
  }));
}

/** Reads one file. */
export async function lookAtFile(
  pool: ExifToolPool,
  path: string,
  kind: FileState['kind'],
  tags: readonly string[],
): Promise<FileState> {
  const known = know(path, kind);
  const [state] = await readStates(pool, [known], tags);
  return state ?? stateOf(known, undefined);
}

const SYMBOLIC_LINK: Obstacle = Object.freeze({ reason: 'it is a symbolic link', isPermanent: true });

/** What the file system says of a file. It was asked a moment ago, when the file was located: to wait for each answer would cost more than they do. */
function know(path: string, kind: FileState['kind']): Known {
  try {
    assertInPlace(path);
    const info = look(path, Deno.lstatSync);
    // A rename would put a file in place of a link, and what it leads to may lie anywhere.
    if (info?.isSymlink) return { path, kind, info: look(path, Deno.statSync), obstacle: SYMBOLIC_LINK };
    return { path, kind, info, obstacle: obstacleOf(path, kind, info) };
  } catch (error) {
    // Its directory in the tree is made with the first sidecar.
    if (kind === 'sidecar' && codeOf(error) === 'ENOENT') return { path, kind, info: undefined, obstacle: undefined };
    if (!(error instanceof WriteProblem) && codeOf(error) === '') throw error;
    return { path, kind, info: undefined, obstacle: { reason: reasonOf(error, path), isPermanent: false } };
  }
}

function look(path: string, stat: typeof Deno.statSync): Deno.FileInfo | undefined {
  try {
    return stat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw error;
  }
}

function reasonOf(error: unknown, path: string): string {
  return error instanceof WriteProblem ? error.reason : asFileProblem(error, path).sentence;
}

function obstacleOf(path: string, kind: FileState['kind'], info: Deno.FileInfo | undefined): Obstacle | undefined {
  if (!isNameable(path)) return { reason: 'ExifTool cannot be told of a file of this name', isPermanent: true };
  if (info === undefined) return kind === 'media' ? { reason: 'the file is not there', isPermanent: false } : undefined;
  if (!info.isFile) return { reason: 'it is not a regular file', isPermanent: true };
  // Its owner wants it so, even where this process may write everything.
  const isReadOnly = info.mode !== null && (info.mode & 0o222) === 0;
  return isReadOnly ? { reason: 'it is read-only', isPermanent: false } : undefined;
}

/** What is in these files; those that are not there, or cannot be named, are not asked for. */
async function readStates(pool: ExifToolPool, files: readonly Known[], tags: readonly string[]): Promise<FileState[]> {
  const readings = new Map<string, Reading | Obstacle>();
  const readable = files.filter(({ path, info }) => info?.isFile && isNameable(path));
  await Promise.all(readable.map(async ({ path, kind, info }) => {
    const reading = await quickReading(path, kind, info?.size ?? 0);
    if (reading !== undefined) readings.set(path, { ...reading, tags: only(reading.tags, tags) });
  }));
  // Nothing is in it, and nobody's.
  for (const { path, kind, info } of readable) {
    if (kind === 'sidecar' && info?.size === 0) readings.set(path, { fileType: 'XMP', tags: {}, error: undefined });
  }
  const paths = readable.map(({ path }) => path).filter((path) => !readings.has(path));
  const chunks: string[][] = [];
  for (let at = 0; at < paths.length; at += FILES_PER_COMMAND) chunks.push(paths.slice(at, at + FILES_PER_COMMAND));
  for (const chunk of await Promise.all(chunks.map((chunk) => readChunk(pool, chunk, tags)))) {
    for (const [path, reading] of chunk) readings.set(path, reading);
  }
  return files.map((file) => stateOf(file, readings.get(file.path)));
}

function only(found: Tags, wanted: readonly string[]): Tags {
  return Object.fromEntries(wanted.flatMap((tag) => found[tag] === undefined ? [] : [[tag, found[tag]]]));
}

/** A file that makes ExifTool end takes those along that are read with it; each alone, it does not. */
async function readChunk(
  pool: ExifToolPool,
  paths: readonly string[],
  tags: readonly string[],
): Promise<[string, Reading | Obstacle][]> {
  const [path = ''] = paths;
  if (paths.length === 1) {
    return await onceMore(path, async () => [...await readTags(pool, paths, tags)]).catch((error) => {
      if (!(error instanceof WriteProblem)) throw error;
      return [[path, { reason: error.reason, isPermanent: error.outcome === 'unwritable' }]];
    });
  }
  try {
    return [...await readTags(pool, paths, tags)];
  } catch (error) {
    if (!(error instanceof ExifToolEnded)) throw error;
    return (await Promise.all(paths.map((path) => readChunk(pool, [path], tags)))).flat();
  }
}

function stateOf({ path, kind, info, obstacle }: Known, found: Reading | Obstacle | undefined): FileState {
  const reading = found !== undefined && 'tags' in found ? found : undefined;
  const trouble = found !== undefined && 'isPermanent' in found ? found : undefined;
  return {
    path,
    kind,
    stamp: info === undefined ? undefined : toStamp(info),
    times: info === undefined ? undefined : timesOf(info),
    fileType: reading?.fileType,
    tags: reading?.tags ?? {},
    obstacle: obstacle ?? (info === undefined ? undefined : trouble ?? unreadable(kind, reading)),
  };
}

function unreadable(kind: FileState['kind'], reading: Reading | undefined): Obstacle | undefined {
  if (reading === undefined) return { reason: 'ExifTool gave up on it', isPermanent: false };
  if (reading.error !== undefined) return { reason: `ExifTool says: ${reading.error}`, isPermanent: true };
  const isRight = kind === 'media' || reading.fileType === 'XMP';
  return isRight ? undefined : { reason: 'it is not an XMP file', isPermanent: true };
}
