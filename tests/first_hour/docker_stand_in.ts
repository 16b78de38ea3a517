/**
 * `docker compose` without Docker: as much of it as the pages use. What a container has as directories is mounted in a mount namespace of its own, whose
 * root has nothing else but the system's directories; environment, mounts and the user come from the Compose file, and what runs is the real entrypoint.
 * Network namespaces are left out: the database of a test listens at 127.0.0.1. Needs Linux and root.
 */
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import manifest from '../../deno.json' with { type: 'json' };
import { packagedFlags } from '../../packaging/flags.ts';
import { dotEnvValues } from '../../src/config/dot_env.ts';
import { interpolate } from '../../src/config/interpolate.ts';

const REPOSITORY = new URL('../../', import.meta.url).pathname;

interface Mount {
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
}

interface Service {
  readonly environment: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
}

const [compose, dashF, file, command, ...rest] = Deno.args;
if (compose !== 'compose' || dashF !== '-f' || file === undefined) fail('only docker compose -f FILE is played here');
const project = dirname(resolve(file));
/** Where Docker keeps volumes and logs. */
const KEPT = `${project}/.docker`;
const LOG = `${KEPT}/log`;

switch (command) {
  case 'run': {
    const { mounts, words } = runOptions(rest);
    const [service = '', ...args] = words;
    Deno.exit(await enter(readService(service, mounts), args));
    break;
  }
  case 'up': {
    if (rest.join(' ') !== '--detach') fail('only up --detach is played here');
    Deno.mkdirSync(KEPT, { recursive: true });
    const args = [...enterCommand(readService('immich-sidecar', []), ['serve'])];
    // Of its own session, as a container goes on when the terminal is closed.
    const child = new Deno.Command('setsid', {
      args: ['sh', '-c', `echo $$ > '${KEPT}/pid'; exec "$@" > '${LOG}' 2>&1`, 'sh', ...args],
      stdin: 'null',
    })
      .spawn();
    child.unref();
    Deno.exit(0);
    break;
  }
  case 'logs': {
    const args = rest.includes('--follow') ? ['-n', '+1', '-f', LOG] : ['-n', '+1', LOG];
    Deno.exit((await new Deno.Command('tail', { args }).spawn().status).code);
    break;
  }
  default:
    fail(`${command} is not played here`);
}

function fail(message: string): never {
  throw new Error(message);
}

/** `--rm -it -v SOURCE:TARGET:ro SERVICE ARGUMENTS` */
function runOptions(
  args: readonly string[],
): { readonly mounts: readonly string[]; readonly words: readonly string[] } {
  const mounts: string[] = [];
  for (let at = 0; at < args.length; at++) {
    if (args[at] === '-v') mounts.push(args[++at] ?? '');
    else if (!args[at]?.startsWith('-')) return { mounts, words: args.slice(at) };
  }
  return { mounts, words: [] };
}

function readService(name: string, more: readonly string[]): Service {
  const variables = { ...dotEnvValues(Deno.readTextFileSync(`${project}/.env`)), ...Deno.env.toObject() };
  const { services } = parse(Deno.readTextFileSync(file ?? ''));
  const service = services[name] ?? fail(`no service ${name}`);
  const text = (value: unknown) => interpolate(String(value), variables);
  const volumes: readonly unknown[] = [...service.volumes, ...more];
  return {
    environment: Object.fromEntries(Object.entries(service.environment).map(([key, value]) => [key, text(value)])),
    mounts: volumes.map((volume) => {
      if (typeof volume === 'string') {
        const [source = '', target = '', mode] = text(volume).split(':');
        return { source: sourceOf(source), target, isReadOnly: mode === 'ro' };
      }
      const { source, target, read_only } = volume as { source: string; target: string; read_only?: boolean };
      return { source: sourceOf(text(source)), target, isReadOnly: read_only === true };
    }),
  };
}

/** A directory of the host, or one of Docker's for a volume. */
function sourceOf(source: string): string {
  const path = /^[./]/.test(source) ? resolve(project, source) : `${KEPT}/volumes/${source}`;
  Deno.mkdirSync(path, { recursive: true });
  return path;
}

async function enter(service: Service, args: readonly string[]): Promise<number> {
  const [program = '', ...words] = enterCommand(service, args);
  const { code } = await new Deno.Command(program, { args: words }).spawn().status;
  return code;
}

/** The command that runs the entrypoint where the service's directories are mounted. */
function enterCommand({ environment, mounts }: Service, args: readonly string[]): string[] {
  const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
  const root = `${KEPT}/root`;
  const bin = `${KEPT}/bin`;
  Deno.mkdirSync(root, { recursive: true });
  Deno.mkdirSync(bin, { recursive: true });
  const flags = packagedFlags(manifest).filter((flag) => !['--no-npm', '--no-remote'].includes(flag));
  writeProgram(
    `${bin}/immich-sidecar`,
    `exec ${quoted(Deno.execPath())} run ${flags.join(' ')} --no-check --quiet ${REPOSITORY}main.ts "$@"`,
  );
  Deno.copyFileSync(`${REPOSITORY}packaging/docker/entrypoint.sh`, `${bin}/entrypoint.sh`);
  Deno.chmodSync(`${bin}/entrypoint.sh`, 0o755);
  const script = [
    'set -e',
    `mount -t tmpfs tmpfs ${quoted(root)}`,
    // The directories of the system and of this test, and none of the host's that are called like the container's.
    ...[...Deno.readDirSync('/')].filter(({ name, isDirectory }) =>
      isDirectory && !mounts.some(({ target }) => target.split('/')[1] === name)
    ).map(({ name }) => `mkdir ${quoted(`${root}/${name}`)} && mount --rbind /${name} ${quoted(`${root}/${name}`)}`),
    ...[...Deno.readDirSync('/')].filter(({ isSymlink }) => isSymlink)
      .map(({ name }) => `cp -d /${name} ${quoted(`${root}/${name}`)}`),
    ...mounts.flatMap(({ source, target, isReadOnly }) => [
      `mkdir -p ${quoted(root + target)} && mount --bind ${quoted(source)} ${quoted(root + target)}`,
      ...(isReadOnly ? [`mount -o remount,bind,ro ${quoted(root + target)}`] : []),
    ]),
    `cd ${quoted(root)}`,
    `exec chroot . /bin/sh -c 'cd /config && exec "$@"' sh ${quoted(`${bin}/entrypoint.sh`)} ${
      args.map(quoted).join(' ')
    }`,
  ].join('\n');
  const passed = ['PATH', 'HOME', 'TERM', 'NO_COLOR', 'DENO_DIR', 'XDG_CACHE_HOME'].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
  const published = {
    HTTP_HOST: Deno.env.get('SIDECAR_ADDRESS') ?? '127.0.0.1',
    HTTP_PORT: Deno.env.get('SIDECAR_PORT') ?? '8080',
  };
  const set = { IMMICH_SIDECAR_CONTAINER: '1', ...environment, ...published };
  return [
    'env',
    '-i',
    ...passed.map((one) => one.startsWith('PATH=') ? `PATH=${bin}:${one.slice('PATH='.length)}` : one),
    ...Object.entries(set).map(([name, value]) => `${name}=${value}`),
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    script,
  ];
}

function writeProgram(path: string, text: string): void {
  Deno.writeTextFileSync(path, `#!/bin/sh\n${text}\n`);
  Deno.chmodSync(path, 0o755);
}
