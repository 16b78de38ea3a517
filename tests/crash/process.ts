import type { Sql } from '../../src/postgres/connect.ts';
import { type Run, type RunOptions, start } from '../cli/program.ts';

/** The real program in a process of its own, which can be heard and signalled while it runs. */
export class RunningProgram {
  readonly #child: Deno.ChildProcess;
  readonly #end: Promise<Run>;
  #stderr = '';
  #hasEnded = false;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#end = this.#listen().finally(() => this.#hasEnded = true);
  }

  static start(args: readonly string[], place: RunOptions): RunningProgram {
    return new RunningProgram(start(args, place));
  }

  async #listen(): Promise<Run> {
    const hear = async () => {
      for await (const chunk of this.#child.stderr.pipeThrough(new TextDecoderStream())) this.#stderr += chunk;
    };
    const [stdout, { code }] = await Promise.all([new Response(this.#child.stdout).text(), this.#child.status, hear()]);
    return { code, stdout, stderr: this.#stderr };
  }

  /** Waits until this is in its log. Throws with the log when it ends without. */
  async says(wanted: RegExp): Promise<void> {
    await until(`it says ${wanted}`, () => this.#hasEnded || wanted.test(this.#stderr));
    if (!wanted.test(this.#stderr)) throw new Error(`it has ended and never said ${wanted}:\n${this.#stderr}`);
  }

  /** What it has written for people until now. */
  get log(): string {
    return this.#stderr;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** False when it has already ended. */
  signal(signal: Deno.Signal): boolean {
    try {
      this.#child.kill(signal);
      return true;
    } catch (error) {
      if (error instanceof TypeError) return false;
      throw error;
    }
  }

  /** What it takes of memory (resident, in kB) and how many files it has open; undefined where /proc does not say. */
  uses(): { kb: number; files: number } | undefined {
    if (Deno.build.os !== 'linux') return undefined;
    const directory = `/proc/${this.#child.pid}`;
    const [, kb = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`${directory}/status`)) ?? [];
    return { kb: Number(kb), files: [...Deno.readDirSync(`${directory}/fd`)].length };
  }

  /** Waits for the end. */
  ended(): Promise<Run> {
    return this.#end;
  }
}

/** The server processes of sessions that hold the instance lock: one, or none. */
export async function lockHolders(sql: Sql): Promise<number[]> {
  const rows = await sql<{ pid: number }[]>`
    SELECT pid
    FROM pg_locks
    WHERE locktype = 'advisory'
      AND classid = ${0x696d7369}
      AND objid = 1
      AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  return rows.map(({ pid }) => pid);
}

/** How many sessions the program has in this database. */
export async function sessions(sql: Sql): Promise<number> {
  const [row] = await sql<{ sessions: number }[]>`
    SELECT count(*)::int AS sessions
    FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'immich-sidecar'`;
  return row?.sessions ?? 0;
}

/** How many locks in this database are waited for. */
export async function waiting(sql: Sql): Promise<number> {
  const rows = await sql`
    SELECT
    FROM pg_locks
    WHERE NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  return rows.length;
}

/** What is waited for takes a second or two; a machine that is busy with other things may take many times as long. */
const PATIENCE_SECONDS = 180;

/** Asks again and again until the answer is yes. Throws when that can no longer be a matter of patience. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_SECONDS * 1_000;
  while (!await isSo()) {
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_SECONDS} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
