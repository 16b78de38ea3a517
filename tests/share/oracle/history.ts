import { describeProblem } from '../../../src/problems/problem.ts';
import type { JobConfig } from '../../../src/config/config.ts';
import { TWO_WAY_CHOICES } from '../../../src/config/two_way_fields.ts';
import { connect, type Connection, disconnect } from '../../../src/postgres/connect.ts';
import { sqlStateOf } from '../../../src/postgres/faults.ts';
import { confirmBrakes } from '../../../src/share/brake/remembered.ts';
import type { PlanSink } from '../../../src/share/cycle/dry_run.ts';
import { LIMITS, type Limits } from '../../../src/share/cycle/limits.ts';
import { ALL_PHASES } from '../../../src/share/phases/list.ts';
import { dryRun } from '../../../src/share/plan_only.ts';
import type { Release } from '../../harness/database.ts';
import { withoutStrangers } from './choice.ts';
import { differences } from './compare.ts';
import { DEEDS } from './deeds/all.ts';
import { TWO_WAY_DEEDS } from './deeds/both_ways.ts';
import { JOB_DEEDS } from './deeds/jobs.ts';
import { MOVING_DEEDS } from './deeds/moving.ts';
import { STOP_DEEDS } from './deeds/stops.ts';
import { UPDATE_DEEDS } from './deeds/update.ts';
import { type Deeds, Scene } from './deeds/scene.ts';
import { Engine } from './engine.ts';
import { Household, type Name } from './household.ts';
import { emptyMemory, type Memory, type Witness } from './memory.ts';
import { predict } from './model.ts';
import { addPerson, addPhoto } from './photos.ts';
import { Prediction } from './prediction.ts';
import { readDeletedAssets, readDeletedPeople, readState, type Row, type State } from './state.ts';
import type { Plan, Step } from './steps.ts';
import { findLost, stillSaid, type TypedValue } from './typed.ts';
import { tellCounts } from '../idle.ts';

/** Everything that can happen, by name. */
export const ALL_DEEDS: Deeds = { ...DEEDS, ...JOB_DEEDS, ...STOP_DEEDS, ...MOVING_DEEDS };

const PAIRS: Readonly<Record<Plan['circle'], readonly (readonly [Name, Name])[]>> = {
  'one way': [['alice', 'bob']],
  'both ways': [['alice', 'bob'], ['bob', 'alice']],
  'triangle': [['alice', 'bob'], ['bob', 'carol'], ['carol', 'alice']],
  'two targets': [['alice', 'bob'], ['alice', 'carol']],
  'chain': [['alice', 'bob'], ['bob', 'carol']],
  'shared albums': [['alice', 'bob'], ['bob', 'carol'], ['carol', 'alice']],
};

/** How often each phase of a full cycle had something to do, in all histories of this process. */
export const occasions = new Map<string, number>(ALL_PHASES.map(({ name }) => [name, 0]));

/** Which cycles are the first of a program: `all`, as with `sync` from cron. */
export type Starts = 'some' | 'all';

/** A history that went wrong, in words. */
export class HistoryError extends Error {
  override name = 'HistoryError';
}

/**
 * Lives through a history: after each burst of deeds one cycle must make what the model says, and one more must change nothing.
 * Throws HistoryError with the deeds in words and everything that is different.
 */
export async function live(release: Release, plan: Plan, limits: Limits, starts: Starts = 'some'): Promise<void> {
  await using history = await History.begin(release, plan, limits, starts);
  await history.cycle({ isRestart: true });
  for (const [index, step] of plan.steps.entries()) {
    await history.act(step);
    if (step.isFollowedByCycle || index === plan.steps.length - 1) await history.cycle(step);
  }
}

/**
 * The same on any release, without looking at what cycles make and without the last one: `use` gets the household, with everything that was
 * done since the cycle before still to be followed, and with nobody connected to its database but `home.sql`. Deeds that need
 * a column that the release does not have are left out.
 */
export async function liveWithoutLastCycle<T>(
  release: Release,
  plan: Plan,
  use: (home: Household) => Promise<T>,
): Promise<T> {
  await using history = await History.begin(release, plan, LIMITS);
  await history.follow();
  for (const step of plan.steps) {
    await history.act(step).catch((error) => {
      if (!MISSING.has(sqlStateOf(error) ?? '')) throw error;
    });
    if (step.isFollowedByCycle) await history.follow();
  }
  await history.rest();
  return await use(history.home);
}

