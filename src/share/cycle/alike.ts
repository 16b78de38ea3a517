import { createHash } from 'node:crypto';
import { readAhead } from '../../postgres/read_ahead.ts';
import type { Job } from '../jobs/job.ts';
import { findMoved } from '../mirrors/in_place.ts';
import { type MirrorPage, mirrorPages } from '../mirrors/pages.ts';
import {
  type Compared,
  type Comparisons,
  noteAlike,
  type PageToCompare,
  readVersions,
  type Versions,
  type Whole,
} from '../mirrors/versions.ts';
import { pairKey } from './concerned.ts';
import { readDatabaseId } from './database_id.ts';
import type { Database, Files, View } from './tools.ts';

/**
 * Pages of the mirrors between a job's users that have to be compared, `view.limits.mirrors` on each: those of `view.scope`, or those of all
 * of which any row is another version than when they were last found alike.
 */
export async function* pagesToCompare(
  view: View,
  what: 'rows' | 'embeddings',
  job: Job,
): AsyncGenerator<PageToCompare> {
  const { sql, scope, limits, alike } = view;
  if (scope === 'all' && alike !== undefined) yield* alike.pages(view, what, job);
  else yield* allOf(mirrorPages(sql, job, scope, limits.mirrors));
}

/**
 * The same of the mirrors that are a job's own, where any row that says where their files are is another version, or where a file is not what
 * it was (mirrors/in_place.ts).
 */
export async function* filesToCompare(view: View, job: Job): AsyncGenerator<PageToCompare> {
  const { sql, scope, limits, alike, disputed } = view;
  // With hundreds of jobs between two users each would look at the mirrors of all.
  const madeBy = disputed?.has(pairKey(job)) ?? true ? undefined : job.name;
  // What lies behind a symbolic link may be another directory without a trace in any row.
  const isKnown = scope === 'all' && madeBy !== undefined && job.placement !== 'symlink';
  if (isKnown && alike !== undefined) yield* alike.files(view, job);
  else yield* allOf(mirrorPages(sql, job, scope, limits.mirrors, madeBy));
}

async function* allOf(pages: AsyncIterable<MirrorPage>): AsyncGenerator<PageToCompare> {
  for await (const page of pages) yield { page, compared: async () => {} };
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
  private constructor(
    readonly database: Database,
    readonly seeds: Readonly<Record<Compared, bigint>>,
    readonly trusts: boolean,
  ) {}

  /** @param rules by which rows are compared; undefined = unknown, and nothing is alike */
  static async begin(
    database: Database,
    { schema, jobs, files: { paths } }: Pick<View, 'schema' | 'jobs' | 'files'>,
    { rules, trusts }: { readonly rules: string | undefined; readonly trusts: boolean },
  ): Promise<Alike | undefined> {
    if (rules === undefined) return undefined;
    const { copiedTables, columns } = schema;
    const follow = jobs.flatMap(({ favorites, sourceUserId, targetUserId }) =>
      favorites === undefined ? [] : [[favorites, sourceUserId, targetUserId]]
    );
    const identity = [await readDatabaseId(database.sql), rules, copiedTables, columns];
    const [rows, files] = [seedOf([...identity, follow]), seedOf([...identity, paths.roots, jobs.map(placingOf)])];
    return new Alike(database, { rows, embeddings: rows, files }, trusts);
  }

  async *pages(view: Whole, what: 'rows' | 'embeddings', job: Job): AsyncGenerator<PageToCompare> {
    const { sql, limits } = view;
    const users = JSON.stringify([what, job.sourceUserId, job.targetUserId, job.leftAlone]);
    const known = this.#left.get(users);
    const left: Versions[] = [];
    const found = known === undefined
      ? this.#found(view, what, job, mirrorPages(sql, job, 'all', limits.versions))
      : [{ found: known }];
    for await (const { found: versions } of found) {
      yield* this.#toCompare(view, what, versions, (others) => {
        if (left.length <= limits.search) left.push(...others);
      });
    }
    if (left.length <= limits.search) this.#left.set(users, left);
  }

  async *files(view: Whole & { readonly files: Pick<Files, 'paths'> }, job: Job): AsyncGenerator<PageToCompare> {
    const { sql, limits } = view;
    const pages = mirrorPages(sql, job, 'all', limits.versions, job.name);
    for await (const { page, found } of readAhead(this.#found(view, 'files', job, pages))) {
      yield* this.#toCompare(view, 'files', found, () => {});
      if (!('last' in page)) throw new Error('a page of everything is a range');
      const compared = new Set(found.map(({ sourceAssetId }) => sourceAssetId));
      for await (const moved of findMoved(view, job, page, compared)) yield { page: moved, compared: async () => {} };
    }
  }

  async *#found(
    { sql, schema }: Whole,
    what: Compared,
    job: Job,
    pages: AsyncIterable<MirrorPage>,
  ): AsyncGenerator<{ readonly page: MirrorPage; readonly found: readonly Versions[] }> {
    const { trusts, seeds } = this;
    for await (const page of pages) {
      yield { page, found: await readVersions(sql, schema, what, job, page, { seed: seeds[what], trusts }) };
    }
  }

  /** In pages. `leave` is given those that are for others to compare. */
  async *#toCompare(
    { limits }: Whole,
    what: Compared,
    found: readonly Versions[],
    leave: (others: readonly Versions[]) => void,
  ): AsyncGenerator<PageToCompare> {
    for (let start = 0; start < found.length; start += limits.mirrors) {
      const batch = found.slice(start, start + limits.mirrors);
      let isCompared = false;
      yield {
        page: batch.map(({ sourceAssetId }) => sourceAssetId),
        compared: async (different) => {
          isCompared = true;
          const others = new Set(different);
          leave(batch.filter((one) => others.has(one.mirrorAssetId)));
          await this.#note(what, batch.filter((one) => !others.has(one.mirrorAssetId)));
        },
      };
      if (!isCompared) leave(batch);
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

function seedOf(identity: readonly unknown[]): bigint {
  return createHash('sha256').update(JSON.stringify(identity)).digest().readBigInt64BE();
}

/** What of a job says where the files of its mirrors are. */
function placingOf(job: Job): unknown[] {
  const { name, kind, placement, pair, targetPathPrefix, mappings, sourceUserId, targetUserId } = job;
  const { targetLibraryId, mediaLocation } = job;
  return [
    name,
    kind,
    placement,
    pair,
    targetPathPrefix,
    mappings,
    sourceUserId,
    targetUserId,
    targetLibraryId,
    mediaLocation,
  ];
}
