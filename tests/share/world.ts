import type { Config, DatabaseConfig, JobConfig } from '../../src/config/config.ts';
import { assetOf, type GeneratedLibrary } from '../../src/demo/library_generator/result.ts';
import { type Connection, disconnect } from '../../src/postgres/connect.ts';
import { lossOf } from '../../src/postgres/sockets.ts';
import type { CycleReport } from '../../src/share/cycle/report.ts';
import { LIMITS, type Limits } from '../../src/share/cycle/limits.ts';
import type { Tools, View } from '../../src/share/cycle/tools.ts';
import { StepTotals } from '../../src/share/cycle/step_words.ts';
import { dryRun } from '../../src/share/plan_only.ts';
import { share, withSharing } from '../../src/share/share.ts';
import type { ImmichDatabase, OpenOptions, Release } from '../harness/database.ts';
import { type Kind, openLibrary } from '../harness/libraries.ts';
import { leavePool, takePool } from '../harness/program_pools.ts';
import { upgradeImmich } from '../harness/upgrade/upgrade.ts';
import { demoConfig, jobsOf } from '../../src/demo/jobs.ts';
import { tellCounts, untilIdle } from './idle.ts';

/** See World.open. */
const CONNECTIONS = Deno.env.get('TEST_SETTINGS') === 'production' ? 4 : 1;

/** A generated library in a database and a directory of its own, and the configuration that shares it with Bob. */
export class World implements AsyncDisposable {
  #kept: { readonly sql: Connection; readonly database: DatabaseConfig } | undefined;

  private constructor(
    public db: ImmichDatabase,
    readonly directory: string,
    readonly library: GeneratedLibrary,
    public config: Config,
    readonly connections: number,
  ) {}

  /** How much each cycle looks at, copies and remembers at once. */
  limits: Limits = LIMITS;

