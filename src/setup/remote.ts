import { plain, printable } from '../config/quote.ts';
import type { PutQuestion, SetupEnd, WizardMessage, WizardReply } from '../service/setup/messages.ts';
import { Cancelled, type Option, type Prompter, WentBack } from './prompter.ts';

/** Somebody at the other end of a port, who answers on a page. */
export class RemotePrompter implements Prompter {
  readonly #port: MessagePort;
  readonly #stop: AbortSignal;
  #hear: (reply: WizardReply) => void = () => {};

  /** @param stop aborted when nobody answers any more: the open question throws Cancelled */
  constructor(port: MessagePort, stop: AbortSignal) {
    this.#port = port;
    this.#stop = stop;
    port.onmessage = ({ data }: MessageEvent<WizardReply>) => this.#hear(data);
    stop.addEventListener('abort', () => this.#hear({ kind: 'stop' }));
  }

  async text(message: string, initial: string | undefined): Promise<string> {
    return this.#as('text', await this.#ask({ kind: 'text', message: plain(message), initial })).text;
  }

  async secret(message: string): Promise<string> {
    return this.#as('text', await this.#ask({ kind: 'secret', message: plain(message) })).text;
  }

  async select<T>(message: string, options: readonly Option<T>[], initial: T | undefined): Promise<T> {
    const shown = options.map(({ label, hint }) => ({ label: plain(label), hint: hint && plain(hint) }));
    const first = Math.max(options.findIndex(({ value }) => value === initial), 0);
    const reply = await this.#ask({ kind: 'choice', message: plain(message), options: shown, initial: first });
    const chosen = options[this.#as('choice', reply).index];
    if (chosen === undefined) throw new Error('an option that is none');
    return chosen.value;
  }

  async selectMany<T>(message: string, options: readonly Option<T>[], initial: readonly T[]): Promise<readonly T[]> {
    const shown = options.map(({ label, hint, group }) => ({
      label: plain(label),
      hint: hint && plain(hint),
      group: group && plain(group),
    }));
    const first = options.flatMap(({ value }, index) => initial.includes(value) ? [index] : []);
    const reply = await this.#ask({ kind: 'choices', message: plain(message), options: shown, initial: first });
    const chosen = new Set(this.#as('choices', reply).indexes);
    return options.filter((_, index) => chosen.has(index)).map(({ value }) => value);
  }

  async confirm(message: string, initial: boolean): Promise<boolean> {
    return this.#as('yes-no', await this.#ask({ kind: 'yes-no', message: plain(message), initial })).isYes;
  }

  say(text: string, tone: 'info' | 'success' | 'warning' | 'problem'): void {
    this.#tell({ kind: 'said', said: { text: printable(text), tone } });
  }

  end(end: SetupEnd): void {
    this.#tell({ kind: 'ended', end: { ...end, lines: end.lines.map(plain) } });
  }

  async #ask(question: PutQuestion): Promise<WizardReply> {
    if (this.#stop.aborted) throw new Cancelled();
    const reply = await new Promise<WizardReply>((resolve) => {
      this.#hear = resolve;
      this.#tell({ kind: 'asked', question });
    });
    if (reply.kind === 'back') throw new WentBack();
    if (reply.kind === 'stop') throw new Cancelled();
    return reply;
  }

  #as<K extends WizardReply['kind']>(kind: K, reply: WizardReply): Extract<WizardReply, { kind: K }> {
    if (reply.kind !== kind) throw new Error(`an answer of another kind: ${reply.kind}`);
    return reply as Extract<WizardReply, { kind: K }>;
  }

  #tell(message: WizardMessage): void {
    this.#port.postMessage(message);
  }
}
