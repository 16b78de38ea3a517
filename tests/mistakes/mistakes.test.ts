import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { run } from '../cli/program.ts';
import { EXTERNAL_ENV } from '../config/helper.ts';
import { assertAnswered } from './answered.ts';
import { WRONG_COMMANDS } from './commands.ts';
import { WRONG_FILES } from './files.ts';
import type { Mistake, NoFile } from './mistake.ts';
import { WRONG_SETTINGS } from './settings.ts';

const MISTAKES: readonly Mistake[] = [...WRONG_SETTINGS, ...WRONG_FILES, ...WRONG_COMMANDS];

/** Nothing listens there, and nobody waits for it. */
const RIGHT = {
  ...EXTERNAL_ENV,
  DB_HOSTNAME: '127.0.0.1',
  DB_PORT: '1',
  DB_WAIT_SECONDS: '0',
  IMMICH_API_URL: 'http://127.0.0.1:1',
};

Deno.test(`each of ${MISTAKES.length} mistakes is answered with what repairs it`, async (t) => {
  assert.ok(MISTAKES.length >= 100);
  const directory = Deno.makeTempDirSync({ prefix: 'immich-sidecar-mistakes-' });
  try {
    for (const [index, mistake] of MISTAKES.entries()) {
      const cwd = `${directory}/${index}`;
      mkdirSync(cwd);
      for (const [name, content] of Object.entries(mistake.files ?? {})) {
        const path = `${cwd}/${name}`;
        if (name.endsWith('/')) mkdirSync(path);
        else if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(path, content);
        else putInPlace(path, content);
      }
      // What a file says is said by nothing else.
      const isAboutFiles = mistake.files !== undefined;
      const env = { HOME: cwd, ...(isAboutFiles ? withoutJob(RIGHT) : RIGHT), ...mistake.env };
      const outcome = await run(mistake.args ?? ['sync'], { env, cwd });
      await t.step(mistake.what, () => assertAnswered(mistake, outcome));
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

function putInPlace(path: string, { kind }: NoFile): void {
  switch (kind) {
    case 'pipe':
      return void execFileSync('mkfifo', [path]);
    case 'device':
      return symlinkSync('/dev/zero', path);
    case 'huge':
      writeFileSync(path, '');
      return truncateSync(path, 100 * 1024 ** 3);
  }
}

function withoutJob(env: typeof RIGHT): Record<string, string> {
  const { DB_WAIT_SECONDS, IMMICH_API_URL } = env;
  return { DB_WAIT_SECONDS, IMMICH_API_URL };
}