/** Undefined column, undefined table. */
const MISSING: ReadonlySet<string> = new Set(['42703', '42P01']);

/** One holds the lock and one works; with the settings of production as many as a program has. */
const CONNECTIONS = Deno.env.get('TEST_SETTINGS') === 'production' ? 4 : 2;

class History implements AsyncDisposable {
  readonly #told: string[] = [];
  #sql: Connection | undefined;
  #engine: Engine | undefined;
  #memory: Memory = emptyMemory();
  #needsFullCycle = false;
  readonly #typed: TypedValue[] = [];
  /** The jobs that the last cycle has called stopped. */
  #stopped: readonly string[] = [];
  #starts = 0;
  #fullCycles = 0;

  private constructor(
    readonly home: Household,
    readonly names: readonly Name[],
    readonly limits: Limits,
    readonly starts: Starts,
    readonly isTwoWay: boolean,
  ) {}

  static async begin(release: Release, plan: Plan, limits: Limits, starts: Starts = 'some'): Promise<History> {
    const home = await Household.open(release, plan);
    const pairs = PAIRS[plan.circle];
    const names = [...new Set(pairs.flat())];
    const history = new History(home, names, limits, starts, plan.isTwoWay === true);
    try {
      await furnish(home, names);
      if (plan.circle === 'shared albums') await home.shareAlbums();
      else {
        home.setJobs(pairs.flatMap(([source, target]): JobConfig[] =>
          [
            home.job(source, target, 'external', { albumId: home.users[target].albumId }),
            home.job(source, target, 'upload'),
          ].map((job) =>
            plan.isTwoWay === true ? { ...job, bothWays: TWO_WAY_CHOICES, favorites: 'both' as const } : job
          )
        ));
      }
      history.#told.push(`${plan.circle}${plan.sameClusterGroup ? ', one cluster group' : ''}:`);
      return history;
    } catch (error) {
      await history[Symbol.asyncDispose]();
      throw error;
    }
  }

  async act(step: Step): Promise<void> {
    const deed = ALL_DEEDS[step.deed] ?? UPDATE_DEEDS[step.deed] ?? TWO_WAY_DEEDS[step.deed];
    if (deed === undefined) throw new Error(`there is no deed ${step.deed}`);
    const words = await deed.act(new Scene(this.home, this.names, step.picks));
    if (words === undefined) return;
    this.#told.push(words);
    if (!deed.isTraced) this.#needsFullCycle = true;
  }

  async cycle({ isRestart }: Pick<Step, 'isRestart'>): Promise<void> {
    await this.#forgetStrangers();
    // A process that starts goes on where the last one stopped: every other time, as a full cycle finds more.
    const isFull = this.#needsFullCycle || (this.starts === 'some' && isRestart && this.#starts++ % 2 === 0);
    if (isRestart && this.starts === 'some') await this.#restart();
    let after = await this.#predicted(isFull);
    // What comes back with a photo goes from there to the source, and what is said of people from one to the next.
    if (this.isTwoWay) after = await this.#predicted(false);
    const now = new Prediction(after, this.#memory, this.home.sharings, witnessOf(after));
    this.#assertNone(findLost(now, this.#typed.splice(0)), 'what somebody has said is nowhere any more');
    // What the other kind of cycle finds to do has been overlooked, or done for nothing.
    const plannedAgain = await this.#run(!isFull && this.#told.length % 2 === 0);
    this.#assertNone(changes(after, await this.#read()), 'one more cycle changes something');
    this.#assertNone(plannedAgain ?? [], 'a dry run says that one more cycle would change something');
  }

  /** One cycle, which makes what the model says. Returns how everything is then. */
  async #predicted(isFull: boolean): Promise<State> {
    await tellCounts(this.home.sql);
    const before = await this.#read();
    const deleted = await readDeletedAssets(this.home.sql);
    const deletedPeople = await readDeletedPeople(this.home.sql, this.home.isGrouped ? 'personGroupId' : 'personId');
    const planned = await this.#run(isFull);
    const after = await this.#read();
    if (planned !== undefined) this.#assertPlanned(planned, changes(before, after));
    const resolutions = this.home.resolutions.splice(0);
    const prediction = new Prediction(
      before,
      this.#memory,
      this.home.sharings,
      witnessOf(after),
      deleted,
      resolutions,
      deletedPeople,
    );
    this.#typed.push(...stillSaid(prediction, this.home.typed.splice(0)));
    predict(prediction);
    this.#assertNone(differences(prediction, after), 'one cycle does not make what it should');
    this.#memory = prediction.memory;
    const stopped = this.home.config.jobs.map(({ name }) => name).filter((name) => this.#memory.stopped.has(name));
    this.#assertNone(
      stopped.toSorted().join() === this.#stopped.join() ? [] : [`these were reported: ${this.#stopped.join()}`],
      'other shares are stopped than are reported',
    );
    return after;
  }

