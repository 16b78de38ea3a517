import { messageOf } from '../../errors.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { isRowError } from '../../postgres/faults.ts';
import { type Problem, problem } from '../../problems/problem.ts';
import type { Context, PlanningContext } from '../cycle/context.ts';
import { type Assignment, columnList, commaSeparated, copied, valueList } from '../copy/columns.ts';
import type { EmbeddingPair, EmbeddingQueue, EmbeddingsPlan, EmbeddingTable } from './embedding_queue.ts';
import type { Job } from '../jobs/job.ts';
import { type MirrorPage, mirrorPages, mirrorsOn } from '../mirrors/pages.ts';
import { isWithin, type Scope } from '../cycle/scope.ts';

/** Where embeddings are, and the column that says whose. */
const KEYS = Object.freeze({ smart_search: 'assetId', face_search: 'faceId' });

export interface EmbeddingsResult {
  readonly copied: number;
  /** Embeddings that PostgreSQL refused, as sentences. */
  readonly problems: readonly Problem[];
}

/**
 * Last phase: finds embeddings to copy, page by page, for smart search first, as people notice that one. Faces that machine
 * learning did not find have none (one would break a later detection run, see docs/immich.md). Reads only.
 *
 * What a source lost is left with its mirror: Immich drops all embeddings at once when its model is changed, and computes
 * mirrors anew as well.
 */
export async function* planEmbeddings(
  sql: Sql,
  { schema, scope, limits }: PlanningContext,
  job: Job,
): AsyncGenerator<EmbeddingsPlan> {
  for await (const page of mirrorPages(sql, job, scope, limits.mirrors)) {
    for (const table of Object.keys(KEYS) as EmbeddingTable[]) {
      const pairs = await readPairs(sql, schema, table, job, page);
      if (pairs.length > 0) yield { table, pairs };
    }
  }
}

/** How many embeddings mirrors lack, for a progress bar. */
export async function countMissingEmbeddings(sql: Sql, job: Job, scope: Scope): Promise<number> {
  let total = 0;
  for (const table of Object.keys(KEYS) as EmbeddingTable[]) {
    const [row] = await sql<{ missing: number }[]>`
      SELECT count(*)::int AS missing
      ${pairsOf(sql, table, sql`immich_sidecar.asset_map m`)}
      WHERE ${isBetween(sql, job)}
        AND ${isWithin(sql, scope, sql`m.source_asset_id`)}
        AND copy.${sql(KEYS[table])} IS NULL`;
    total += row?.missing ?? 0;
  }
  return total;
}

/**
 * Copies embeddings over `context.vectorWorkers` connections: an HNSW index takes milliseconds for each, and several
 * backends can add to it at once (docs/performance.md). Every transaction stands for itself, so a run that is killed goes
 * on where it was. Ends when the queue is empty, or at `until` (as performance.now tells the time).
 */
export async function applyEmbeddings(
  context: Context,
  queue: EmbeddingQueue,
  { until = Infinity, onProgress }: { readonly until?: number; readonly onProgress: (embeddings: number) => void },
): Promise<EmbeddingsResult> {
  const problems: Problem[] = [];
  let total = 0;
  const work = async () => {
    let size = context.limits.embeddings;
    try {
      while (performance.now() < until) {
        const batch = await queue.take(size);
        if (batch === undefined) return;
        const started = performance.now();
        const copied = await copyPairs(context, batch, problems);
        total += copied;
        size = nextBatch(size, performance.now() - started);
        onProgress(batch.pairs.length);
      }
    } catch (error) {
      queue.close();
      throw error;
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: context.vectorWorkers }, work));
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
  return { copied: total, problems };
}

/** How long a transaction is meant to take, and the sizes it may have. */
const BATCH_MS = 500;
const SMALLEST_BATCH = 20;
const LARGEST_BATCH = 1_000;

/** A batch of the size that would have taken BATCH_MS: a thousand rows without an index, some hundred with HNSW. Pure. */
export function nextBatch(size: number, elapsedMs: number): number {
  const wanted = Math.round(size * BATCH_MS / Math.max(elapsedMs, 1));
  return Math.min(Math.max(wanted, SMALLEST_BATCH), LARGEST_BATCH);
}

