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

  constructor(
    message: string,
    /** Whether it was at work on this command, which may be why; otherwise it had not begun with it. */
    readonly wasAtWork: boolean,
    /** Whether that says something about the command's file: not when somebody else has ended it, or the disk was full. */
    readonly isByItself: boolean,
  ) {
    super(message);
  }
}

/** Signals that a program brings about by what it does. */
const OWN_SIGNALS: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE']);

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
  #hasEnded = false;
  /** Why it was killed. */
  #killed: string | undefined;

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
    this.#done = this.#untilEnd();
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
    return this.#hasEnded;
  }

  /** Sends a command: one argument a line, so no argument may contain a line break. Rejects with ExifToolEnded. */
  run(args: readonly string[]): Promise<Answer> {
    if (this.#hasEnded) return Promise.reject(new ExifToolEnded('ExifTool has ended', false, false));
    this.#commands++;
    const number = this.#end.slice('{ready'.length, -2);
    const lines = [...args, '-echo4', this.#end.slice(0, -1), `-execute${number}`];
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      // One that does not listen has ended, or is of no use.
      this.#input.write(new TextEncoder().encode(lines.join('\n') + '\n')).catch(() => this.#kill());
    });
  }

  /** Lets it finish what it was asked and waits for its end. */
  async close(): Promise<void> {
    if (!this.#hasEnded) {
      await this.#input.write(new TextEncoder().encode('-stay_open\nFalse\n')).catch(() => {});
      await this.#input.close().catch(() => {});
    }
    await this.#done;
  }

  /** Ends it at once. */
  kill(reason: string): void {
    this.#killed ??= reason;
    this.#kill();
  }

  #kill(): void {
    this.#hasEnded = true;
    try {
      this.#child.kill('SIGKILL');
    } catch {
      // it has ended by itself
    }
  }

  /** What it had answered before it ended is heard first: the command that it was at work on is then the first that waits. */
  async #untilEnd(): Promise<void> {
    const [, lastWords] = await Promise.all([
      this.#collect(this.#child.stdout, this.#outputs),
      this.#collect(this.#child.stderr, this.#messages),
    ]);
    const { code, signal } = await this.#child.status;
    this.#hasEnded = true;
    const isByItself = this.#killed !== undefined || signal === null || OWN_SIGNALS.has(signal);
    const reason = this.#killed ?? lastSentence(lastWords) ?? (signal === null ? `exit code ${code}` : `by ${signal}`);
    for (const [index, { reject }] of this.#waiting.splice(0).entries()) {
      reject(new ExifToolEnded(`ExifTool has ended: ${reason}`, index === 0, isByItself));
    }
  }

  /** Returns what comes after the last answer. */
  async #collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>, answers: string[]): Promise<string> {
    const decoder = new TextDecoder();
    let rest = '';
    // Piped through a TextDecoderStream each answer would cost 0.1 ms more.
    for await (const chunk of stream) {
      rest += decoder.decode(chunk, { stream: true });
      for (let at = rest.indexOf(this.#end); at >= 0; at = rest.indexOf(this.#end)) {
        answers.push(rest.slice(0, at));
        rest = rest.slice(at + this.#end.length);
        this.#answer();
      }
    }
    return rest;
  }

  #answer(): void {
    const [output, messages] = [this.#outputs[0], this.#messages[0]];
    if (output === undefined || messages === undefined) return;
    this.#outputs.shift();
    this.#messages.shift();
    this.#waiting.shift()?.resolve({ output, messages: messages.trim() });
  }
}

/** What Perl says when it gives up: `'x' outside of string in unpack at /usr/share/perl5/Image/ExifTool.pm line 6021.` */
function lastSentence(words: string): string | undefined {
  const line = words.trimEnd().split('\n').at(-1)?.replace(/ at \S+ line \d+[^]*$/, '').trim();
  return line === '' ? undefined : line;
}