  /** Returns what a dry run said that a full cycle would change. */
  async #run(isFull: boolean): Promise<readonly string[] | undefined> {
    if (this.starts === 'all') await this.#restart();
    this.#told.push(isFull ? '[full cycle]' : '[cycle]');
    // The configuration may have changed.
    if (isFull) await this.#stop();
    // Statements are prepared for each connection, which takes longer than all else: it is kept unless the program restarts.
    this.#sql ??= await connect({ ...this.home.config.database, maxConnections: CONNECTIONS });
    const planned = isFull ? await this.#plan(this.#sql) : undefined;
    // Every other full cycle is one because it is time for it: that one compares only what was written to.
    const isDue = isFull && this.#fullCycles++ % 2 === 0;
    const config = isDue ? { ...this.home.config, reconcileHours: 0 } : this.home.config;
    this.#engine ??= await Engine.start(config, this.#sql, this.limits);
    this.#needsFullCycle = false;
    let report = await this.#engine.cycle({ isFull: isFull && !isDue });
    if (isFull && report.scope !== 'everything') throw new Error('this was to be a full cycle');
    // All that a job has shared goes at once, as with a library: the model knows no brakes.
    if (report.brakes.length > 0) {
      this.#told.push('[what the brake holds back is confirmed, and one more cycle]');
      await confirmBrakes(this.home.sql, undefined);
      report = await this.#engine.cycle();
    }
    if (isDue) await this.#stop();
    const reported = [...report.problems, ...report.jobs.flatMap((job) => job.problems)];
    const [stops, problems] = [true, false].map((isStop) =>
      reported.filter(({ code }) => (code === 'stopped-by-recipient') === isStop)
    );
    this.#stopped = (stops ?? []).map(({ where }) => String(where.job)).toSorted();
    this.#assertNone((problems ?? []).map(describeProblem), 'a cycle reports problems');
    return planned;
  }

  async #plan(sql: Connection): Promise<readonly string[]> {
    const planned: string[] = [];
    const sink: PlanSink = ({ phase }, lines) => {
      const changing = lines.filter(({ isKnown }) => !isKnown);
      if (changing.length > 0) occasions.set(phase, (occasions.get(phase) ?? 0) + 1);
      planned.push(...changing.map(({ sign, text }) => `${phase}: ${sign} ${text}`));
    };
    await dryRun(sql, this.home.config, { sink, limits: this.limits });
    return planned;
  }

  /** The dry run of a full cycle is empty if and only if the cycle changes no row and no file. */
  #assertPlanned(planned: readonly string[], changed: readonly string[]): void {
    if (planned.length === 0) this.#assertNone(changed, 'a dry run says nothing, and the cycle changes something');
    if (changed.length === 0) this.#assertNone(planned, 'a dry run says something, and the cycle changes nothing');
  }

  async #stop(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    await engine?.end();
  }

  /** What was named, and deleted before anybody looked, would be a problem of the job. */
  async #forgetStrangers(): Promise<void> {
    this.home.setJobs(withoutStrangers(this.home.config.jobs, (await this.#read()).tables, this.#memory));
  }

  /** A cycle of which nothing is expected. */
  async follow(): Promise<void> {
    await this.#forgetStrangers();
    await tellCounts(this.home.sql);
    await this.#run(true);
  }

  /** Ends the program. */
  async rest(): Promise<void> {
    await this.#forgetStrangers();
    await this.#disconnect();
  }

  async #restart(): Promise<void> {
    this.#told.push('[the program starts]');
    await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    await this.#stop();
    const sql = this.#sql;
    this.#sql = undefined;
    if (sql !== undefined) await disconnect(sql);
  }

  async #read(): Promise<State> {
    return await readState(this.home.sql, this.home.mounts);
  }

  #assertNone(found: readonly string[], problem: string): void {
    if (found.length === 0) return;
    const shown = found.slice(0, 15).map((line) => `  ${line.slice(0, 600)}`);
    throw new HistoryError([`${problem}:`, ...shown, `after (${found.length} in all)`, ...this.#told].join('\n'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#disconnect();
    } finally {
      await this.home.close();
    }
  }
}

