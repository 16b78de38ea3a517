import { deserialize, serialize } from 'node:v8';
import type { DatabaseConfig } from '../../src/config/config.ts';
import type { LibraryRoots } from '../../src/demo/library_generator/foundation.ts';
import { generateLibrary, type LibraryOptions } from '../../src/demo/library_generator/generate.ts';
import type { GeneratedLibrary } from '../../src/demo/library_generator/result.ts';
import { connect, disconnect } from '../../src/postgres/connect.ts';
import { makeOwnTables } from '../../src/share/schema/own_tables.ts';
import { type ImmichDatabase, openImmich, type OpenOptions, type Release } from './database.ts';
import { withPictures } from './pictures.ts';
import { allowSchemas, asRole } from './role.ts';
import { keepPoolsOf } from './program_pools.ts';
import { createDatabase, onServer, serverOf } from './server_databases.ts';
import { ensureTemplate } from './templates.ts';
import { leaveDatabase, type Original, readOriginal, takeDatabase } from './used_databases.ts';

/** What a library can be like. */
export type Kind = Partial<LibraryOptions> & {
  /** Our own tables are there, and empty. To make them takes a sixth of a first cycle. */
  readonly ownTables?: boolean;
};

export interface OpenLibrary {
  readonly db: ImmichDatabase;
  readonly library: GeneratedLibrary;
}

/**
 * A database with a generated library whose files lie in `directory`, an absolute path without symbolic links, below `media` and
 * `external`. Immich sees them below `/data` and `/external_library`. One that shall lie elsewhere, or on a server of its own, is always generated.
 *
 * To draw all the pictures takes two seconds where no earlier run has, and to insert the rows a third of one. tests/run.ts names a
 * directory in `TEST_LIBRARY_CACHE`, where the first who asks for a library leaves it for all others; elsewhere each is generated.
 */
export async function openLibrary(
  release: Release,
  directory: string,
  kind: Kind = {},
  options: OpenOptions = {},
): Promise<OpenLibrary> {
  const cache = Deno.env.get('TEST_LIBRARY_CACHE');
  const roots = rootsIn(directory);
  const isElsewhere = Object.keys(roots).some((root) => root in kind);
  if (!cache || isElsewhere || options.server !== undefined) {
    const db = await openImmich(release, options);
    const { ownTables: _ignored, ...likeness } = kind;
    return { db, library: await withPictures(() => generateLibrary(db.sql, { ...roots, ...likeness })) };
  }
  const name = await ensureLibrary(serverOf(release), cache, release, kind);
  await copyTree(`${cache}/${name}/files`, directory);
  const library: GeneratedLibrary = deserialize(await Deno.readFile(`${cache}/${name}/library`));
  const hasOptions = Object.keys(options).length > 0;
  return {
    db: hasOptions
      ? await openImmich(release, { ...options, template: name })
      : await openUsed(release, name, `${cache}/${name}/original`),
    library: movedTo(library, `${cache}/${name}/files`, directory),
  };
}

/** One that an earlier test has left, or a new one; it is left in its turn when it is closed. */
async function openUsed(release: Release, template: string, original: string): Promise<ImmichDatabase> {
  const read = async (): Promise<Original> => JSON.parse(await Deno.readTextFile(original));
  const db = await takeDatabase(template, read) ?? await openImmich(release, { template });
  keepPoolsOf(db.config.name);
  return { ...db, close: () => leaveDatabase(template, db) };
}

function rootsIn(directory: string): LibraryRoots {
  return {
    mediaLocation: '/data',
    localMedia: `${directory}/media`,
    externalRoot: '/external_library',
    localExternal: `${directory}/external`,
  };
}

/** Any number that nothing else locks: one process at a time generates. */
const LIBRARY_LOCK = 7_210_002;

/** What this process has found or made. */
const ready = new Map<string, Promise<void>>();

/** The name of the template database, which is also that of the directory in `cache`. */
async function ensureLibrary(url: string, cache: string, release: Release, kind: Kind): Promise<string> {
  const words = Object.entries(kind).filter(([, value]) => value !== undefined).sort().flat();
  const name = ['library', release, ...words].join('_').replaceAll(/[^A-Za-z0-9]/g, '_').toLowerCase();
  const making = ready.get(name) ?? makeLibrary(name, url, cache, release, kind);
  ready.set(name, making);
  making.catch(() => ready.delete(name));
  await making;
  return name;
}

/** Unless another process has made it. */
async function makeLibrary(name: string, url: string, cache: string, release: Release, kind: Kind): Promise<void> {
  const { ownTables = false, ...likeness } = kind;
  await onServer(url, 'postgres', async (sql) => {
    await sql`SELECT pg_advisory_lock(${LIBRARY_LOCK})`;
    const found = await sql`SELECT FROM pg_database WHERE datname = ${name}`;
    if (found.length > 0) return;
    const files = `${cache}/${name}/files`;
    await Deno.remove(`${cache}/${name}`, { recursive: true }).catch(() => {});
    await Deno.mkdir(files, { recursive: true });
    const { config, drop } = await createDatabase(url, await ensureTemplate(url, release));
    try {
      const library = await onServer(
        url,
        config.name,
        (target) => withPictures(() => generateLibrary(target, { ...rootsIn(files), ...likeness })),
      );
      await onServer(url, config.name, allowSchemas);
      if (ownTables) await addOwnTables(config);
      await Deno.writeFile(`${cache}/${name}/library`, serialize(library));
      const original = await onServer(url, config.name, readOriginal);
      await Deno.writeTextFile(`${cache}/${name}/original`, JSON.stringify(original));
      await sql`ALTER DATABASE ${sql(config.name)} RENAME TO ${sql(name)}`;
    } catch (error) {
      await drop();
      throw error;
    }
  });
}

/** As the program makes them, and as its role. */
async function addOwnTables(config: DatabaseConfig): Promise<void> {
  const sql = await connect({ ...asRole(config), maxConnections: 1 });
  try {
    await sql.begin(makeOwnTables);
  } finally {
    await disconnect(sql);
  }
}

/** With times, modes and links. */
async function copyTree(from: string, to: string): Promise<void> {
  const { success, stderr } = await new Deno.Command('cp', { args: ['-a', `${from}/.`, to] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

function movedTo(library: GeneratedLibrary, from: string, to: string): GeneratedLibrary {
  const moved = (path: string) => path.startsWith(`${from}/`) ? `${to}${path.slice(from.length)}` : path;
  const libraries = Object.entries(library.libraries).map(([key, row]) => [
    key,
    { ...row, localImportPath: moved(row.localImportPath) },
  ]);
  return {
    ...library,
    libraries: Object.fromEntries(libraries),
    assets: library.assets.map((asset) => ({ ...asset, localPath: moved(asset.localPath) })),
  };
}
