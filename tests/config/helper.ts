import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Config } from '../../src/config/config.ts';
import { ConfigError, type ConfigProblem, loadConfig, type LoadOptions } from '../../src/config/load.ts';

export const ALICE = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
export const BOB = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb';
export const LIBRARY = '11111111-1111-4111-8111-111111111111';
export const ALBUM = '33333333-3333-4333-8333-333333333333';

/** The environment of one complete external job. */
export const EXTERNAL_ENV = Object.freeze({
  SOURCE_USER_ID: ALICE,
  TARGET_USER_ID: BOB,
  TARGET_LIBRARY_ID: LIBRARY,
  SHARED_PATH_PREFIX: '/external_library/alice/',
  TARGET_PATH_PREFIX: '/external_library/bob/',
});

/** The lines of one complete YAML job; `changes` replaces keys, undefined removes one. */
export function yamlJob(changes: Readonly<Record<string, string | undefined>> = {}): string {
  const job: Record<string, string | undefined> = {
    name: 'alice to bob',
    source_user_id: ALICE,
    target_user_id: BOB,
    target_library_id: LIBRARY,
    source_path_prefix: '/external_library/alice/',
    target_path_prefix: '/external_library/bob/',
    ...changes,
  };
  const lines = Object.entries(job).filter(([, value]) => value !== undefined).map(([key, value]) =>
    `${key}: ${value}`
  );
  return `  - ${lines.join('\n    ')}\n`;
}

/** Files by relative path, written into a new directory that is removed when `use` returns. */
export function withDirectory<T>(files: Readonly<Record<string, string>>, use: (cwd: string) => T): T {
  const cwd = mkdtempSync(join(tmpdir(), 'sidecar-config-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(cwd, path)), { recursive: true });
      writeFileSync(join(cwd, path), text);
    }
    return use(cwd);
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

type Given = Partial<Omit<LoadOptions, 'cwd'>> & { files?: Readonly<Record<string, string>> };

/** Loads a configuration that does not need a job unless the test says so. */
export function load({ files = {}, env = {}, ...options }: Given): Config {
  return withDirectory(files, (cwd) => loadConfig({ env, cwd, needJobs: false, ...options }));
}

/** A configuration without the name of the directory it was loaded in, to compare it with another. */
export function portable(config: Config): unknown {
  return JSON.parse(JSON.stringify(config).replaceAll(/"[^"]*\/sidecar-config-\w{6}/g, '"'));
}

/** The error of a configuration that must be refused. */
export function refused(given: Given): ConfigError {
  try {
    load(given);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'the configuration was accepted' });
}

/** The only problem of a configuration that must be refused. */
export function problemOf(given: Given): ConfigProblem {
  const { problems } = refused(given);
  assert.equal(problems.length, 1, JSON.stringify(problems, null, 2));
  return problems[0] ?? assert.fail();
}

/** `key @ place` of every problem. */
export function placesOf(error: ConfigError): string[] {
  return error.problems.map(({ key, place }) => `${key} @ ${place}`);
}
