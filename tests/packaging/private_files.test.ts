import assert from 'node:assert/strict';
import { STAGED } from '../../src/service/settings/desk.ts';
import { settingOf } from '../../src/config/settings.ts';
import { testUnless } from '../files/scratch.ts';
import { canRun, exists, REPOSITORY } from './repository.ts';

const noGit = exists('.git') && await canRun('git', ['--version']) ? undefined : 'this is no clone';

/** All that the program, or somebody who uses it, puts beside the source, and that nobody else is to see. */
const PRIVATE: readonly string[] = [
  ...['.env', 'config.yaml', 'config.yml'].flatMap((name) => [
    name,
    `${name}.2026-11-21T10-18-32.bak`,
    `${name}.2026-11-21T10-18-32.new`,
    `${name}${STAGED}`,
  ]),
  `${settingOf('WRITE_STATE_DIR').default}/ledger.sqlite`,
  `${settingOf('IMMICH_LOG_FILE').default}`,
  `${settingOf('IMMICH_LOG_FILE').default}.1`,
  'secrets/db_password',
];

testUnless(noGit, 'what may hold secrets or names is never committed from a clone', async () => {
  const { stdout } = await new Deno.Command('git', { args: ['check-ignore', ...PRIVATE], cwd: REPOSITORY }).output();
  assert.deepEqual(new TextDecoder().decode(stdout).trimEnd().split('\n'), PRIVATE);
});
