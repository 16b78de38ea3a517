import type { Buffer } from 'node:buffer';
import { getLogger } from '@logtape/logtape';
import { count } from '../../config/words.ts';
import { asFileProblem, codeOf } from '../../files/problem.ts';
import { isMedia } from '../../immich/scan/crawler.ts';
import type { AssetRecord } from '../fields/record.ts';
import type { Tags } from '../fields/values.ts';
import type { Located } from '../locate.ts';
import { quickSidecar } from '../quick_reading/quick_reading.ts';
import type { RecordItem } from '../records/source.ts';
import { readRegular } from '../regular_file.ts';
import { pathStemOf } from '../sidecar_path.ts';
import { WriteProblem } from '../write_problem.ts';
import { saysTheSame } from '../fields/said_by_immich.ts';

const logger = getLogger(['immich-sidecar', 'writeback']);

/** Where an upload lies as long as no storage template has moved it: `…/upload/<user>/ab/cd/<an id>.jpg`. A template puts its sidecar beside it. */
const UPLOAD = /\/upload\/[\da-f-]{36}\/([\da-f]{2}\/[\da-f]{2}\/[^/]+)$/i;

const PART_OF_ID = /^[\da-f]{2}$/i;

/** Immich writes with ExifTool, which leaves its name. */
const BY_EXIFTOOL = /x:xmptk=(["'])Image::ExifTool/;

interface OfUser {
  /** Sidecars by their times. */
  readonly byTime: ReadonlyMap<number, string>;
  /** Those that Immich may have written into: no upload has their time any more. */
  readonly written: readonly WrittenSidecar[];
}

interface WrittenSidecar {
  readonly path: string;
  readonly mtimeMs: number;
  /** What it says; undefined when it says it in an uncommon form. */
  readonly tags: Tags | undefined;
}

/**
 * Sidecars that were uploaded along with photos: each lies under an id of its own, in a directory of its own, and Immich's API does not tell
 * whose it is. Immich gives both the modification time of the photo (2.0 to 3.1, `utimes` of the upload), and so they find each other, until Immich
 * writes into the sidecar. Such a one may be that of every upload of which Immich knows just what stands in it, as it reads what it has written. The directories are gone through once,
 * when the first upload has to be looked at.
 */
export class UploadedSidecars {
  /** By directory of a user. */
  readonly #byUser = new Map<string, OfUser>();

  /** Why an upload is left alone, as a sentence without full stop; undefined when nothing speaks against it. */
  of({ record, changedAt }: RecordItem, { path, stamp }: Located & { readonly isFound: true }): string | undefined {
    const [, end] = UPLOAD.exec(record.originalPath) ?? [];
    if (end === undefined || !path.endsWith(`/${end}`)) return undefined;
    const directory = path.slice(0, -end.length - 1);
    const found = this.#byUser.get(directory) ?? sidecarsOfUploads(directory);
    this.#byUser.set(directory, found);
    const { byTime, written } = found;
    const sidecar = byTime.get(stamp.mtimeMs) ?? written.find((one) => mayBelongTo(one, record, changedAt))?.path;
    if (sidecar === undefined) return undefined;
    return `${JSON.stringify(sidecar)} may be its sidecar, uploaded along with it, and the API does not tell: ` +
      'it is left alone; with WRITE_SOURCE=database it is written';
  }
}

/** The clocks of the server and of its disk. */
const CLOCKS_APART_MS = 60 * 60 * 1000;

/** Immich extracts a photo anew after it has written into its sidecar, and then knows what that says. */
function mayBelongTo({ mtimeMs, tags }: WrittenSidecar, record: AssetRecord, changedAt: Date | undefined): boolean {
  if (changedAt !== undefined && changedAt.getTime() < mtimeMs - CLOCKS_APART_MS) return false;
  return tags === undefined || saysTheSame(tags, record);
}

/** Those that belong to nothing beside them. */
function sidecarsOfUploads(directory: string): OfUser {
  const byTime = new Map<number, string>();
  for (const { folder, names } of foldersOf(directory)) {
    const originals = new Set(names.filter(isMedia).flatMap((name) => [name, pathStemOf(name) ?? name]));
    for (const name of names) {
      if (!/\.xmp$/i.test(name) || originals.has(name.slice(0, -'.xmp'.length))) continue;
      const mtimeMs = mtimeOf(`${folder}/${name}`);
      if (mtimeMs !== undefined) byTime.set(mtimeMs, `${folder}/${name}`);
    }
  }
  if (byTime.size > 0) {
    logger.info(
      '{sidecars} below {directory} were uploaded along with photos, and the API does not tell with which. Uploads of the same times, and those that may be meant, are left alone.',
      { sidecars: count(byTime.size, 'sidecar'), directory },
    );
  }
  return { byTime, written: writtenAmong(byTime, directory) };
}

function writtenAmong(byTime: ReadonlyMap<number, string>, directory: string): readonly WrittenSidecar[] {
  const byExifTool = [...byTime].flatMap(([mtimeMs, path]) => {
    const bytes = bytesOf(path);
    if (bytes === undefined || !BY_EXIFTOOL.test(bytes.toString('latin1'))) return [];
    return [{ path, mtimeMs, tags: quickSidecar(bytes)?.tags }];
  });
  if (byExifTool.length === 0) return [];
  const ofUploads = new Set<number | undefined>();
  for (const { folder, names } of foldersOf(directory)) {
    for (const name of names.filter(isMedia)) ofUploads.add(mtimeOf(`${folder}/${name}`));
  }
  return byExifTool.filter(({ mtimeMs }) => !ofUploads.has(mtimeMs));
}

/** undefined when it is gone, or cannot be read: then it says nothing here. */
function bytesOf(path: string): Buffer | undefined {
  try {
    return readRegular(path);
  } catch (error) {
    if (error instanceof WriteProblem || codeOf(error) !== '') return undefined;
    throw error;
  }
}

function mtimeOf(path: string): number | undefined {
  try {
    return Deno.lstatSync(path).mtime?.getTime();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function* foldersOf(directory: string): Generator<{ readonly folder: string; readonly names: readonly string[] }> {
  for (const first of partsOfIds(directory)) {
    for (const folder of partsOfIds(first)) yield { folder, names: namesIn(folder) };
  }
}

function partsOfIds(directory: string): string[] {
  return namesIn(directory).filter((name) => PART_OF_ID.test(name)).map((name) => `${directory}/${name}`);
}

function namesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name);
  } catch (error) {
    if (codeOf(error) === '') throw error;
    if (!['ENOENT', 'ENOTDIR'].includes(codeOf(error))) {
      logger.warn('{problem}: sidecars of uploads in there are not known.', {
        problem: asFileProblem(error, directory).message,
      });
    }
    return [];
  }
}
