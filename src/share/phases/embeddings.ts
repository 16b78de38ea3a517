import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { type Assignment, columnList, commaSeparated, copied, valueList } from '../copy/columns.ts';
import { pagesToCompare } from '../cycle/alike.ts';
import { countInBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import type { Scope } from '../cycle/scope.ts';
import type { Tools } from '../cycle/tools.ts';
import type { Job } from '../jobs/job.ts';
import { isLookedAt, type MirrorPage, mirrorsOn } from '../mirrors/pages.ts';
import { type EmbeddingPair, EmbeddingQueue, type EmbeddingsPlan, type EmbeddingTable } from './embedding_queue.ts';
import { definePhase, linesOf, type Tally } from './phase.ts';

/** Where embeddings are, and the column that says whose. */
const KEYS = Object.freeze({ smart_search: 'assetId', face_search: 'faceId' });

/**
 * Copies the embeddings that mirrors lack, or of which they have another, for smart search first, as people notice that one. Faces that
 * machine learning did not find have none (one would break a later detection run, see docs/immich.md). The last phase, as it may take as
 * long as all the others, and as everything can be seen without it.
 *
 * What a source lost is left with its mirror: Immich drops all embeddings at once when its model is changed, and computes
 * mirrors anew as well.
 */
export const embeddings = definePhase({
  name: 'embeddings',
  what: 'Copies what smart search and face recognition know.',
  per: 'pair',
  counts: { embeddings: 'embeddings copied' },
  progress: {
    unit: 'embeddings',
    total: ({ sql, scope }, job: Job) => countMissingEmbeddings(sql, job, scope),
  },
  plan: async function* (view, job: Job): AsyncGenerator<EmbeddingsPlan> {
    const { sql, schema } = view;
    for await (const { page, compared } of pagesToCompare(view, 'embeddings', job)) {
      const plans: EmbeddingsPlan[] = [];
      const different: string[] = [];
      for (const table of Object.keys(KEYS) as EmbeddingTable[]) {
        const pairs = await readPairs(sql, schema, table, job, page);
        different.push(...pairs.map(({ mirrorAssetId }) => mirrorAssetId));
        if (pairs.length > 0) {
          plans.push({ table, pairs: pairs.map(({ sourceId, mirrorId }) => ({ sourceId, mirrorId })) });
        }
      }
      await compared(different);
      yield* plans;
    }
  },
  apply: applyEmbeddings,
  describe: ({ table, pairs }) =>
    linesOf('+', 'embeddings to copy', pairs, ({ mirrorId }) => `${table} of ${mirrorId}`),
});

/** How many embeddings mirrors lack, for a progress bar. */
export async function countMissingEmbeddings(sql: Sql, job: Job, scope: Scope): Promise<number> {
  let total = 0;
  for (const table of Object.keys(KEYS) as EmbeddingTable[]) {
    const [row] = await sql<{ missing: number }[]>`
      SELECT count(*)::int AS missing
      ${pairsOf(sql, table, sql`immich_sidecar.asset_map m`)}
      WHERE ${isLookedAt(sql, job, scope)}
        AND copy.${sql(KEYS[table])} IS NULL`;
    total += row?.missing ?? 0;
  }
  return total;
}

/**
 * Copies what is planned, then what earlier cycles have left, until this cycle's time for embeddings is over; what is left then is kept for
 * the next.
 */
async function applyEmbeddings(
  tools: Tools,
  job: Job,
  pages: AsyncIterable<EmbeddingsPlan>,
  tally: Tally<'embeddings'>,
): Promise<void> {
  const { backlog } = tools;
  const until = backlog.endsAt();
  const queues = [new EmbeddingQueue(pages), ...backlog.queues.get(job.name) ?? []];
  for (const queue of queues) await empty(tools, queue, until, tally);
  const left = queues.filter((queue) => !queue.isEmpty);
  if (left.length > 0) backlog.queues.set(job.name, left);
  else backlog.queues.delete(job.name);
}

/**
 * Copies over several connections: an HNSW index takes milliseconds for each, and several backends can add to it at once
 * (docs/performance.md). Every transaction stands for itself, so a run that is killed goes on where it was. Ends when the queue is empty,
 * or at `until` (as performance.now tells the time).
 */
async function empty(tools: Tools, queue: EmbeddingQueue, until: number, tally: Tally<'embeddings'>): Promise<void> {
  const work = async () => {
    let size = tools.limits.embeddings;
    try {
      while (performance.now() < until) {
        const batch = await queue.take(size);
        if (batch === undefined) return;
        const started = performance.now();
        await copyPairs(tools, batch, tally);
        size = nextBatch(size, performance.now() - started);
        tally.advance(batch.pairs.length);
      }
    } catch (error) {
      queue.close();
      throw error;
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: tools.settings.vectorWorkers }, work));
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
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

async function copyPairs(
  { database, schema }: Tools,
  { table, pairs }: EmbeddingsPlan,
  tally: Tally<'embeddings'>,
): Promise<void> {
  const copied = await countInBatches(
    { ...database, batchSize: pairs.length },
    pairs,
    (tx, batch) => insertEmbeddings(tx, schema, { table, pairs: batch }),
    ({ mirrorId }, error) => tally.problem(refused(error, { assetId: mirrorId, table })),
  );
  tally.add('embeddings', copied);
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
): Promise<(EmbeddingPair & { readonly mirrorAssetId: string })[]> {
  const key = sql(KEYS[table]);
  const list = (alias: string) =>
    commaSeparated(sql, columnsOf(schema, table).map((column) => sql`${sql(alias)}.${sql(column)}`));
  return await sql<(EmbeddingPair & { readonly mirrorAssetId: string })[]>`
    SELECT m.mirror_asset_id AS "mirrorAssetId", source.${key} AS "sourceId", mirror.id AS "mirrorId"
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
  return table === 'smart_search' ? schema.columns.smart_search : schema.columns.face_search;
}
