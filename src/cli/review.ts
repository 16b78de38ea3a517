import { styleText } from 'node:util';
import { wrapAnsi } from 'fast-wrap-ansi';
import stringWidth from 'fast-string-width';
import { plain } from '../config/quote.ts';
import { list, named } from '../config/words.ts';
import { UserError } from '../errors.ts';
import type { TagValue } from '../writeback/fields/values.ts';
import type { TagChange, WritePlan } from '../writeback/tags.ts';
import { printError } from './output.ts';

/** What somebody says to the plans of a photo. */
type Answer = 'yes' | 'no' | 'all' | 'quit';

const ANSWERS: Readonly<Record<string, Answer>> = Object.freeze({ y: 'yes', n: 'no', a: 'all', q: 'quit' });

/** What the question is asked on, and what colours mean there. */
export interface ReviewTerminal {
  /** Characters in a line. */
  readonly columns: number;
  readonly isColoured: boolean;
  show(text: string): void;
  /** The next line that is typed; undefined when nobody can type any more. */
  read(): Promise<string | undefined>;
}

/**
 * Asks about each photo before it is written: yes, no, yes to all changes of this kind, or quit. One question at a time, however many
 * photos are worked on at once.
 */
export class PhotoReview {
  readonly #terminal: ReviewTerminal;
  readonly #onQuit: () => void;
  /** Kinds of changes that were answered for good. */
  readonly #accepted = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();
  #hasEnded = false;

  /** @param onQuit is called once, when nothing more shall be written */
  constructor(terminal: ReviewTerminal, onQuit: () => void) {
    this.#terminal = terminal;
    this.#onQuit = onQuit;
  }

  /** Whether these plans, all of one photo, are to be carried out. */
  ask(plans: readonly WritePlan[]): Promise<boolean> {
    const answer = this.#last.then(() => this.#ask(plans));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #ask(plans: readonly WritePlan[]): Promise<boolean> {
    if (this.#hasEnded) return false;
    const kinds = kindsOf(plans);
    this.#terminal.show(describeSideBySide(plans, this.#terminal));
    if (kinds.every((kind) => this.#accepted.has(kind))) return true;
    const answer = await this.#answer(kinds);
    if (answer === 'all') { for (const kind of kinds) this.#accepted.add(kind); }
    if (answer === 'quit') {
      this.#hasEnded = true;
      this.#onQuit();
    }
    return answer === 'yes' || answer === 'all';
  }

  async #answer(kinds: readonly string[]): Promise<Answer> {
    while (true) {
      this.#terminal.show(`Write this? [y]es, [n]o, [a]ll changes of ${list(kinds)}, [q]uit: `);
      const line = await this.#terminal.read();
      if (line === undefined) return 'quit';
      const answer = ANSWERS[line.trim().toLowerCase().slice(0, 1)];
      if (answer !== undefined) return answer;
    }
  }
}

/** Which tags change: `XMP-dc:Description`. */
function kindsOf(plans: readonly WritePlan[]): string[] {
  return [...new Set(plans.flatMap(({ changes }) => changes.map(({ tag }) => tag)))].sort();
}

/** The files of a photo, each with its tags as they are on the left and as they will be on the right. */
export function describeSideBySide(
  plans: readonly WritePlan[],
  { columns, isColoured }: Pick<ReviewTerminal, 'columns' | 'isColoured'>,
): string {
  const width = Math.max(MIN_WIDTH, Math.floor((columns - INDENT.length - GAP.length) / 2));
  const coloured = (colour: 'red' | 'green' | 'bold', text: string) =>
    isColoured && text !== '' ? styleText(colour, text, { validateStream: false }) : text;
  return plans.map((plan) => {
    const name = named(plan.path);
    const lines = plan.changes.flatMap((change) => {
      const [before, after] = valuesOf(change).map((value) => wrapped(value, width)) as [string[], string[]];
      const rows = Array.from({ length: Math.max(before.length, after.length) }, (_, row) => {
        const [left, right] = [before[row] ?? '', after[row] ?? ''];
        const padding = ' '.repeat(Math.max(0, width - stringWidth(left)));
        return `${INDENT}${coloured('red', left)}${padding}${GAP}${coloured('green', right)}`.trimEnd();
      });
      return [`  ${plain(change.tag)}`, ...rows];
    });
    return `\n${coloured('bold', name)}${plan.isNew ? ' (new)' : ''}\n${lines.join('\n')}\n`;
  }).join('');
}

const INDENT = '    ';
const GAP = ' | ';

/** Narrower terminals break lines where they like. */
const MIN_WIDTH = 12;

/** Both sides of a change as text, an entry of a list on each line; of lists only what differs. */
function valuesOf({ before, after }: TagChange): [string, string] {
  if (!Array.isArray(before ?? []) || !Array.isArray(after ?? [])) return [text(before), text(after)];
  const [old, now] = [before, after].map((value) => ((value ?? []) as readonly TagValue[]).map(text));
  const only = (these: string[] = [], others: string[] = []) =>
    these.filter((entry) => !others.includes(entry)).join('\n');
  return [only(old, now), only(now, old)];
}

function text(value: TagValue | null): string {
  if (value === null) return '';
  const lines = typeof value === 'string' ? value.split(/\r?\n/) : [JSON.stringify(value)];
  return lines.map(plain).join('\n');
}

/** In lines of at most so many characters. */
function wrapped(value: string, width: number): string[] {
  return value.split('\n').flatMap((line) => wrapAnsi(line, width, { hard: true, trim: false }).split('\n'));
}

/** Where a terminal does not say how wide it is. */
const USUAL_COLUMNS = 80;

/** The terminal that this program runs on. Throws UserError where there is none to ask on. */
export function reviewTerminal(signal: AbortSignal): ReviewTerminal {
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) {
    throw new UserError('--review asks about each photo, and there is no terminal to ask on.', {
      problemCode: 'usage',
      remedy: 'Run it in a terminal, or look at everything with --dry-run.',
    });
  }
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1_024);
  const ended = Promise.withResolvers<null>();
  if (signal.aborted) ended.resolve(null);
  signal.addEventListener('abort', () => ended.resolve(null));
  let pending = '';
  return {
    columns: Deno.consoleSize().columns || USUAL_COLUMNS,
    isColoured: !Deno.noColor,
    show: printError,
    async read() {
      while (!pending.includes('\n')) {
        const count = await Promise.race([Deno.stdin.read(buffer), ended.promise]);
        if (count === null) return undefined;
        pending += decoder.decode(buffer.subarray(0, count), { stream: true });
      }
      const end = pending.indexOf('\n');
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      return line;
    },
  };
}
