import type { Config, DatabaseConfig, JobConfig } from '../../../src/config/config.ts';
import { demoConfig } from '../../../src/demo/jobs.ts';
import type { Release } from '../../harness/database.ts';
import { uuidFor } from '../../../src/demo/library_generator/media/random.ts';
import { allowSchemas, asRole } from '../../harness/role.ts';
import { createDatabase, onServer } from '../../harness/server_databases.ts';
import { RARE_DEEDS } from '../../share/oracle/deeds/people.ts';
import { ALL_DEEDS, liveWithoutLastCycle } from '../../share/oracle/history.ts';
import type { Mount } from '../../share/oracle/state.ts';
import type { Step } from '../../share/oracle/steps.ts';

/** A copy of the scene, to be spoilt. */
export interface Copy extends AsyncDisposable {
  readonly config: Config;
  /** The same database as a superuser, who may drop what is in it. */
  readonly superuser: DatabaseConfig;
  readonly mounts: readonly Mount[];
}

/**
 * A household in which everything has been shared that Alice and Bob have, and then everything has happened that can: all that a cycle
 * knows how to do is to be done. `copy` gives a throw-away copy of its database and its files.
 */
export class Scene implements AsyncDisposable {
  private constructor(
    readonly release: Release,
    readonly template: string,
    readonly server: string,
    readonly directory: string,
    readonly jobs: readonly JobConfig[],
    readonly mounts: readonly Mount[],
    readonly end: () => void,
  ) {}

  static async of(release: Release): Promise<Scene> {
    const ready = Promise.withResolvers<Scene>();
    const ended = Promise.withResolvers<void>();
    const living = liveWithoutLastCycle(
      release,
      { circle: 'both ways', sameClusterGroup: false, steps: steps() },
      async (home) => {
        await home.sql.end();
        const { db: { config: { name }, server }, directory, mounts, config: { jobs } } = home;
        ready.resolve(new Scene(release, name, server, directory, jobs, mounts, () => ended.resolve()));
        await ended.promise;
      },
    );
    living.catch(ready.reject);
    return await ready.promise;
  }

  async copy(): Promise<Copy> {
    const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: 'immich-dropped-' }));
    const { success } = await new Deno.Command('cp', { args: ['-a', `${this.directory}/.`, directory] }).output();
    if (!success) throw new Error(`${this.directory} could not be copied`);
    const { config, drop } = await createDatabase(this.server, this.template);
    await onServer(this.server, config.name, allowSchemas);
    return {
      config: demoConfig({ ...asRole(config), maxConnections: 3 }, directory, this.jobs),
      superuser: { ...config, maxConnections: 2 },
      mounts: this.mounts.map(({ immich, local }) => ({ immich, local: local.replace(this.directory, directory) })),
      [Symbol.asyncDispose]: async () => {
        await drop();
        await Deno.remove(directory, { recursive: true });
      },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.end();
    return Promise.resolve();
  }
}

/** A seed by which a cycle has everything to do that it can do; any history that is long enough would do. */
const SEED = 4;

/** More photos than a history begins with; every deed once, with cycles in between; and then twice without one. */
function steps(): Step[] {
  const arriving = Array.from({ length: 20 }, () => ['add', 'process', 'addFace', 'recognizeText']).flat();
  const deeds = Object.keys(ALL_DEEDS).filter((deed) => !ABOUT_JOBS.includes(deed) && !RARE_DEEDS.has(deed));
  const lived = [...arriving, ...deeds];
  return [...lived, ...deeds, ...deeds, 'stack', 'stack', 'stackPrimary'].map((deed, index) => ({
    deed,
    picks: Array.from({ length: 8 }, (_, turn) => parseInt(uuidFor(SEED, `${index} ${turn}`).slice(0, 4), 16)),
    isFollowedByCycle: index < lived.length && (index % 20 === 19 || index === lived.length - 1),
    isRestart: false,
  }));
}

/** A job that is gone, or selects less, has nothing to do. */
const ABOUT_JOBS: readonly string[] = ['dropJob', 'addJob', 'includeArchived'];
