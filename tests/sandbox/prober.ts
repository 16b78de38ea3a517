import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import process from 'node:process';
import { runSandboxed } from '../../src/sandbox/supervisor.ts';
import { startEngine, startResolver, workerRole } from '../../src/sandbox/worker.ts';
import { resolvePermissions } from '../../src/sandbox/resolve_permissions.ts';

/**
 * The program with another engine in it, that is started with the very permissions: one that tries to do what it is told to, and says
 * what came of it. It takes them as the last of its arguments, in JSON.
 */
export interface Deeds {
  /** To read with Deno and with Node. */
  readonly files: readonly string[];
  readonly directories: readonly string[];
  /** To write. */
  readonly targets: readonly string[];
  /** To link: from, to. */
  readonly links: readonly (readonly [string, string])[];
  /** Ports of 127.0.0.1 to connect to, and to ask over HTTP. */
  readonly ports: readonly number[];
  /** To listen at. */
  readonly ownPorts: readonly number[];
  readonly hosts: readonly string[];
  readonly programs: readonly string[];
  readonly variables: readonly string[];
  /** Modules of JSON. */
  readonly imports: readonly string[];
  /** Packages, which are modules of code. */
  readonly packages: readonly string[];
}

/** By what was tried: `done`, or the name of what it threw. */
export type Outcome = Readonly<Record<string, string>>;

async function probe(deeds: Deeds): Promise<Outcome> {
  const outcome: Record<string, string> = {};
  const attempt = async (what: string, deed: () => unknown) => {
    outcome[what] = await Promise.resolve().then(deed).then(() => 'done', (error) => nameOf(error));
  };
  for (const path of deeds.files) {
    await attempt(`read ${path}`, () => Deno.readTextFileSync(path));
    await attempt(`read asynchronously ${path}`, () => Deno.readTextFile(path));
    await attempt(`read with Node ${path}`, () => readFileSync(path));
    await attempt(`look at ${path}`, () => Deno.statSync(path));
  }
  for (const path of deeds.directories) await attempt(`list ${path}`, () => [...Deno.readDirSync(path)]);
  for (const path of deeds.targets) {
    await attempt(`write ${path}`, () => Deno.writeTextFileSync(path, 'x'));
    await attempt(`remove ${path}`, () => Deno.removeSync(path));
  }
  for (const [from, to] of deeds.links) {
    await attempt(`link ${from} ${to}`, () => Deno.linkSync(from, to));
    await attempt(`symlink ${from} ${to}`, () => Deno.symlinkSync(from, `${to}.symlink`));
    await attempt(`rename ${from} ${to}`, () => Deno.renameSync(from, `${to}.renamed`));
  }
  for (const port of deeds.ports) {
    await attempt(`connect ${port}`, () => connected(port));
    await attempt(`fetch ${port}`, () => fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.body?.cancel()));
  }
  for (const port of deeds.ownPorts) {
    await attempt(`listen ${port}`, () => Deno.listen({ hostname: '127.0.0.1', port }).close());
  }
  for (const host of deeds.hosts) await attempt(`resolve ${host}`, () => Deno.connect({ hostname: host, port: 80 }));
  for (const program of deeds.programs) {
    await attempt(`run ${program}`, () => new Deno.Command(program, { args: ['-v'] }).outputSync());
  }
  for (const name of deeds.variables) {
    await attempt(`variable ${name}`, () => Deno.env.get(name));
    outcome[`process.env ${name}`] = process.env[name] === undefined ? 'undefined' : 'done';
  }
  for (const url of deeds.imports) await attempt(`import ${url}`, () => import(url, { with: { type: 'json' } }));
  for (const name of deeds.packages) await attempt(`import ${name}`, () => import(name));
  await attempt('all variables', () => Deno.env.toObject());
  await attempt('user', () => Deno.uid());
  await attempt('host name', () => Deno.hostname());
  await attempt('native code', () => Deno.dlopen('/lib/libc.so.6', {}));
  await attempt(
    'worker with more',
    () => new Worker(Deno.mainModule, { type: 'module', deno: { permissions: { read: true } } }),
  );
  await attempt('request', async () => {
    const { state } = await Deno.permissions.request({ name: 'read' });
    if (state !== 'granted') throw new Deno.errors.NotCapable(state);
  });
  return outcome;
}

function connected(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy() && undefined));
    socket.once('error', reject);
  });
}

/** What a module may not be loaded from is told as a TypeError. */
const NOT_LOADED =
  /^Requires (read|import) access to |not found in cache|^JSR package manifest .* failed to load|--no-(npm|remote) is specified/;

function nameOf(error: unknown): string {
  if (error instanceof TypeError && NOT_LOADED.test(error.message)) return 'NotCapable';
  return error instanceof Error ? error.name : String(error);
}

switch (workerRole()) {
  case 'resolver':
    startResolver((request) => Promise.resolve(resolvePermissions(request)));
    break;
  case 'engine':
    startEngine(async ({ args }) => {
      const last = args.at(-1) ?? '';
      if (last === 'fail') setTimeout(() => nobodyCatches());
      if (last === 'fail') await new Promise(() => {});
      Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(await probe(JSON.parse(last)))));
      return 0;
    });
    break;
  case undefined:
    Deno.exit(await runSandboxed(Deno.args, Deno.env.toObject()));
}

function nobodyCatches(): never {
  throw new Error('nobody catches this');
}