/** A small library: everybody has a few photos of a few people. */
async function furnish(home: Household, names: readonly Name[]): Promise<void> {
  for (const owner of names) {
    const people: string[] = [];
    for (const name of [`${owner}'s mother`, `${owner}'s friend`, '']) people.push(await addPerson(home, owner, name));
    const [mother = null, friend = null, unnamed = null] = people;
    await addPhoto(home, { owner, kind: 'external', people: [mother, friend], text: 'some words', hasSidecar: true });
    await addPhoto(home, { owner, kind: 'external', people: [mother, unnamed] });
    await addPhoto(home, { owner, kind: 'upload', people: [friend, null] });
    if (owner !== 'alice') continue;
    await addPhoto(home, { owner, kind: 'external', people: [friend], folder: 'private' });
    await addPhoto(home, { owner, kind: 'external', type: 'VIDEO' });
    const still = await addPhoto(home, { owner, kind: 'upload', people: [unnamed] });
    await addPhoto(home, { owner, kind: 'upload', motionOf: still });
  }
}

/** Reads the ids that the program has given. */
function witnessOf({ own, tables }: State): Witness {
  const find = (table: string, conditions: Row, column: string) => {
    const row = (own[table] ?? []).find((candidate) =>
      Object.entries(conditions).every(([name, value]) => candidate[name] === value)
    );
    return String(row?.[column] ?? `no ${table} of ${Object.values(conditions).join(' ')}`);
  };
  return {
    mirrorOf: (source_asset_id, target_user_id) =>
      find('asset_map', { source_asset_id, target_user_id }, 'mirror_asset_id'),
    faceOf: (source_face_id, mirror_asset_id) =>
      find('face_map', { source_face_id, mirror_asset_id }, 'mirror_face_id'),
    sourceFaceOf: (mirror_face_id) => find('face_map', { mirror_face_id }, 'source_face_id'),
    versionOf: (source_face_id, mirror_asset_id) =>
      find('face_map', { source_face_id, mirror_asset_id }, 'source_update_id'),
    personOf: (origin_person_id, target_user_id) =>
      find('person_map', { origin_person_id, target_user_id }, 'mirror_person_id'),
    isPersonTaken: (mirror_person_id, target_user_id) =>
      !find('person_map', { mirror_person_id, target_user_id }, 'origin_person_id').startsWith('no '),
    stackOf: (source_stack_id, target_user_id) =>
      find('stack_map', { source_stack_id, target_user_id }, 'mirror_stack_id'),
    tagOf: (value, target_user_id) => find('tag', { value, target_user_id }, 'tag_id'),
    ownTagOf: (value, userId) =>
      String((tables['tag'] ?? []).find((row) => row['value'] === value && row['userId'] === userId)?.['id']),
    primaryOf: (id) => String((tables['stack'] ?? []).find((row) => row['id'] === id)?.['primaryAssetId']),
  };
}

/** Everything that is not as it was. */
function changes(before: State, after: State): string[] {
  const found: string[] = [];
  for (const part of ['tables', 'own'] as const) {
    for (const [table, rows] of Object.entries(after[part])) {
      const [was, is] = [before[part][table] ?? [], rows].map((all) => new Set(all.map((row) => JSON.stringify(row))));
      found.push(...[...was ?? []].filter((row) => !is?.has(row)).map((row) => `${table}: there was ${row}`));
      found.push(...[...is ?? []].filter((row) => !was?.has(row)).map((row) => `${table}: there is ${row}`));
    }
  }
  for (const path of new Set([...before.files.keys(), ...after.files.keys()])) {
    if (JSON.stringify(before.files.get(path)) !== JSON.stringify(after.files.get(path))) found.push(`file ${path}`);
  }
  return found;
}
