import fastGlob, { type FileSystemAdapter } from 'fast-glob';
import fs from 'node:fs';
import type { Sql } from '../../src/postgres/connect.ts';

/** An Immich, and what of this machine its container has. */
export interface ScannedImmich {
  readonly sql: Sql;
  readonly mounts: readonly Mount[];
}

interface Mount {
  readonly immich: string;
  readonly local: string;
}

export interface ScanResult {
  /** Files that would become assets of the library's owner. */
  readonly imported: readonly string[];
  /** Assets that would be marked offline, and be deleted after a month. */
  readonly offline: readonly string[];
}

/** mimeTypes.getSupportedFileExtensions of 3.1.0. */
const EXTENSIONS =
  `.3fr .ari .arw .cap .cin .cr2 .cr3 .crw .dcr .dng .erf .fff .iiq .k25 .kdc .mrw .nef .nrw .orf .ori .pef .psd
  .raf .raw .rw2 .rwl .sr2 .srf .srw .x3f .avif .gif .jpeg .jpg .png .webp .bmp .heic .heif .hif .insp .jp2 .jpe .jxl .svg .tif
  .tiff .3gp .3gpp .avi .flv .insv .m2t .m2ts .m4v .mkv .mov .mp4 .mpe .mpeg .mpg .mts .mxf .ts .vob .webm .wmv`.split(
    /\s+/,
  );

/**
 * What a scan of this library would do, by the same crawler that Immich has (fast-glob, with its options), its way of telling what is
 * known, and its LIKE patterns; see docs/immich.md. Nothing of the program's own is used. Reads only.
 *
 * @param isWatching as its watcher would import what is new: that one does not mind import paths inside the media location
 */
export async function scan(
  immich: ScannedImmich,
  libraryId: string,
  { isWatching = false, media = '/data' }: { readonly isWatching?: boolean; readonly media?: string } = {},
): Promise<ScanResult> {
  const [library] = await immich.sql<{ importPaths: string[]; exclusionPatterns: string[] }[]>`
    SELECT "importPaths", "exclusionPatterns" FROM library WHERE id = ${libraryId}`;
  if (library === undefined) throw new Error(`no library ${libraryId}`);
  const { importPaths, exclusionPatterns } = library;
  const valid = importPaths.filter((path) =>
    path.startsWith('/') && (isWatching || !`${path.replace(/\/*$/, '')}/`.startsWith(`${media}/`))
  );
  const container = inContainer(immich);
  const crawled = valid.length === 0 ? [] : await fastGlob.glob(valid.map(globOf), {
    absolute: true,
    caseSensitiveMatch: false,
    onlyFiles: true,
    dot: false,
    ignore: exclusionPatterns,
    fs: container.adapter,
  });
  const known = await immich.sql<{ path: string }[]>`
    SELECT "originalPath" AS path FROM asset WHERE "libraryId" = ${libraryId} AND "isExternal"`;
  const paths = new Set(known.map(({ path }) => path));
  const offline = await immich.sql<{ path: string }[]>`
    SELECT a."originalPath" AS path
    FROM asset a
    WHERE a."libraryId" = ${libraryId} AND a."isExternal" AND NOT a."isOffline"
      AND (
        NOT a."originalPath" LIKE ANY (${importPaths.map((path) => `${path}%`)}::text[])
        OR a."originalPath" LIKE ANY (${exclusionPatterns.map(likeOf)}::text[])
      )`;
  // What the crawler names is looked at before it is imported: it makes slashes of backslashes, and finds no such file.
  const found = crawled.map((path) => path.replaceAll(/\/{2,}/g, '/')).filter((path) => container.has(path));
  return {
    imported: found.filter((path) => !paths.has(path)).sort(),
    offline: offline.map(({ path }) => path).sort(),
  };
}

