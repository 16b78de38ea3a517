import { messageOf } from '../../errors.ts';
import { environmentOfPerl } from './environment.ts';

/** What ExifTool printed for one command. */
export interface Answer {
  readonly output: string;
  /** Its messages, a line each; empty when it has nothing to say. */
  readonly messages: string;
}

/** ExifTool has ended, or does not answer: nothing is known of what it was asked. */
export class ExifToolEnded extends Error {
  override name = 'ExifToolEnded';
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** How ExifTool is started: a program, and what comes before its own arguments. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  /** What it is told of the environment. */
  readonly variables: readonly string[];
  /** The file with END_WITH_PROGRAM, in place of the user's configuration, which could define tags of its own. */
  readonly config: string;
}

/**
 * A configuration of ExifTool. One that is kept open waits for ever when its input has ended (13.59), so that it would stay
 * behind when this program is killed; with this it ends. The commands' input is the only thing that it reads with sysread.
 * And in a process group of its own it does not hear Ctrl-C, so that what was begun can be finished.
 */
export const END_WITH_PROGRAM = `no strict 'refs';
eval { setpgrp(0, 0) };
*CORE::GLOBAL::sysread = sub (*\\$$;$) {
    my ($handle, $buffer, $length, $offset) = @_;
    my $count = CORE::sysread(*{"main::$handle"}, $$buffer, $length, $offset || 0);
    exit if defined $count && $count == 0;
    return $count;
};
1;
`;

/**
 * One ExifTool that is kept open. Commands are sent without waiting for the one before, so that it never idles; answers
 * come in order.
 */
export class ExifToolProcess {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #waiting: Waiting[] = [];
  readonly #outputs: string[] = [];
  readonly #messages: string[] = [];
  /** Ends an answer. A number that nobody can guess, as messages quote file names, and these may hold line breaks. */
  readonly #end = `{ready${crypto.getRandomValues(new Uint32Array(1))[0]}}\n`;
  readonly #done: Promise<void>;
  #commands = 0;
  #ended: ExifToolEnded | undefined;

  constructor({ program, args, variables, config }: Launch) {
    this.#child = new Deno.Command(program, {
      args: [...args, '-config', config, '-stay_open', 'True', '-@', '-'],
      env: environmentOfPerl(variables),
      clearEnv: true,
      stdin: 'piped',
      stdout: 'piped',
      stderr: 'piped',
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#done = Promise.all([
      this.#collect(this.#child.stdout, this.#outputs),
      this.#collect(this.#child.stderr, this.#messages),
      this.#child.status.then(({ code }) => this.#fail(`ExifTool has ended (exit code ${code})`)),
    ]).then(() => undefined);
  }

  /** Commands that have not been answered. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** Commands that were sent in all. */
  get commands(): number {
    return this.#commands;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Sends a command: one argument a line, so no argument may contain a line break. Rejects with ExifToolEnded. */
  run(args: readonly string[]): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    this.#commands++;
    const number = this.#end.slice('{ready'.length, -2);
    const lines = [...args, '-echo4', this.#end.slice(0, -1), `-execute${number}`];
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#input.write(new TextEncoder().encode(lines.join('\n') + '\n'))
        .catch((error) => this.#fail(`ExifTool does not listen: ${messageOf(error)}`));
    });
  }

  /** Lets it finish what it was asked and waits for its end. */
  async close(): Promise<void> {
    if (this.#ended === undefined) {
      await this.#input.write(new TextEncoder().encode('-stay_open\nFalse\n')).catch(() => {});
      await this.#input.close().catch(() => {});
    }
    await this.#done;
  }

  /** Ends it at once. */
  kill(reason: string): void {
    this.#fail(reason);
    try {
      this.#child.kill('SIGKILL');
    } catch {
      // it has ended by itself
    }
  }

  async #collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>, answers: string[]): Promise<void> {
    let rest = '';
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      rest += chunk;
      for (let at = rest.indexOf(this.#end); at >= 0; at = rest.indexOf(this.#end)) {
        answers.push(rest.slice(0, at));
        rest = rest.slice(at + this.#end.length);
        this.#answer();
      }
    }
  }

  #answer(): void {
    const [output, messages] = [this.#outputs[0], this.#messages[0]];
    if (output === undefined || messages === undefined) return;
    this.#outputs.shift();
    this.#messages.shift();
    this.#waiting.shift()?.resolve({ output, messages: messages.trim() });
  }

  #fail(reason: string): void {
    this.#ended ??= new ExifToolEnded(reason);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}
