import * as clack from '@clack/prompts';
import { foldAccents } from '../config/fold.ts';
import type { Readable, Writable } from 'node:stream';
import { plain } from '../config/quote.ts';
import { Cancelled, type Option, type Prompter, WentBack } from './prompter.ts';

/** Where questions are put. Standard error, as results go to standard output. */
export interface Streams {
  readonly input: Readable;
  readonly output: Writable & { readonly columns?: number };
}

/** No line is wider, however wide the terminal is. */
const WIDEST = 100;

/** So much of what was chosen is said again. */
const MOST_SAID = 300;

/** Somebody at a terminal. Names that come from Immich cannot move its cursor. */
export class TerminalPrompter implements Prompter {
  #lastKey: string | undefined;

  constructor(readonly streams: Streams) {
    // The library takes Escape and Ctrl-C for the same.
    streams.input.on('keypress', (_, key?: { readonly name?: string }) => this.#lastKey = key?.name);
  }

  async text(message: string, initial: string | undefined): Promise<string> {
    const options = {
      message: plain(message),
      ...this.streams,
      ...(initial === undefined ? {} : { initialValue: initial }),
    };
    return this.#answered(await clack.text(options)) ?? '';
  }

  async secret(message: string): Promise<string> {
    return this.#answered(await clack.password({ message: plain(message), mask: '*', ...this.streams })) ?? '';
  }

  async select<T>(message: string, options: readonly Option<T>[], initial: T | undefined): Promise<T> {
    // By number: the library treats texts and objects differently.
    const choices = options.map(({ label, hint }, value) => ({
      value,
      label: plain(label),
      ...(hint && { hint: plain(hint) }),
    }));
    const first = options.findIndex(({ value }) => value === initial);
    const index = this.#answered(
      await clack.select({
        message: plain(message),
        options: choices,
        initialValue: Math.max(first, 0),
        maxItems: 10,
        ...this.streams,
      }),
    );
    const chosen = options[index];
    if (chosen === undefined) throw new Error(`no option ${index}`);
    return chosen.value;
  }

  async selectMany<T>(message: string, options: readonly Option<T>[], initial: readonly T[]): Promise<readonly T[]> {
    // The library draws a bar and a box before each, and shows hints of one only.
    const width = this.#width - 4;
    const choices = options.map(({ label, hint, group }, value) => ({
      value,
      label: fitting([group, label].filter((part) => part !== undefined).map(plain).join(': '), hint, width),
    }));
    const answer = await clack.autocompleteMultiselect({
      message: plain(message),
      options: choices,
      initialValues: options.flatMap(({ value }, index) => initial.includes(value) ? [index] : []),
      placeholder: 'type to find one',
      // By default it also looks at the values, which are numbers here.
      filter: (said, { label }) => foldAccents(label ?? '').includes(foldAccents(said)),
      maxItems: 12,
      ...this.streams,
    });
    const chosen = new Set(this.#answered(answer));
    const taken = options.filter((_, index) => chosen.has(index));
    // The library says only how many they are.
    if (taken.length > 0) this.say(taken.map(({ label }) => label).join(', ').slice(0, MOST_SAID), 'info');
    return taken.map(({ value }) => value);
  }

  async confirm(message: string, initial: boolean): Promise<boolean> {
    return this.#answered(await clack.confirm({ message: plain(message), initialValue: initial, ...this.streams }));
  }

  say(text: string, kind: 'info' | 'success' | 'warning' | 'problem'): void {
    const write = {
      info: clack.log.message,
      success: tick,
      warning: clack.log.warn,
      problem: clack.log.error,
    };
    write[kind](this.#wrapped(text), { output: this.streams.output });
  }

  begin(title: string): void {
    clack.intro(title, { output: this.streams.output });
  }

  end(text: string): void {
    clack.outro(text, { output: this.streams.output });
  }

  cancel(text: string): void {
    clack.cancel(text, { output: this.streams.output });
  }

  #answered<T>(answer: T): Exclude<T, symbol> {
    if (clack.isCancel(answer)) throw this.#lastKey === 'escape' ? new WentBack() : new Cancelled();
    return answer as Exclude<T, symbol>;
  }

  /** The library draws a bar and two spaces before each line. */
  get #width(): number {
    return Math.min(this.streams.output.columns ?? 80, WIDEST) - 4;
  }

  #wrapped(text: string): string {
    return text.split('\n').map((line) => wrap(plain(line), this.#width)).join('\n');
  }
}

/** The library's own sign for success is the one with which it marks a question. */
function tick(text: string, options: { readonly output: Streams['output'] }): void {
  clack.log.message(text, { ...options, symbol: clack.unicodeOr('✓', '+') });
}

/** A label and its hint on one line: of the two the label is cut. Wide signs, such as those of Chinese and emoji, count twice. */
export function fitting(label: string, hint: string | undefined, width: number): string {
  const end = hint === undefined ? '' : ` (${plain(hint)})`;
  if (columns(label + end) <= width) return label + end;
  let cut = '';
  for (const { segment } of SIGNS.segment(label)) {
    if (columns(`${cut}${segment}…${end}`) > width) break;
    cut += segment;
  }
  return `${cut.trimEnd()}…${end}`;
}

const SIGNS = new Intl.Segmenter();

function columns(text: string): number {
  let sum = 0;
  for (const { segment } of SIGNS.segment(text)) {
    sum +=
      /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\ufe0f/u
          .test(segment)
        ? 2
        : 1;
  }
  return sum;
}

/** Breaks one line between words; what follows keeps its indentation. */
export function wrap(line: string, width: number): string {
  const indent = /^ *(?:[-+~] )?/.exec(line)?.[0].length ?? 0;
  const lines: string[] = [];
  let current = line.slice(0, indent);
  for (const word of line.slice(indent).split(' ')) {
    if (current.trim() !== '' && current.length > indent && current.length + 1 + word.length > width) {
      lines.push(current);
      current = ' '.repeat(indent) + word;
    } else current += current.length > indent ? ` ${word}` : word;
  }
  return [...lines, current].join('\n');
}
