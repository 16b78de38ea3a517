import { getLogger } from '@logtape/logtape';
import type { Config } from '../config/config.ts';
import { explainSystemError, messageOf } from '../errors.ts';
import { readCatalog } from '../immich/catalog.ts';
import { peopleModelOf } from '../immich/people.ts';
import { connect, type Connection, disconnect, explainDatabaseError } from '../postgres/connect.ts';
import { problemOf } from '../problems/problem.ts';
import type { Progress } from '../share/cycle/progress.ts';
import type { Outcome } from '../writeback/outcome.ts';
import type { WriteFeed } from '../writeback/records/database/feed.ts';
import type { WriteReport } from '../writeback/run/report.ts';
import type { ServiceState } from './state.ts';

const logger = getLogger(['immich-sidecar', 'service']);

/** What may go better by itself, such as a disk that is away, is tried again after so long. */
const PATIENCE_MS = 15 * 60_000;

/** After a failure of everything, such as an Immich that does not answer. */
const PAUSE_MS = 60_000;

/** Immich's API tells by its own clock what was changed when: ours may be apart from it by this much. */
const OVERLAP_MS = 10 * 60_000;

/** Its API is asked at most so often. */
const API_PAUSE_MS = 60_000;

const SILENT: Progress = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

/** In how long an asset is tried again that has ended like this, in milliseconds; undefined: when something changes. */
function againInMs(outcome: Outcome, settleSeconds: number): number | undefined {
  if (outcome === 'still-changing' || outcome === 'changed-meanwhile') return settleSeconds * 1_000;
  return outcome === 'failed' || outcome === 'not-found' ? PATIENCE_MS : undefined;
}

/**
 * Writes what changes in Immich (WRITE_SCHEDULE=on-change), a look after the other. From the database it learns of everything, on a connection of its own; the
 * API tells which photos were changed, but not that a person or an album has another name now.
 */
export class ChangeWriter {
  readonly #config: Config;
  readonly #state: ServiceState;
  readonly #now: () => number;
  #feed: { readonly sql: Connection; readonly feed: WriteFeed } | undefined;
  /** When assets are tried again, in milliseconds since the epoch. */
  readonly #again = new Map<string, number>();
  #notBeforeMs = 0;
  /** When the API was asked last. */
  #askedAtMs: number | undefined;
  #said = '';

  /** `now`: the clock, in milliseconds since the epoch. */
  constructor(config: Config, state: ServiceState, now: () => number) {
    this.#config = config;
    this.#state = state;
    this.#now = now;
  }

  /**
   * Writes what has changed since the last call. Returns whether a run over everything has to come, as it is not known what has. Never throws: what
   * went wrong is in the state and in the log, and is tried again.
   */
  async write(signal: AbortSignal): Promise<boolean> {
    if (this.#now() < this.#notBeforeMs) return false;
    try {
      const isBehind = this.#config.write.source === 'database'
        ? await this.#writeFromDatabase(signal)
        : await this.#writeFromApi(signal);
      this.#said = '';
      return isBehind;
    } catch (cause) {
      if (signal.aborted) return false;
      const error = explainSystemError(explainDatabaseError(cause, this.#config.database));
      await this.close();
      this.#notBeforeMs = this.#now() + PAUSE_MS;
      // Somebody else writes just now.
      if (problemOf(error).code === 'busy' || this.#said === messageOf(error)) return false;
      this.#said = messageOf(error);
      this.#state.writeFailed(error);
      logger.error('what has changed cannot be written: {problem}', {
        problem: messageOf(error),
        code: problemOf(error).code,
      });
      return false;
    }
  }

  /** Notes how an asset has ended, in whatever run: some are tried again. */
  ended(assetId: string, outcome: Outcome): void {
    const againMs = againInMs(outcome, this.#config.write.settleSeconds);
    if (againMs === undefined) this.#again.delete(assetId);
    else this.#again.set(assetId, this.#now() + againMs);
  }

  /** Lets go of the connection. What changes until the next call is found by a run over everything. */
  async close(): Promise<void> {
    const open = this.#feed;
    this.#feed = undefined;
    if (open !== undefined) await disconnect(open.sql, { isHurried: true });
  }

  async #writeFromDatabase(signal: AbortSignal): Promise<boolean> {
    if (this.#feed === undefined) {
      this.#feed = await openFeed(this.#config);
      return true;
    }
    const found = await this.#feed.feed.look();
    if (found.assetIds === 'all') {
      found.done();
      return true;
    }
    const due = [...this.#again].flatMap(([assetId, atMs]) => atMs <= this.#now() ? [assetId] : []);
    const assetIds = [...new Set([...found.assetIds, ...due])];
    if (assetIds.length > 0 && !await this.#run({ assetIds }, signal)) return false;
    found.done();
    return false;
  }

  async #writeFromApi(signal: AbortSignal): Promise<boolean> {
    const askedAtMs = this.#now();
    if (this.#askedAtMs === undefined) {
      this.#askedAtMs = askedAtMs;
      return true;
    }
    if (askedAtMs - this.#askedAtMs < API_PAUSE_MS) return false;
    const oldestAgainMs = this.#again.size === 0 ? askedAtMs : Math.min(...this.#again.values()) - PATIENCE_MS;
    const since = new Date(Math.min(this.#askedAtMs, oldestAgainMs) - OVERLAP_MS);
    if (await this.#run({ since }, signal)) this.#askedAtMs = askedAtMs;
    return false;
  }

  /** Returns whether it came to its end. */
  async #run(
    { since, assetIds }: { readonly since?: Date; readonly assetIds?: readonly string[] },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { modules } = this.#config.write;
    this.#state.enter('writing');
    const told = new Set<string>();
    // Loaded when it is needed: a service that only shares does without 6 MiB.
    const { writeBack } = await import('../writeback/write_back.ts');
    const report = await writeBack(this.#config, {
      fields: modules,
      isDryRun: false,
      isResume: false,
      clearCheckpoint: false,
      clearAlbumCache: false,
      since,
      ...(assetIds === undefined ? {} : { assetIds }),
      isOfChanges: true,
      signal,
      progress: SILENT,
      onPlan: () => {},
      onOutcome: (assetId, outcome) => {
        told.add(assetId);
        this.ended(assetId, outcome);
      },
    });
    this.#tell(report);
    if (report.interrupted) return false;
    // What is not there any more, or was not changed, is not tried again.
    for (const assetId of [...this.#again.keys()]) {
      if (!told.has(assetId) && (assetIds?.includes(assetId) ?? true)) this.#again.delete(assetId);
    }
    return true;
  }

  #tell(report: WriteReport): void {
    const { written, failed } = report.outcomes;
    if (written + failed === 0) return;
    this.#state.wroteChanges(report);
    logger.info('write-back of what has changed: {written} written, {failed} failed', { written, failed });
  }
}

async function openFeed({ database, write }: Config): Promise<{ readonly sql: Connection; readonly feed: WriteFeed }> {
  const { WriteFeed } = await import('../writeback/records/database/feed.ts');
  const sql = await connect({ ...database, maxConnections: 1 });
  try {
    const catalog = await readCatalog(sql);
    const people = peopleModelOf(catalog);
    return { sql, feed: await WriteFeed.open(sql, { catalog, people }, write.modules) };
  } catch (error) {
    await disconnect(sql, { isHurried: true });
    throw error;
  }
}