/** Copies a batch; when a row is refused the batch is halved until the offending one stands alone. */
async function copyPairs(context: Context, plan: EmbeddingsPlan, problems: Problem[]): Promise<number> {
  const { table, pairs } = plan;
  try {
    return await context.transaction((tx) => insertEmbeddings(tx, context.schema, plan));
  } catch (error) {
    const [only] = pairs;
    if (!isRowError(error) || only === undefined) throw error;
    if (pairs.length === 1) {
      problems.push(problem('constraint', { assetId: only.mirrorId, table }, messageOf(error)));
      return 0;
    }
    const middle = Math.ceil(pairs.length / 2);
    return await copyPairs(context, { table, pairs: pairs.slice(0, middle) }, problems) +
      await copyPairs(context, { table, pairs: pairs.slice(middle) }, problems);
  }
}

/** One that Immich has computed for the mirror meanwhile is replaced if it differs: the source is the authority. */
async function insertEmbeddings(tx: Sql, schema: ImmichSchema, { table, pairs }: EmbeddingsPlan): Promise<number> {
  const key = KEYS[table];
  const columns = columnsOf(schema, table);
  const assignments: Assignment[] = [
    { column: key, value: tx`pair.mirror_id` },
    ...copied(tx, 'source', columns),
  ];
  const list = (row: Fragment) => commaSeparated(tx, columns.map((column) => tx`${row}.${tx(column)}`));
  const changes = commaSeparated(tx, columns.map((column) => tx`${tx(column)} = excluded.${tx(column)}`));
  const inserted = await tx`
    INSERT INTO ${tx(table)} AS known (${columnList(tx, assignments)})
    SELECT ${valueList(tx, assignments)}
    FROM unnest(
      ${pairs.map(({ sourceId }) => sourceId)}::uuid[],
      ${pairs.map(({ mirrorId }) => mirrorId)}::uuid[]
    ) AS pair (source_id, mirror_id)
    JOIN ${tx(table)} source ON source.${tx(key)} = pair.source_id
    JOIN ${tx(table === 'smart_search' ? 'asset' : 'asset_face')} mirror ON mirror.id = pair.mirror_id
    ON CONFLICT (${tx(key)}) DO UPDATE
    SET ${changes}
    WHERE (${list(tx`known`)}) IS DISTINCT FROM (${list(tx`excluded`)})`;
  return inserted.count;
}

async function readPairs(
  sql: Sql,
  schema: ImmichSchema,
  table: EmbeddingTable,
  job: Job,
  page: MirrorPage,
): Promise<EmbeddingPair[]> {
  const key = sql(KEYS[table]);
  const list = (alias: string) =>
    commaSeparated(sql, columnsOf(schema, table).map((column) => sql`${sql(alias)}.${sql(column)}`));
  return await sql<EmbeddingPair[]>`
    SELECT source.${key} AS "sourceId", mirror.id AS "mirrorId"
    ${pairsOf(sql, table, mirrorsOn(sql, job, page))}
    WHERE (copy.${key} IS NULL OR (${list('copy')}) IS DISTINCT FROM (${list('source')}))`;
}

/** FROM: each embedding `source` of the sources of `mirrors`, its living `mirror`, and what that has: `copy`, or NULL. */
function pairsOf(sql: Sql, table: EmbeddingTable, mirrors: Fragment): Fragment {
  switch (table) {
    case 'smart_search':
      return sql`
        FROM ${mirrors}
        JOIN asset mirror ON mirror.id = m.mirror_asset_id
        JOIN smart_search source ON source."assetId" = m.source_asset_id
        LEFT JOIN smart_search copy ON copy."assetId" = mirror.id`;
    case 'face_search':
      return sql`
        FROM ${mirrors}
        JOIN immich_sidecar.face_map fm ON fm.mirror_asset_id = m.mirror_asset_id
        JOIN asset_face f ON f.id = fm.source_face_id AND f."sourceType" = 'machine-learning'
        JOIN asset_face mirror ON mirror.id = fm.mirror_face_id
        JOIN face_search source ON source."faceId" = f.id
        LEFT JOIN face_search copy ON copy."faceId" = mirror.id`;
  }
}

function columnsOf(schema: ImmichSchema, table: EmbeddingTable): readonly string[] {
  return table === 'smart_search' ? schema.columns.smartSearch : schema.columns.faceSearch;
}

function isBetween(sql: Sql, job: Job): Fragment {
  return sql`(m.source_user_id = ${job.sourceUserId} AND m.target_user_id = ${job.targetUserId})`;
}
