import assert from 'node:assert/strict';
import exifToolScript from 'exiftool-vendored.pl';
import { EXIT } from '../../src/errors.ts';
import { runAlone, variablesOf, workingDirectory } from '../cli/program.ts';
import { canRun } from '../packaging/repository.ts';
import { World } from '../share/world.ts';
import { flagsOf } from './flags.ts';

const HAS_PERL = await canRun('perl', ['-v']);

/** What a shell adds by itself. */
const OF_THE_SHELL = ['PWD', 'OLDPWD', 'SHLVL', '_'];

Deno.test("ExifTool's Perl is told no password, no key and nothing else of the environment (DB_PASSWORD)", {
  ignore: !HAS_PERL,
}, async () => {
  await using world = await World.open('v3.1.0');
  using cwd = workingDirectory('{}');
  const told = `${cwd.path}/told`;
  const exifTool = `${cwd.path}/exiftool`;
  Deno.writeTextFileSync(exifTool, `#!/bin/sh\nenv >> ${told}\nexec perl '${exifToolScript}' "$@"\n`, { mode: 0o755 });
  const secrets = {
    IMMICH_API_KEY: 'a-key-of-Immich',
    HTTP_TOKEN: 'a-token-of-sixteen-or-more',
    HOME_SECRET: 'whatever',
  };
  const variables = variablesOf(world);
  const { code, stdout, stderr } = await runAlone(['write', '--all'], {
    cwd: cwd.path,
    env: { ...variables, ...secrets, WRITE_SOURCE: 'database', EXIFTOOL_PATH: exifTool },
    flags: flagsOf('write'),
  });
  assert.equal(code, EXIT.ok, stdout + stderr);
  const environment = Deno.readTextFileSync(told);
  const names = new Set(environment.trimEnd().split('\n').map((line) => line.slice(0, line.indexOf('='))));
  for (const name of OF_THE_SHELL) names.delete(name);
  assert.deepEqual([...names].sort(), ['LC_ALL', 'PATH']);
  for (const secret of [variables['DB_PASSWORD'] ?? '', ...Object.values(secrets)]) {
    assert.ok(secret !== '' && !environment.includes(secret), 'a secret');
  }
});
