import { UserError } from '../../errors.ts';
import type { ExifToolCommand } from './location.ts';
import { type Answer, ExifToolEnded, ExifToolProcess, type Launch } from './process.ts';

export interface PoolOptions {
  /** How many ExifTools work at a time. */
  readonly workers: number;
  /** How they are started. */
  readonly command: ExifToolCommand;
  /** The file with END_WITH_PROGRAM. */
  readonly config: string;
  /** COMMANDS_PER_PROCESS when left out. */
  readonly commandsPerProcess?: number;
}

/** Perl gives no memory back: after so many commands a process is replaced. */
const COMMANDS_PER_PROCESS = 10_000;

/** Time for one command: hashing a film of 100 GB twice takes about ten minutes. */
const PATIENCE_MS = 30 * 60_000;

/**
 * ExifTools that are kept open; they start when they are needed.
 *
 * exiftool-vendored's batch-cluster (19.4) would not do: it sends one command at a time and waits 30 ms after each answer, as it cannot
 * tell when the messages are whole, where a photo is read in 3 ms; and it ends a process by `process.kill`, for which Deno
 * wants the permission to start any program, not only Perl.
 */
export class ExifToolPool implements AsyncDisposable {
  readonly #launch: Launch;
  readonly #workers: number;
  readonly #commandsPerProcess: number;
  #processes: ExifToolProcess[] = [];
  readonly #closing: Promise<void>[] = [];
  /** What the first of them was asked before anything else: whether it is an ExifTool. */
  #version: Promise<string> | undefined;

  constructor({ workers, command, config, commandsPerProcess = COMMANDS_PER_PROCESS }: PoolOptions) {
    this.#workers = workers;
    this.#commandsPerProcess = commandsPerProcess;
    this.#launch = { ...command, config };
  }

  /**
   * Has one of them run a command, each argument a line. Rejects with ExifToolEnded when that one has ended over this very command, or
   * with UserError if there is no ExifTool. A command that was only waiting behind another goes to the next process.
   */
  async run(args: readonly string[]): Promise<Answer> {
    for (;;) {
      const process = this.#leastBusy();
      const timer = setTimeout(() => process.kill('it did not answer for half an hour'), PATIENCE_MS);
      try {
        const answer = await process.run(args);
        await this.version();
        return answer;
      } catch (error) {
        // One that cannot be run says nothing about a file.
        if (error instanceof ExifToolEnded) await this.version();
        if (!(error instanceof ExifToolEnded) || error.wasAtWork) throw error;
      } finally {
        clearTimeout(timer);
      }
    }
  }

  /** The version of ExifTool. Throws UserError when it cannot be run. */
  async version(): Promise<string> {
    if (this.#version === undefined) this.#leastBusy();
    return await this.#version ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#closing, ...this.#processes.map((process) => process.close())]);
    this.#processes = [];
  }

  #leastBusy(): ExifToolProcess {
    const alive = this.#processes.filter((process) => {
      if (process.commands < this.#commandsPerProcess && !process.hasEnded) return true;
      this.#closing.push(process.close());
      return false;
    });
    const idle = alive.find(({ pending }) => pending === 0);
    if (idle === undefined && alive.length < this.#workers) alive.push(this.#start());
    this.#processes = alive;
    return idle ?? alive.reduce((best, process) => process.pending < best.pending ? process : best);
  }

  #start(): ExifToolProcess {
    try {
      const process = new ExifToolProcess(this.#launch);
      this.#version ??= this.#versionOf(process);
      this.#version.catch(() => {}); // all who ask for something hear of it
      return process;
    } catch (error) {
      throw this.#cannotRun(error);
    }
  }

  async #versionOf(process: ExifToolProcess): Promise<string> {
    try {
      const { output, messages } = await process.run(['-ver']);
      if (!/^\d+\.\d+/.test(output)) throw new ExifToolEnded(messages || 'it does not say its version', true, true);
      return output.trim();
    } catch (error) {
      this.#version = undefined;
      throw error instanceof ExifToolEnded ? this.#cannotRun(error) : error;
    }
  }

  #cannotRun(cause: unknown): UserError {
    const { program, args } = this.#launch;
    return new UserError(`ExifTool cannot be run: ${[program, ...args].join(' ')}.`, {
      problemCode: 'exiftool',
      remedy: args.length > 0
        ? 'Install Perl 5, or name an ExifTool of your own with EXIFTOOL_PATH.'
        : 'Check EXIFTOOL_PATH, or leave it out to use the ExifTool that comes with this program.',
      cause,
    });
  }
}
