import type { Config, JobConfig } from '../../src/config/config.ts';
import { generateLibrary, type LibraryOptions } from '../../src/demo/library/generate.ts';
import { assetOf, type GeneratedLibrary } from '../../src/demo/library/result.ts';
import { connect } from '../../src/postgres/connect.ts';
import type { CycleReport } from '../../src/share/cycle.ts';
import { share } from '../../src/share/share.ts';
import { type ImmichDatabase, openImmich, type OpenOptions, type Release } from '../harness/database.ts';
import { demoConfig, jobsOf } from '../../src/demo/jobs.ts';

/** A generated library in a database and a directory of its own, and the configuration that shares it with Bob. */
export class World {
  private constructor(
    readonly db: ImmichDatabase,
    readonly directory: string,
    readonly library: GeneratedLibrary,
    public config: Config,
  ) {}

  static async open(
    release: Release,
    options: Partial<LibraryOptions> & { database?: OpenOptions } = {},
  ): Promise<World> {
    const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: 'immich-world-' }));
    const db = await openImmich(release, options.database);
    const library = await generateLibrary(db.sql, {
      mediaLocation: '/data',
      localMedia: `${directory}/media`,
      externalRoot: '/external_library',
      localExternal: `${directory}/external`,
      ...options,
    });
    const config = demoConfig(db.config, directory, jobsOf(library, 'bob'));
    return new World(db, directory, library, config);
  }

  get sql() {
    return this.db.sql;
  }

  id(key: string): string {
    return assetOf(this.library, key).id;
  }

  /** Where a path of Immich's is on this machine. */
  local(immichPath: string): string {
    return immichPath.replace(/^\/data(?=\/|$)/, `${this.directory}/media`)
      .replace(/^\/external_library(?=\/|$)/, `${this.directory}/external`);
  }

  setJobs(jobs: readonly JobConfig[]): void {
    this.config = { ...this.config, jobs };
  }

  /** One cycle, as the program runs it. */
  async share(options: { jobName?: string } = {}): Promise<CycleReport> {
    const sql = await connect(this.config.database);
    try {
      return await share(sql, this.config, { ...options, version: 'test', progress: SILENT });
    } finally {
      await sql.end({ timeout: 5 });
    }
  }

  async close(): Promise<void> {
    await this.db.close();
    await Deno.remove(this.directory, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };
