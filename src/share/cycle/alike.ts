import { createHash } from 'node:crypto';
import type { Job } from '../jobs/job.ts';
import { mirrorPages } from '../mirrors/pages.ts';
import {
  type Compared,
  type Comparisons,
  noteAlike,
  type PageToCompare,
  readVersions,
  type Versions,
  type Whole,
} from '../mirrors/versions.ts';
import { readDatabaseId } from './database_id.ts';
import type { Database, View } from './tools.ts';

/**
 * Pages of the mirrors between a job's users that have to be compared, `view.limits.mirrors` on each: those of `view.scope`, or those of all
 * of which any row is another version than when they were last found alike.
 */
export async function* pagesToCompare(view: View, what: Compared, job: Job): AsyncGenerator<PageToCompare> {
  const { sql, scope, limits, alike } = view;
  if (scope === 'all' && alike !== undefined) yield* alike.pages(view, what, job);
  else for await (const page of mirrorPages(sql, job, scope, limits.mirrors)) yield { page, compared: async () => {} };
}

/**
 * Which mirrors need no comparison in a full cycle: those that were found alike once and none of whose rows was written to since, nor any of
 * their sources' (mirrors/versions.ts). Versions are read before rows are compared, so what is written in between is compared in the next one.
 * A dry run has no such thing, and compares everything.
 */
export class Alike implements Comparisons {
  /** What the first job between two users has left, for the others between them. */
  readonly #left = new Map<string, readonly Versions[]>();

  /** @param trusts false: whatever was found before, everything is compared */
  private constructor(readonly database: Database, readonly seed: bigint, readonly trusts: boolean) {}

  /** @param rules by which rows are compared; undefined = unknown, and nothing is alike */
  static async begin(
    database: Database,
    { schema, jobs }: Pick<View, 'schema' | 'jobs'>,
    { rules, trusts }: { readonly rules: string | undefined; readonly trusts: boolean },
  ): Promise<Alike | undefined> {
    if (rules === undefined) return undefined;
    const { copiedTables, columns } = schema;
    const follow = jobs.flatMap(({ favorites, sourceUserId, targetUserId }) =>
      favorites === undefined ? [] : [[favorites, sourceUserId, targetUserId]]
    );
    const identity = JSON.stringify([await readDatabaseId(database.sql), rules, copiedTables, columns, follow]);
    return new Alike(database, createHash('sha256').update(identity).digest().readBigInt64BE(), trusts);
  }

  async *pages(view: Whole, what: Compared, job: Job): AsyncGenerator<PageToCompare> {
    const { limits } = view;
    const users = JSON.stringify([what, job.sourceUserId, job.targetUserId, job.leftAlone]);
    const known = this.#left.get(users);
    const left: Versions[] = [];
    for await (const found of known === undefined ? this.#others(view, what, job) : [known]) {
      for (let start = 0; start < found.length; start += limits.mirrors) {
        const batch = found.slice(start, start + limits.mirrors);
        let isCompared = false;
        yield {
          page: batch.map(({ sourceAssetId }) => sourceAssetId),
          compared: async (different) => {
            isCompared = true;
            const others = new Set(different);
            if (left.length <= limits.search) left.push(...batch.filter((one) => others.has(one.mirrorAssetId)));
            await this.#note(what, batch.filter((one) => !others.has(one.mirrorAssetId)));
          },
        };
        if (!isCompared && left.length <= limits.search) left.push(...batch);
      }
    }
    if (left.length <= limits.search) this.#left.set(users, left);
  }

  async *#others(view: Whole, what: Compared, job: Job): AsyncGenerator<Versions[]> {
    const { sql, schema, limits } = view;
    for await (const page of mirrorPages(sql, job, 'all', limits.versions)) {
      yield await readVersions(sql, schema, what, job, page, this);
    }
  }

  /** The commit need not wait for the disk: what is lost is compared once more. */
  async #note(what: Compared, alike: readonly Versions[]): Promise<void> {
    if (alike.length === 0) return;
    await this.database.transaction(async (tx) => {
      await tx`SET LOCAL synchronous_commit = off`;
      await noteAlike(tx, what, alike);
    });
  }
}