/** The scans of all libraries that there are, by name. */
export async function scanAll(immich: ScannedImmich): Promise<Readonly<Record<string, ScanResult>>> {
  const libraries = await immich.sql<{ id: string; name: string; owner: string }[]>`
    SELECT l.id, l.name, u.name AS owner
    FROM library l JOIN "user" u ON u.id = l."ownerId"
    WHERE l."deletedAt" IS NULL`;
  const results = libraries.map(async ({ id, name, owner }) => [`${owner}: ${name}`, await scan(immich, id)] as const);
  return Object.fromEntries(await Promise.all(results));
}

/** StorageRepository.asGlob */
function globOf(importPath: string): string {
  const escaped = fastGlob.escapePath(importPath).replaceAll('"', '["]').replaceAll("'", "[']").replaceAll('`', '[`]');
  return `${escaped}/**/*{${EXTENSIONS.join(',')}}`;
}

/** globToSqlPattern */
function likeOf(pattern: string): string {
  return pattern.replaceAll(/[{}()]/g, '').replaceAll(/\*+/g, '%').replaceAll('?', '_');
}

/** The file system as the container has it: nothing but the mounts, and symbolic links are followed with the container's paths. */
function inContainer(
  { mounts }: ScannedImmich,
): { readonly adapter: Partial<FileSystemAdapter>; readonly has: (path: string) => boolean } {
  const mountOf = (path: string) =>
    mounts.filter(({ immich }) => path === immich || path.startsWith(`${immich}/`)).sort((a, b) =>
      b.immich.length - a.immich.length
    )[0];
  const localOf = (path: string) => {
    const mount = mountOf(path);
    return mount === undefined ? undefined : mount.local + path.slice(mount.immich.length);
  };
  const resolve = (path: string, links = 0): string | undefined => {
    const parts = normalized(path).split('/').filter((part) => part !== '');
    for (let here = '', index = 0; index < parts.length; index++) {
      const next = `${here}/${parts[index]}`;
      const at = localOf(next);
      const isLink = at !== undefined && mountOf(next)?.immich !== next &&
        fs.lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() === true;
      if (isLink) {
        const text = fs.readlinkSync(at);
        const target = normalized(text.startsWith('/') ? text : `${here}/${text}`);
        // A link that was written with this machine's paths is one that the container has with its own.
        const ours = mounts.find(({ local }) => `${target}/`.startsWith(`${local}/`));
        const inside = ours === undefined ? target : ours.immich + target.slice(ours.local.length);
        return links > 40 ? undefined : resolve([inside, ...parts.slice(index + 1)].join('/'), links + 1);
      }
      here = next;
    }
    return localOf(`/${parts.join('/')}`);
  };
  const absent = Object.assign(new Error('no such file or directory'), { code: 'ENOENT' });
  const at = <T extends unknown[]>(call: (path: string, ...rest: T) => void) => (path: string, ...rest: T) => {
    const local = resolve(path);
    if (local === undefined) (rest.at(-1) as (error: unknown) => void)(absent);
    else call(local, ...rest);
  };
  const adapter = {
    lstat: at((path, done: never) => fs.lstat(path, done)),
    stat: at((path, done: never) => fs.stat(path, done)),
    readdir: (path: string, options: never, done: (error: unknown, entries?: unknown) => void) => {
      if (normalized(path) !== '/') {
        return at((local, how: never, then: never) => fs.readdir(local, how, then))(path, options, done as never);
      }
      const names = [...new Set(mounts.map(({ immich }) => immich.split('/')[1]))];
      done(
        null,
        names.map((name) => ({ name, isFile: () => false, isDirectory: () => true, isSymbolicLink: () => false })),
      );
    },
  } as unknown as Partial<FileSystemAdapter>;
  return { adapter, has: (path) => fs.existsSync(resolve(path) ?? '') };
}

function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** As much of a world as a scan looks at. */
export function immichOf({ sql, directory }: { readonly sql: Sql; readonly directory: string }): ScannedImmich {
  return {
    sql,
    mounts: [
      { immich: '/data', local: `${directory}/media` },
      { immich: '/external_library', local: `${directory}/external` },
    ],
  };
}
