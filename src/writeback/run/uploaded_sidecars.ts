import { getLogger } from '@logtape/logtape';
import { count } from '../../config/words.ts';
import { asFileProblem, codeOf } from '../../files/problem.ts';
import { isMedia } from '../../immich/scan/crawler.ts';
import type { Located } from '../locate.ts';
import { pathStemOf } from '../sidecar_path.ts';

const logger = getLogger(['immich-sidecar', 'writeback']);

/** Where an upload lies as long as no storage template has moved it: `…/upload/<user>/ab/cd/<an id>.jpg`. A template puts its sidecar beside it. */
const UPLOAD = /\/upload\/[\da-f-]{36}\/([\da-f]{2}\/[\da-f]{2}\/[^/]+)$/i;

const PART_OF_ID = /^[\da-f]{2}$/i;

/**
 * Sidecars that were uploaded along with photos: each lies under an id of its own, in a directory of its own, and Immich's API does not tell
 * whose it is. Immich gives both the modification time of the photo (2.0 to 3.1, `utimes` of the upload), and so they find each other, until Immich
 * writes into the sidecar. The directories are gone through once, when the first upload has to be looked at.
 */
export class UploadedSidecars {
  /** By directory of a user: sidecars by their times. */
  readonly #byUser = new Map<string, ReadonlyMap<number, string>>();

  /** Why an upload is left alone, as a sentence without full stop; undefined when nothing speaks against it. */
  of(originalPath: string, { path, stamp }: Located & { readonly isFound: true }): string | undefined {
    const [, end] = UPLOAD.exec(originalPath) ?? [];
    if (end === undefined || !path.endsWith(`/${end}`)) return undefined;
    const directory = path.slice(0, -end.length - 1);
    const sidecars = this.#byUser.get(directory) ?? sidecarsOfUploads(directory);
    this.#byUser.set(directory, sidecars);
    const sidecar = sidecars.get(stamp.mtimeMs);
    if (sidecar === undefined) return undefined;
    return `${JSON.stringify(sidecar)} may be its sidecar, uploaded along with it, and the API does not tell: ` +
      'it is left alone; with WRITE_SOURCE=database it is written';
  }
}

/** Those that belong to nothing beside them. */
function sidecarsOfUploads(directory: string): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const first of partsOfIds(directory)) {
    for (const second of partsOfIds(first)) {
      const names = namesIn(second);
      const originals = new Set(names.filter(isMedia).flatMap((name) => [name, pathStemOf(name) ?? name]));
      for (const name of names) {
        if (!/\.xmp$/i.test(name) || originals.has(name.slice(0, -'.xmp'.length))) continue;
        const mtimeMs = Deno.lstatSync(`${second}/${name}`).mtime?.getTime();
        if (mtimeMs !== undefined) found.set(mtimeMs, `${second}/${name}`);
      }
    }
  }
  if (found.size > 0) {
    logger.info(
      '{sidecars} below {directory} were uploaded along with photos, and the API does not tell with which. Uploads of the same times are left alone.',
      { sidecars: count(found.size, 'sidecar'), directory },
    );
  }
  return found;
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
