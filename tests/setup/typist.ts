import { commandLine, ofDeno, type Variables } from '../cli/program.ts';
import type { Ground } from './ground.ts';
import { Screen } from './screen.ts';

/** Somebody at a terminal of 80×24. */
export class Typist extends Screen implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #reading: Promise<void>;

  private constructor(process: Deno.ChildProcess) {
    const writer = process.stdin.getWriter();
    super((key) => writer.write(new TextEncoder().encode(key)));
    this.#process = process;
    this.#writer = writer;
    this.#reading = this.#read();
  }

  /** Starts the program on a pseudo-terminal, where setup runs. */
  static start(ground: Ground, args: readonly string[]): Typist {
    return Typist.run(commandLine(args), ground.cwd, { ...ofDeno(), ...ground.environment });
  }

  /** Starts any program on one. */
  static run(command: readonly string[], cwd: string, env: Variables): Typist {
    const words = ['sh', '-c', 'stty cols 80 rows 24; exec "$@"', 'sh', ...command];
    const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    return new Typist(
      // Itself, not in a shell: when it is killed the terminal goes, and with it the program.
      new Deno.Command('script', {
        args: ['-qec', line, '/dev/null'],
        cwd,
        clearEnv: true,
        env: { ...env, TERM: 'xterm', NO_COLOR: '1' },
        stdin: 'piped',
        stdout: 'piped',
        stderr: 'null',
      }).spawn(),
    );
  }

  /** The exit code. */
  async ends(): Promise<number> {
    const { code } = await this.#process.status;
    await this.#reading;
    return code;
  }

  async #read(): Promise<void> {
    for await (const chunk of this.#process.stdout.pipeThrough(new TextDecoderStream())) this.show(chunk);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill('SIGKILL');
    } catch {
      // it has ended
    }
    await this.#reading.catch(() => {});
    await this.#process.status;
    await this.#writer.close().catch(() => {});
  }
}
