import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { CYCLE_COUNTS, JOB_COUNTS } from '../../share/phases/list.ts';
import { readinessOf } from '../readiness.ts';
import type { CycleFigures, Snapshot } from '../snapshot.ts';

const PREFIX = 'immich_sidecar_';

/** An idle cycle takes milliseconds, a first copy hours. */
const SECONDS_BUCKETS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 1_000, 10_000];

/** Every kind is there from the beginning, as Prometheus wants it. */
const NOTHING = Object.fromEntries(Object.keys({ ...JOB_COUNTS, ...CYCLE_COUNTS }).map((name) => [name, 0]));

const PHASES = ['unconfigured', 'connecting', 'standby', 'working', 'writing', 'waiting', 'stopped'] as const;

/** What `/metrics` answers. Counters count from the start of the process, as Prometheus expects. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #cycles = this.#counter('cycles_total', 'Syncs by outcome', ['outcome']);
  readonly #changes = this.#counter('changes_total', 'What syncs did, by kind', ['kind']);
  readonly #seconds = new Histogram({
    name: `${PREFIX}cycle_seconds`,
    help: 'How long syncs took',
    buckets: SECONDS_BUCKETS,
    registers: [this.#registry],
  });
  readonly #phase = this.#gauge('phase', 'What the service is doing: 1 for that phase', ['phase']);
  readonly #paused = this.#gauge('paused', 'Whether somebody has paused it');
  readonly #ready = this.#gauge('ready', 'Whether /readyz answers 200');
  readonly #photos = this.#gauge('photos', 'Selected photos and videos, by share and where they stand', [
    'job',
    'state',
  ]);
  readonly #problems = this.#gauge('problems', 'Problems of the last sync, by share and code', ['job', 'code']);
  readonly #countedAt = this.#gauge('photos_counted_timestamp_seconds', 'When the photos of a share were counted', [
    'job',
  ]);
  readonly #progress = this.#gauge('progress', 'How far the copy is that goes on: what is done, and of how much', [
    'job',
    'unit',
    'state',
  ]);
  readonly #brakes = this.#gauge('brakes', 'Shares that hold back removals until they are confirmed');
  readonly #lastCycle = this.#gauge('last_cycle_timestamp_seconds', 'When the last sync began');
  readonly #written = this.#gauge('write_files', 'How the files of the last run of write-back ended', ['outcome']);
  readonly #writeSeconds = this.#gauge('write_seconds', 'How long the last run of write-back took');
  readonly #memory = this.#gauge('resident_memory_bytes', 'Memory of the process');
  #counted: string | undefined;

  /** Counts the cycles that came since the last call. */
  observe({ cycles }: Snapshot): void {
    const counted = this.#counted;
    for (const cycle of cycles.filter(({ startedAt }) => counted === undefined || startedAt > counted)) {
      this.#count(cycle);
    }
    this.#counted = cycles.at(-1)?.startedAt ?? counted;
  }

  /** The text that Prometheus reads, and its content type. */
  async render(snapshot: Snapshot, nowMs: number): Promise<{ text: string; contentType: string }> {
    for (const phase of PHASES) this.#phase.set({ phase }, snapshot.phase === phase ? 1 : 0);
    this.#paused.set(snapshot.pausedSince === undefined ? 0 : 1);
    this.#ready.set(readinessOf(snapshot, nowMs).ready ? 1 : 0);
    this.#brakes.set(snapshot.brakes.length);
    this.#problems.reset();
    for (const { name: job, problemCounts } of snapshot.jobs) {
      for (const [code, count] of Object.entries(problemCounts)) this.#problems.set({ job, code }, count);
    }
    this.#progress.reset();
    if (snapshot.progress !== undefined) {
      const { job, unit, done, total } = snapshot.progress;
      for (const [state, number] of Object.entries({ done, total })) this.#progress.set({ job, unit, state }, number);
    }
    this.#photos.reset();
    this.#countedAt.reset();
    for (const { name: job, standing, countedAt } of snapshot.jobs) {
      if (standing === undefined) continue;
      if (countedAt !== undefined) this.#countedAt.set({ job }, Date.parse(countedAt) / 1_000);
      const { selected, mirrored, withdrawn, next } = standing;
      const [pending, skipped] = [standing.pending, standing.skipped].map((counts) => sum(Object.values(counts)));
      for (const [state, count] of Object.entries({ selected, mirrored, withdrawn, next, pending, skipped })) {
        this.#photos.set({ job, state }, count ?? 0);
      }
    }
    const last = snapshot.cycles.at(-1);
    if (last !== undefined) this.#lastCycle.set(Date.parse(last.startedAt) / 1_000);
    const written = snapshot.write?.last;
    for (const [outcome, files] of Object.entries(written?.outcomes ?? {})) this.#written.set({ outcome }, files);
    if (written !== undefined) this.#writeSeconds.set(written.seconds);
    this.#memory.set(Deno.memoryUsage().rss);
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  #count({ outcome, seconds, withdrawn, changes, problems }: CycleFigures): void {
    this.#cycles.inc({ outcome });
    this.#seconds.observe(seconds);
    for (const [kind, count] of Object.entries({ ...NOTHING, ...changes, withdrawn, problems })) {
      this.#changes.inc({ kind }, count);
    }
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name: PREFIX + name, help, labelNames, registers: [this.#registry] });
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
