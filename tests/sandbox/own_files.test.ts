import assert from 'node:assert/strict';
import manifest from '../../deno.json' with { type: 'json' };
import { EXIT } from '../../src/errors.ts';
import { refuseWritable } from '../../src/sandbox/own_files.ts';
import { ended, run, start, type Variables } from '../cli/program.ts';
import { until } from '../crash/process.ts';
import { EXTERNAL_ENV } from '../config/helper.ts';

/** A directory that the engine may write to, one that no setting names, and one with nothing in it but what tests put there. */
class Ground implements Disposable {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: 'immich-own-files-' }));

  constructor() {
    for (const name of ['photos', 'photos/below', 'config', 'elsewhere']) Deno.mkdirSync(`${this.path}/${name}`);
  }

  /** No database answers: what is not refused ends there. */
  env(): Variables {
    return {
      ...EXTERNAL_ENV,
      DB_HOSTNAME: '127.0.0.1',
      DB_PORT: '1',
      DB_WAIT_SECONDS: '0',
      UPLOAD_LOCATION: `${this.path}/photos`,
      EXTERNAL_LIBRARY_DIR: `${this.path}/photos`,
      WRITE_STATE_DIR: `${this.path}/elsewhere/state`,
      IMMICH_LOG_FILE: `${this.path}/elsewhere/write.log`,
    };
  }

  async run(task: 'sync' | 'status' | 'write', cwd: string, env: Variables = {}, args: readonly string[] = []) {
    const options = { cwd: `${this.path}/${cwd}`, env: { ...this.env(), ...env }, flags: flagsOf(task) };
    return await run([task, ...args], options);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

function flagsOf(task: keyof typeof manifest.tasks): string[] {
  const [, flags = ''] = /^deno run (.+) main\.ts /.exec(manifest.tasks[task].command) ?? [];
  return flags.split(' ');
}

const REFUSED = /^error: The (configuration is looked for in|program) "[^"]+".*this command may write to.*: it could /;

Deno.test('a configuration that the engine could write is refused, also one that is not there yet', async () => {
  using ground = new Ground();
  const { path } = ground;
  Deno.writeTextFileSync(`${path}/photos/below/settings.yaml`, '');
  Deno.writeTextFileSync(`${path}/photos/password`, 'swordfish-1');
  Deno.symlinkSync(`${path}/photos/below`, `${path}/config/link`);
  Deno.symlinkSync(`${path}/photos/below/settings.yaml`, `${path}/config/other.yaml`);
  Deno.symlinkSync(`${path}/config`, `${path}/photos/back`);
  const cases: readonly (readonly [what: string, cwd: string, env: Variables, args?: readonly string[]])[] = [
    ['.env and config.yaml would be looked for there', 'photos', {}],
    ['further down', 'photos/below', {}],
    ['CONFIG_FILE', 'config', { CONFIG_FILE: `${path}/photos/below/settings.yaml` }],
    ['--config', 'config', {}, ['--config', '../photos/below/settings.yaml']],
    ['behind a link to a file', 'config', { CONFIG_FILE: 'other.yaml' }],
    ['behind a link to a directory', 'config', { CONFIG_FILE: 'link/settings.yaml' }],
    ['a file with a secret', 'config', { DB_PASSWORD_FILE: `${path}/photos/password` }],
    ['a directory that is named by a link to it', 'config', { UPLOAD_LOCATION: `${path}/photos/back` }],
  ];
  for (const [what, cwd, env, args] of cases) {
    const { code, stderr } = await ground.run('sync', cwd, env, args);
    assert.equal(code, EXIT.usage, `${what}: ${stderr}`);
    assert.match(stderr, REFUSED, what);
    assert.match(stderr, /-> Keep \.env, config\.yaml/, what);
  }
  const fine = await ground.run('sync', 'config');
  assert.match(fine.stderr, /No PostgreSQL answers/, fine.stderr);
  const reading = await ground.run('status', 'photos');
  assert.doesNotMatch(reading.stderr, REFUSED, 'status writes nothing there');
});

Deno.test('an ExifTool that the engine could replace is refused', async () => {
  using ground = new Ground();
  const exiftool = `${ground.path}/photos/exiftool`;
  Deno.writeTextFileSync(exiftool, '#!/bin/sh\n', { mode: 0o755 });
  const { code, stderr } = await ground.run('write', 'config', { EXIFTOOL_PATH: exiftool });
  assert.equal(code, EXIT.usage, stderr);
  assert.match(stderr, REFUSED);
});

Deno.test('a program in a directory that the engine may write to is refused', () => {
  const own = { configuration: ['/etc/sidecar/.env'], programs: ['/srv/photos/sidecar/main.ts', '/usr/bin/deno'] };
  const same = (path: string) => path;
  assert.match(
    refuseWritable(own, ['/srv/photos'], same)?.message ?? '',
    /^The program "\/srv\/photos\/sidecar\/main\.ts"/,
  );
  assert.equal(refuseWritable(own, ['/srv/photos/sidecar/library', '/srv/photos/side', '/etc/side'], same), undefined);
  assert.match(refuseWritable(own, ['/'], same)?.message ?? '', /^The configuration is looked for/);
});

Deno.test('serve: a configuration that names its own directory is not taken over by SIGHUP', {
  ignore: Deno.build.os === 'windows',
}, async () => {
  using ground = new Ground();
  const port = freePort();
  const { UPLOAD_LOCATION: photos = '', ...env } = ground.env();
  const file = `${ground.path}/config/config.yaml`;
  Deno.writeTextFileSync(file, `upload_location: ${photos}\n`);
  const program = start(['serve'], {
    cwd: `${ground.path}/config`,
    env: { ...env, HTTP_PORT: String(port) },
    flags: flagsOf('serve'),
  });
  try {
    await until('HTTP is answered', () => isAlive(port));
    Deno.writeTextFileSync(file, `upload_location: ${ground.path}\n`);
    program.kill('SIGHUP');
    await until('it is refused', async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/status`);
      const { problems } = await answer.json();
      return problems.some(({ code }: { code: string }) => code === 'own-files') && problems.length === 2;
    });
  } finally {
    program.kill('SIGTERM');
  }
  const { code, stderr } = await ended(program);
  assert.equal(code, EXIT.ok, stderr);
  assert.match(stderr, /is not used: The configuration is looked for in ".*config/);
  assert.doesNotMatch(stderr, /names something new/);
});

async function isAlive(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.ok ?? false;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  return listener.addr.port;
}
