import { EXIT, messageOf, UserError } from '../../../src/errors.ts';
import { connect, type Connection, disconnect } from '../../../src/postgres/connect.ts';
import { readCatalog } from '../../../src/immich/catalog.ts';
import { missingFrom } from '../../../src/immich/requirements.ts';
import { share } from '../../../src/share/share.ts';
import { readState, type State } from '../../share/oracle/state.ts';
import { accountOf, differencesOf, type Dropped, listDifferences, Names } from './account.ts';
import type { Scene } from './scene.ts';
import { USERS } from './users.ts';

/** What one user made of a copy. */
type Result =
  /** `after`: if anything was written. */
  | { readonly kind: 'refused'; readonly message: string; readonly after: State | undefined }
  | { readonly kind: 'failed'; readonly message: string }
  /** `after` only of one that writes. */
  | { readonly kind: 'done'; readonly said: readonly string[]; readonly after: State | undefined };

/** What all users made of an unspoilt copy of a scene. */
export interface Expectation {
  readonly names: Names;
  readonly results: ReadonlyMap<string, Result>;
  readonly before: State;
  /** What is left when only what is locked was withdrawn: a cycle does so before it refuses. */
  readonly unlocked: State;
}

/** Throws Error when anything fails. */
export async function expect(scene: Scene): Promise<Expectation> {
  const { names, results, before } = await run(scene, undefined, undefined);
  for (const [user, result] of results) {
    if (result.kind !== 'done') throw new Error(`${user} fails without anything being dropped: ${result.message}`);
  }
  return { names, results, before, unlocked: await withdrawLockedOnly(scene) };
}

/** What became of dropping something. */
export interface Verdict {
  /** Everything that is neither a refusal (exit code 4, by name, and nothing was written) nor right, in words. */
  readonly problems: readonly string[];
  /** Who refused. */
  readonly refusedBy: readonly string[];
}

/** Drops something in a copy of the scene and has all users work with it. */
export async function judge(scene: Scene, expectation: Expectation, dropped: Dropped): Promise<Verdict> {
  const { names, results, canWithdrawLocked } = await run(scene, expectation.names, dropped);
  const problems: string[] = [];
  const refusedBy: string[] = [];
  for (const [user, result] of results) {
    const wanted = expectation.results.get(user);
    if (wanted?.kind !== 'done') throw new Error(`nothing is expected of ${user}`);
    if (result.kind === 'failed') problems.push(`${user} fails: ${result.message}`);
    else if (result.kind === 'refused') {
      refusedBy.push(user);
      if (!isNamed(result.message, dropped)) problems.push(`${user} does not name it: ${result.message}`);
      if (user === 'sync' && canWithdrawLocked) {
        const [expected, actual] = [expectation.unlocked, result.after ?? expectation.before]
          .map((state) => accountOf(names, state, dropped));
        if (expected === undefined || actual === undefined) continue;
        problems.push(...differencesOf(expected, actual).map((line) => `${user} refuses, and leaves ${line}`));
      } else if (result.after !== undefined) problems.push(`${user} refuses after it has written`);
    } else {
      problems.push(...listDifferences(`${user} says`, wanted.said, result.said));
      if (wanted.after === undefined || result.after === undefined) continue;
      const [expected, actual] = [wanted.after, result.after].map((state) => accountOf(names, state, dropped));
      if (expected === undefined || actual === undefined) continue;
      problems.push(...differencesOf(expected, actual).map((line) => `${user} makes ${line}`));
    }
  }
  return { problems, refusedBy };
}

/** By the name that it has in this release. */
function isNamed(message: string, { table, column }: Dropped): boolean {
  const name = column === undefined ? table : `${table}.${column}`;
  return new RegExp(`(?<![\\w.])${RegExp.escape(name)}(?!\\w)`).test(message);
}

async function run(
  scene: Scene,
  known: Names | undefined,
  dropped: Dropped | undefined,
): Promise<{ names: Names; results: Map<string, Result>; before: State; canWithdrawLocked: boolean }> {
  await using copy = await scene.copy();
  const { config, mounts } = copy;
  const superuser = await connect(copy.superuser);
  let sql: Connection | undefined;
  try {
    if (dropped !== undefined) await drop(superuser, dropped);
    sql = await connect(config.database);
    const results = new Map<string, Result>();
    let before = await readState(superuser, mounts);
    const first = before;
    const canWithdrawLocked = missingFrom(await readCatalog(superuser), 'locking').length === 0;
    const names = known ?? new Names(before);
    for (const { name, isWriter = false, isAfterSync = true, isLikeOthers = false, use } of USERS) {
      const synced = results.get('sync')?.kind;
      if ((isAfterSync && synced === 'failed') || (isLikeOthers && synced === 'refused')) continue;
      let result: Result;
      try {
        const said = await use(sql, config, synced === 'refused' ? dropped : undefined);
        const after = isWriter ? await readState(superuser, mounts) : undefined;
        before = after ?? before;
        result = { kind: 'done', said: linesOf(said, names.teller(before)), after };
      } catch (error) {
        const after = await readState(superuser, mounts);
        result = error instanceof UserError && error.exitCode === EXIT.refused
          ? { kind: 'refused', message: messageOf(error), after: isSame(before, after) ? undefined : after }
          : { kind: 'failed', message: error instanceof Error ? `${error.name}: ${error.message}` : messageOf(error) };
      }
      results.set(name, result);
    }
    return { names, results, before: first, canWithdrawLocked };
  } finally {
    if (sql !== undefined) await disconnect(sql);
    await disconnect(superuser);
  }
}

/** A cycle of jobs that are all wrong does nothing else. */
async function withdrawLockedOnly(scene: Scene): Promise<State> {
  await using copy = await scene.copy();
  const { config, mounts } = copy;
  const jobs = config.jobs.map((job) => ({ ...job, targetLibraryId: crypto.randomUUID() }));
  const superuser = await connect(copy.superuser);
  const sql = await connect(config.database);
  try {
    await share(sql, { ...config, jobs }, { version: 'test', progress: SILENT }).catch((error) => {
      if (!(error instanceof UserError && error.exitCode === EXIT.usage)) throw error;
    });
    return await readState(superuser, mounts);
  } finally {
    await disconnect(sql);
    await disconnect(superuser);
  }
}

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

async function drop(sql: Connection, { table, column }: Dropped): Promise<void> {
  await (column === undefined
    ? sql`DROP TABLE ${sql(table)} CASCADE`
    : sql`ALTER TABLE ${sql(table)} DROP COLUMN ${sql(column)} CASCADE`);
}

function isSame(before: State, after: State): boolean {
  const [was, is] = [before, after].map(({ tables, own, files }) => JSON.stringify([tables, own, [...files]]));
  return was === is;
}

/** One line for each thing that is said, in any order. */
function linesOf(said: unknown, tell: (text: string) => string): string[] {
  const lines = (value: unknown, path: string): string[] => {
    if (value === null || typeof value !== 'object') return [`${path}: ${JSON.stringify(value)}`];
    const isList = Array.isArray(value);
    return Object.entries(value).flatMap(([key, inner]) => lines(inner, isList ? `${path}[]` : `${path}.${key}`));
  };
  return lines(said, '').map(tell).sort();
}
