import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { RunningProgram } from '../crash/process.ts';
import { workingDirectory } from './program.ts';

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
