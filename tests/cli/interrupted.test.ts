import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { RunningProgram, until } from '../crash/process.ts';
import { World } from '../share/world.ts';
import { run, variablesOf, workingDirectory, yamlJob } from './program.ts';

Deno.test('Ctrl-C during a first copy says what was done, and the next run goes on with the rest', {
  ignore: Deno.build.os === 'windows',
}, async () => {
  await using world = await World.open('v3.1.0');
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const { sql } = world;
  // The first copy waits at its first row until somebody has pressed Ctrl-C.
  await sql.unsafe(`
    CREATE FUNCTION wait_a_little() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$;
    CREATE TRIGGER wait_a_little BEFORE INSERT ON asset FOR EACH ROW EXECUTE FUNCTION wait_a_little()`);
  const holder = await sql.reserve();
  await holder`SELECT pg_advisory_lock(4711)`;
  const options = { cwd: cwd.path, env: variablesOf(world) };
  const program = RunningProgram.start(['sync'], options);
  const isWaiting = async () =>
    (await sql`SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted`).length > 0;
  await until('the copy waits', isWaiting);
  assert.ok(program.signal('SIGINT'));
  await holder`SELECT pg_advisory_unlock(4711)`;
  holder.release();
  const { code, stderr } = await program.ended();
  assert.equal(code, EXIT.interrupted, stderr);
  assert.match(stderr, /error: Interrupted\. .*(?:the next run goes on from there|Nothing had been copied yet)\./);
  assert.doesNotMatch(stderr, /internal error|\bat .*\.ts:/);
  const next = await run(['sync'], options);
  assert.equal(next.code, EXIT.ok, next.stderr);
});

Deno.test('Ctrl-C while Immich does not answer ends with 130, and is no internal error', {
  ignore: Deno.build.os === 'windows',
}, async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  await using server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, () => {
    asked.resolve();
    return answer.promise;
  });
  using cwd = workingDirectory('');
  const program = RunningProgram.start(['write', '--all'], {
    cwd: cwd.path,
    env: { IMMICH_API_URL: `http://127.0.0.1:${server.addr.port}`, IMMICH_API_KEY: 'a-key-of-this-test' },
  });
  await asked.promise;
  assert.ok(program.signal('SIGINT'));
  const { code, stderr } = await program.ended();
  answer.resolve(new Response('{}'));
  assert.equal(code, EXIT.interrupted, stderr);
  assert.doesNotMatch(stderr, /internal error|\bat .*\.ts:/);
});