  /**
   * @param options `connections`: of the pool with which this world's own cycles work. Each session plans a statement anew, which takes longer
   * than to run it: with four of them three cycles took a third more. One is what `demo` has. Whatever is started as a program has four
   * (harness/server_databases.ts), as have the histories and the faults, and with TEST_SETTINGS=production every world.
   */
  static async open(
    release: Release,
    options: Kind & { database?: OpenOptions; connections?: number } = {},
  ): Promise<World> {
    const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: 'immich-world-' }));
    const { database, connections = CONNECTIONS, ownTables = true, ...kind } = options;
    const { db, library } = await openLibrary(release, directory, { ...kind, ownTables }, database);
    const config = demoConfig(db.config, directory, jobsOf(library, 'bob'));
    // Beside the library, whose files are compared.
    const write = { ...config.write, stateDirectory: `${directory}-state` };
    return new World(db, directory, library, { ...config, write }, connections);
  }

  get sql() {
    return this.db.sql;
  }

  id(key: string): string {
    return assetOf(this.library, key).id;
  }

  /** The columns by which this release knows people. */
  get people(): { personKey: 'id' | 'personGroupId'; faceKey: 'personId' | 'personGroupId' } {
    return this.db.release >= 'v3.2'
      ? { personKey: 'personGroupId', faceKey: 'personGroupId' }
      : { personKey: 'id', faceKey: 'personId' };
  }

  /** The id of the mirror of an asset, or undefined. */
  async mirrorOf(key: string, target: 'alice' | 'bob' | 'carol' = 'bob'): Promise<string | undefined> {
    const [row] = await this.sql<{ id: string }[]>`
      SELECT mirror_asset_id AS id
      FROM immich_sidecar.asset_map
      WHERE source_asset_id = ${this.id(key)}
        AND target_user_id = ${this.library.users[target].id}`;
    return row?.id;
  }

  /** Sources of visible pictures that Bob has mirrors of, in the order of their ids; at least three. */
  async someMirrored(): Promise<[string, string, string]> {
    const rows = await this.sql<{ id: string }[]>`
      SELECT a.id
      FROM asset a
      JOIN immich_sidecar.asset_map m ON m.source_asset_id = a.id AND m.target_user_id = ${this.library.users.bob.id}
      WHERE a.type = 'IMAGE' AND a.visibility = 'timeline' AND a."livePhotoVideoId" IS NULL
      ORDER BY a.id`;
    const [first, second, third] = rows.map(({ id }) => id);
    if (first === undefined || second === undefined || third === undefined) throw new Error('too few mirrors');
    return [first, second, third];
  }

  /** The id of Bob's mirror of a source, by the source's id. */
  async mirrorOfId(sourceAssetId: string): Promise<string> {
    const [row] = await this.sql<{ id: string }[]>`
      SELECT mirror_asset_id AS id
      FROM immich_sidecar.asset_map
      WHERE source_asset_id = ${sourceAssetId} AND target_user_id = ${this.library.users.bob.id}`;
    if (row === undefined) throw new Error(`no mirror of ${sourceAssetId}`);
    return row.id;
  }

  /** Where the original of Bob's mirror of a source is on this machine. */
  async localMirrorPath(sourceAssetId: string): Promise<string> {
    const [row] = await this.sql<{ path: string }[]>`
      SELECT "originalPath" AS path FROM asset WHERE id = ${await this.mirrorOfId(sourceAssetId)}`;
    return this.local(row?.path ?? '');
  }

  /** The names of the people that a user has, mirrored or own, in order. */
  async namesOf(user: 'alice' | 'bob' | 'carol'): Promise<string[]> {
    const rows = await this.sql<{ name: string }[]>`
      SELECT name FROM person WHERE "ownerId" = ${this.library.users[user].id} ORDER BY name`;
    return rows.map(({ name }) => name);
  }

  /** The people on the living faces of an asset, by name, in order. */
  async facesOn(assetId: string | undefined): Promise<(string | null)[]> {
    const { personKey, faceKey } = this.people;
    const rows = await this.sql<{ name: string | null }[]>`
      SELECT p.name
      FROM asset_face f
      JOIN asset a ON a.id = f."assetId"
      LEFT JOIN person p ON p.${this.sql(personKey)} = f.${this.sql(faceKey)} AND p."ownerId" = a."ownerId"
      WHERE f."assetId" = ${assetId ?? null}
        AND f."deletedAt" IS NULL
      ORDER BY p.name`;
    return rows.map(({ name }) => name);
  }

  /** Gives a user a person of their own; returns the id by which faces refer to it. */
  async insertPerson(user: 'alice' | 'bob' | 'carol', name: string): Promise<string> {
    const owner = this.library.users[user].id;
    const id = crypto.randomUUID();
    if (this.people.personKey === 'id') {
      await this.sql`INSERT INTO person (id, "ownerId", name) VALUES (${id}, ${owner}, ${name})`;
    } else {
      await this.sql`
        INSERT INTO person_group (id, "clusterGroupId")
        SELECT ${id}, "clusterGroupId" FROM "user" WHERE id = ${owner}`;
      await this.sql`INSERT INTO person ("personGroupId", "ownerId", name) VALUES (${id}, ${owner}, ${name})`;
    }
    return id;
  }

  /** Where a path of Immich's is on this machine. */
  local(immichPath: string): string {
    return immichPath.replace(/^\/data(?=\/|$)/, `${this.directory}/media`)
      .replace(/^\/external_library(?=\/|$)/, `${this.directory}/external`);
  }

  setJobs(jobs: readonly JobConfig[]): void {
    this.config = { ...this.config, jobs };
  }

  /**
   * One cycle, as the program runs it. The pool is kept for the next one, as to prepare all statements on a new connection takes
   * longer than the cycle, unless this one failed.
   */
  async share(options: { jobName?: string; isFull?: boolean } = {}): Promise<CycleReport> {
    const sql = await this.#pool();
    try {
      return await share(sql, this.config, {
        isFull: true,
        ...options,
        limits: this.limits,
        version: 'test',
        progress: SILENT,
      });
    } catch (error) {
      await this.#disconnect();
      throw error;
    }
  }

  /** As untilIdle, each cycle as a new process runs it; `look` sees what each of them did. */
  async untilIdle(look: (report: CycleReport) => void = () => {}): Promise<CycleReport> {
    const cycle = async () => {
      const report = await this.share({ isFull: false });
      look(report);
      return report;
    };
    return await untilIdle(cycle, this.sql, await this.#pool());
  }

  /** What sessions of this world have counted is told to all others. */
  async tellCounts(): Promise<void> {
    for (const pool of [this.sql, await this.#pool()]) await tellCounts(pool);
  }

  /** What a dry run says that the next full cycle would do. */
  async plan(): Promise<StepTotals> {
    const totals = new StepTotals();
    await dryRun(await this.#pool(), this.config, { sink: (step, lines) => void totals.describe(step, lines) });
    return totals;
  }

  /** What a command that is no cycle does. */
  async apply<T>(work: (tools: Tools, view: View) => Promise<T>): Promise<T> {
    return await withSharing(await this.#pool(), this.config, 'test', (sharing) => sharing.apply(work));
  }

  async #pool(): Promise<Connection> {
    const { database } = this.config;
    if (this.#kept?.database !== database || lossOf(this.#kept.sql).aborted) await this.#disconnect();
    this.#kept ??= { sql: await takePool({ ...database, maxConnections: this.connections }), database };
    return this.#kept.sql;
  }

  /** The next cycle has a new connection. */
  async #disconnect(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) await disconnect(kept.sql);
  }

  /** Immich is updated, with the program at rest; its connection is kept, as that of `serve` would be. */
  async upgrade(release: Release): Promise<void> {
    await upgradeImmich(this.sql, this.db.release, release);
    this.db = { ...this.db, release };
  }

  /** Findings of the verifier, which knows this world's directories. */
  async verify(
    verifyMirrors: (sql: Connection, options: { config: Config }) => Promise<readonly unknown[]>,
  ): Promise<readonly unknown[]> {
    return await verifyMirrors(this.sql, { config: this.config });
  }

  async close(): Promise<void> {
    if (this.#kept !== undefined) {
      await leavePool({ ...this.#kept.database, maxConnections: this.connections }, this.#kept.sql);
    }
    await this.db.close();
    await Deno.remove(this.directory, { recursive: true });
    await Deno.remove(`${this.directory}-state`, { recursive: true }).catch(() => {}); // made by the first cycle
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };
