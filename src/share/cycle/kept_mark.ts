import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getLogger } from '@logtape/logtape';
import { messageOf } from '../../errors.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Moment } from '../../immich/feed/clock.ts';
import type { Mark } from './changes.ts';
import { readDatabaseId } from './database_id.ts';
import type { StoredRetries } from './retries.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** Where the number of the kept mark is, below the state directory. */
export const NUMBER_FILE = 'share-mark';

/** A mark and what belongs to it, as one process leaves it for the next. */
export interface KeptState {
  readonly mark: Mark;
  /** Selected sources that were not ready. */
  readonly waiting: readonly string[];
  /** What failed, by the database's clock. */
  readonly retries: StoredRetries;
  /** When everything was looked at the last time, in milliseconds since the epoch, by the database's clock. */
  readonly fullAtMs: number;
}

/**
 * What of a mark is kept. The clock of the process that made it says nothing to another one: instead of when it asked, and was answered,
 * it leaves how long the machine had been up then.
 */
interface Stored
  extends Omit<Mark, keyof Moment | 'rechecks' | 'isCounting' | 'hasLockedFiles' | 'isBraked' | 'confirmedAtMs'> {
  readonly askedUptimeMs: number;
  readonly answeredUptimeMs: number;
}

/**
 * The mark that the last process has left in the database, with its number in a file beside the ledger. It counts only while
 * everything is as it was then: the same database, the same tables, the same program and configuration (docs/architecture.md,
 * "Where the last process stopped"). In doubt there is none, and the next cycle looks at everything.
 */
export class KeptMark {
  /** Unknown until the row was read, removed or written. */
  #isThere: boolean | undefined;
  #voiding: Promise<void> | undefined;

  /** @param stateDirectory as this program sees it; made when it is not there */
  constructor(readonly stateDirectory: string) {}

  /** Whether what the last process has left may count: without its number nothing does. Asks no database. */
  get mayCount(): boolean {
    return this.#readNumber() !== undefined;
  }

  /** Whether a mark is kept now, as far as that is known without asking. */
  get isThere(): boolean {
    return this.#isThere === true;
  }

