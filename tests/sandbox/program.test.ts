import assert from 'node:assert/strict';
import manifest from '../../deno.json' with { type: 'json' };
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { EXIT } from '../../src/errors.ts';
import { type Variables, variablesOf, workingDirectory, yamlJob } from '../cli/program.ts';
import { RunningProgram, until } from '../crash/process.ts';
import { World } from '../share/world.ts';

/** Starts the real program with the flags that its task has in deno.json. */
function startTask(
  task: 'sync' | 'serve' | 'takeover' | 'unshare',
  args: readonly string[],
  cwd: string,
  env: Variables,
): RunningProgram {
  const [, flags = ''] = /^deno run (.+) main\.ts /.exec(manifest.tasks[task].command) ?? [];
  return RunningProgram.start([task, ...args], { cwd, env, flags: flags.split(' ') });
}

/** A directory like Immich's media that is there, but that no setting names: only the database does. */
async function worldElsewhere(): Promise<{ world: World; directory: string; env: Variables }> {
  const directory = Deno.realPathSync(Deno.makeTempDirSync({ prefix: 'immich-elsewhere-' }));
  const world = await World.open('v3.1.0', { ownTables: false, mediaLocation: directory, localMedia: directory });
  const { UPLOAD_LOCATION: _, ...env } = variablesOf(world);
  return { world, directory, env };
}

Deno.test('a directory that only the database names is not touched, although it is there: a message, and the setting', async () => {
  const { world, directory, env } = await worldElsewhere();
  try {
    const [external] = world.config.jobs;
    assert.ok(external);
    using cwd = workingDirectory([yamlJob(external)]);
    const refused = await startTask('sync', [], cwd.path, env).ended();
    assert.equal(refused.code, EXIT.usage, refused.stderr);
    assert.ok(refused.stderr.includes(`Immich keeps its media in ${JSON.stringify(directory)}`), refused.stderr);
    assert.match(refused.stderr, /-> Set UPLOAD_LOCATION/);
    const shared = await startTask('sync', [], cwd.path, { ...env, UPLOAD_LOCATION: directory }).ended();
    assert.equal(shared.code, EXIT.ok, shared.stderr);
  } finally {
    await world.close();
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test('what is locked is withdrawn although jobs, or the file of them, are wrong, by sync and serve; a dry run changes nothing', async (t) => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  await world.share();
  using cwd = workingDirectory('');
  const env: Variables = { ...variablesOf(world), HTTP_PORT: '0' };
  const photos = await world.someMirrored();
  const isShared = async (id: string) =>
    (await world.sql`SELECT FROM immich_sidecar.asset_map WHERE source_asset_id = ${id}`).length === 1;
  const wrongJob = '{ "jobs": [{ "name": "no user" }] }';
  const cases = [
    ['sync', [], wrongJob, env, photos[0], false],
    ['sync', ['--dry-run'], wrongJob, env, photos[1], true],
    ['sync', [], wrongJob, { ...env, DB_PORT: 'x' }, photos[1], true],
    ['serve', [], '{ "jobs": [', env, photos[1], false], // the variables say where the database is
  ] as const;
  for (const [command, args, file, env, id, stays] of cases) {
    await t.step(`${command} ${args.join(' ')}, DB_PORT=${env['DB_PORT']}`, async () => {
      await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${id}`;
      Deno.writeTextFileSync(`${cwd.path}/config.yaml`, file);
      const { code, stderr } = await startTask(command, args, cwd.path, env).ended();
      assert.equal(code, EXIT.usage, stderr);
      assert.match(stderr, /The configuration has/);
      assert.equal(await isShared(id), stays, stderr);
      assert.equal(/removed 1 photo that the owner has locked/.test(stderr), !stays, stderr);
    });
  }
  await t.step('the files go with the next cycle, also by way of a mark that was kept', async () => {
    Deno.writeTextFileSync(`${cwd.path}/config.yaml`, JSON.stringify({ jobs: world.config.jobs.map(yamlJob) }));
    const { code, stderr } = await startTask('sync', [], cwd.path, env).ended();
    assert.equal(code, EXIT.ok, stderr);
    assert.deepEqual(await world.verify(verifyMirrors), []);
    assert.equal((await world.sql`SELECT FROM immich_sidecar.link WHERE locked_source_id IS NOT NULL`).length, 0);
  });
});

Deno.test('a configured directory that is a symbolic link can be used, and so can all that is in it', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const env = { ...variablesOf(world) };
  for (const name of ['media', 'external']) Deno.symlinkSync(`${world.directory}/${name}`, `${cwd.path}/${name}`);
  env['UPLOAD_LOCATION'] = 'media'; // from the working directory
  env['EXTERNAL_LIBRARY_DIR'] = `${cwd.path}/external`;
  const { code, stderr } = await startTask('sync', [], cwd.path, env).ended();
  assert.equal(code, EXIT.ok, stderr);
  assert.deepEqual(await world.verify(verifyMirrors), []);
  const unshared = await startTask('unshare', ['--yes'], cwd.path, env).ended();
  assert.equal(unshared.code, EXIT.ok, unshared.stderr + unshared.stdout);
});

Deno.test(
  'serve: SIGHUP takes over a configuration that names something new, in the same process, and SIGTERM ends it',
  {
    ignore: Deno.build.os === 'windows',
  },
  async () => {
    await using world = await World.open('v3.1.0', { ownTables: false });
    using cwd = workingDirectory('');
    const write = (text: string) => Deno.writeTextFileSync(`${cwd.path}/config.yaml`, text);
    const { EXTERNAL_LIBRARY_DIR: external = '', ...env } = variablesOf(world);
    const [first, second] = [freePort(), freePort()];
    const jobs = JSON.stringify(world.config.jobs.map(yamlJob));
    const [upload] = world.config.jobs.filter(({ kind }) => kind === 'upload').map(yamlJob);
    // At first nothing names the directory of the external libraries.
    write(`{ "http_port": ${first}, "jobs": [${JSON.stringify(upload)}] }`);
    const program = startTask('serve', [], cwd.path, env);
    const isReady = async (port: number) => {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
      await answer?.body?.cancel();
      return answer?.ok ?? false;
    };
    try {
      await until('the first is ready', () => isReady(first));
      write(`{ "http_port": "never", "jobs": ${jobs} }`);
      program.signal('SIGHUP');
      await program.says(/is not used: [^]*http_port/);
      assert.ok(await isReady(first), 'a mistake changes nothing');
      write(
        `{ "http_port": ${second}, "external_library_dir": ${
          JSON.stringify(external)
        }, "write_schedule": "0 0 29 2 *", "jobs": ${jobs} }`,
      );
      program.signal('SIGHUP');
      await until('the second is ready', () => isReady(second));
      assert.ok(!await isReady(first));
      await until('both jobs share', async () => {
        const [shared] = await world.sql<{ jobs: number }[]>`
          SELECT count(DISTINCT job_name)::int AS jobs FROM immich_sidecar.asset_map`;
        return shared?.jobs === 2 && (await world.verify(verifyMirrors)).length === 0;
      });
      program.signal('SIGHUP');
      await program.says(/the configuration was read again$/m);
      await until('it goes on with what it has', () => isReady(second));
    } finally {
      program.signal('SIGTERM');
    }
    const { code, stderr } = await program.ended();
    assert.equal(code, EXIT.ok, stderr);
    assert.equal(stderr.match(/names something new/g)?.length, 1, stderr);
    assert.match(stderr, /is not used: [^]*http_port[^]*names something new[^]*stopping/);
  },
);

function freePort(): number {
  using listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  return listener.addr.port;
}
