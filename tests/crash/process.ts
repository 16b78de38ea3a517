import type { Sql } from '../../src/postgres/connect.ts';
import { commandLine, ofDeno, type RunOptions } from '../cli/program.ts';

const DECODER = new TextDecoder();

/** The real program in a process of its own, which can be signalled while it runs. */
export class RunningProgram {
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<Deno.CommandOutput>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#output = child.output();
  }

  static start(args: readonly string[], { cwd, env }: RunOptions): RunningProgram {
    const [command = '', ...rest] = commandLine(args);
    return new RunningProgram(
      new Deno.Command(command, {
        args: rest,
        cwd,
        clearEnv: true,
        env: { ...ofDeno(), ...env },
        stdin: 'null',
        stdout: 'piped',
        stderr: 'piped',
      }).spawn(),
    );
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

  /** Waits for the end. `code` is 128 + the number of the signal that ended it. */
  async ended(): Promise<{ code: number; stdout: string; stderr: string }> {
    const { code, stdout, stderr } = await this.#output;
    return { code, stdout: DECODER.decode(stdout), stderr: DECODER.decode(stderr) };
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