  /**
   * What the last process has left. Undefined when it left nothing, or something that does not count any more. `now`: a mark of
   * this process. Needs our own tables to be the newest.
   */
  async read(sql: Sql, identity: string, now: Mark): Promise<KeptState | undefined> {
    const [row] = await sql<
      {
        number: string;
        identity: string;
        isSameServer: boolean;
        sameStatistics: boolean;
        atMs: number;
        fullAtMs: number;
        mark: Stored & Pick<KeptState, 'retries'>;
        waiting: string[];
      }[]
    >`
      SELECT
        number, identity, waiting, mark,
        starts_with(statistics, pg_postmaster_start_time()::text) AS "isSameServer",
        statistics = ${statistics(sql)} AS "sameStatistics",
        at_ms AS "atMs",
        full_at_ms AS "fullAtMs"
      FROM immich_sidecar_marks.mark`;
    this.#isThere = row !== undefined;
    if (row === undefined || row.identity !== await this.#digest(sql, identity)) return undefined;
    if (row.number !== this.#readNumber() || row.atMs > now.atMs) return undefined;
    // A machine without a clock of its own begins with a time before the mark, and dates changes so until the network tells it.
    if (!row.isSameServer) return undefined;
    const { retries, askedUptimeMs, answeredUptimeMs, ...stored } = row.mark;
    const [uptimeMs, nowMs] = [readUptimeMs(), performance.now()];
    // This machine was started anew since, or is another one: nothing tells how long ago that was.
    if (answeredUptimeMs > uptimeMs + UPTIME_STEP_MS) return undefined;
    const mark: Mark = {
      ...now,
      ...stored,
      // Counts that begin anew cannot be compared: whatever was counted may have been written to.
      activity: row.sameStatistics ? stored.activity : {},
      atMs: row.atMs,
      askedMs: nowMs - uptimeMs + askedUptimeMs - UPTIME_STEP_MS,
      answeredMs: nowMs - uptimeMs + answeredUptimeMs + UPTIME_STEP_MS,
    };
    return { mark, waiting: row.waiting, retries, fullAtMs: row.fullAtMs };
  }

  /** Leaves `state` for the next process. What cannot be kept costs the next process time, and does no harm. */
  async write(sql: Sql, identity: string, { mark, waiting, retries, fullAtMs }: KeptState): Promise<void> {
    const { floorMs, floorsMs, activity, foundation, atMs, askedMs, answeredMs } = mark;
    const startedMs = performance.now() - readUptimeMs();
    const stored: Stored = {
      floorMs,
      floorsMs,
      activity,
      foundation,
      askedUptimeMs: askedMs - startedMs,
      answeredUptimeMs: answeredMs - startedMs,
    };
    const number = crypto.randomUUID();
    await sql`
      INSERT INTO immich_sidecar_marks.mark (number, identity, statistics, at_ms, full_at_ms, mark, waiting)
      VALUES (
        ${number}, ${await this.#digest(sql, identity)}, ${statistics(sql)}, ${atMs}, ${fullAtMs},
        ${sql.json({ ...stored, retries } as never)}, ${waiting as string[]}
      )
      ON CONFLICT (is_only) DO UPDATE
      SET number = excluded.number, identity = excluded.identity, statistics = excluded.statistics, at_ms = excluded.at_ms,
        full_at_ms = excluded.full_at_ms, mark = excluded.mark, waiting = excluded.waiting`;
    this.#isThere = true;
    this.#voiding = undefined;
    this.#writeNumber(number);
  }

  /**
   * Removes the row, if there may be one: what is about to be written must not be followed by a mark from before. `remove` runs the
   * statement in a transaction of its own; its commit need not wait for the disk, as later ones cannot become durable without it.
   */
  async void(remove: (work: (tx: Sql) => Promise<unknown>) => Promise<unknown>): Promise<void> {
    if (this.#isThere === false) return;
    this.#removeNumber();
    this.#voiding ??= remove(async (tx) => {
      await tx`SET LOCAL synchronous_commit = off`;
      await tx`DELETE FROM immich_sidecar_marks.mark`;
    }).then(() => void (this.#isThere = false), (error) => {
      this.#voiding = undefined;
      throw error;
    });
    await this.#voiding;
  }

  /** Lets what is kept count no more, without asking the database. */
  discard(): void {
    this.#removeNumber();
  }

  async #digest(sql: Sql, identity: string): Promise<string> {
    return createHash('sha256').update(`${await readDatabaseId(sql)} ${identity}`).digest('hex');
  }

  #readNumber(): string | undefined {
    try {
      return readFileSync(`${this.stateDirectory}/${NUMBER_FILE}`, 'utf8').trim();
    } catch {
      return undefined; // none, or not to be read: then the mark does not count
    }
  }

  /** A database that is rolled back to before this cycle has the row again; the number would be its own if the cycle ends before its time. */
  #removeNumber(): void {
    try {
      rmSync(`${this.stateDirectory}/${NUMBER_FILE}`, { force: true });
    } catch {
      // nor could it have been written
    }
  }

  #writeNumber(number: string): void {
    const path = `${this.stateDirectory}/${NUMBER_FILE}`;
    try {
      mkdirSync(this.stateDirectory, { recursive: true, mode: 0o700 });
      rmSync(path, { force: true });
      writeFileSync(path, `${number}\n`, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      logger.info('the next start looks at everything, as WRITE_STATE_DIR cannot be written: {problem}', {
        problem: messageOf(error),
      });
    }
  }
}

/** The system tells whole seconds. */
const UPTIME_STEP_MS = 1_000;

/** How long this machine has been up, by a clock that nobody sets. Needs `--allow-sys=osUptime`. */
function readUptimeMs(): number {
  return Deno.osUptime() * 1_000;
}

/** Since when PostgreSQL counts what is written to tables. */
function statistics(sql: Sql) {
  return sql`concat_ws(
    ' ',
    pg_postmaster_start_time(),
    (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database())
  )`;
}
