/** The `bin` directory of the newest PostgreSQL on this machine, or undefined: `initdb` is often not in PATH. */
export async function findPostgres(): Promise<string | undefined> {
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
