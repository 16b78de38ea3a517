import type { Sql } from '../../src/postgres/connect.ts';
import { ended, type Run, type RunOptions, start } from '../cli/program.ts';

/** The real program in a process of its own, which can be signalled while it runs. */
export class RunningProgram {
  readonly #child: Deno.ChildProcess;
  readonly #end: Promise<Run>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#end = ended(child);
  }

  static start(args: readonly string[], place: RunOptions): RunningProgram {
    return new RunningProgram(start(args, place));
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

/** Asks again and again until the answer is yes. Throws after `seconds`. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean, seconds = 20): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  while (!await isSo()) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
