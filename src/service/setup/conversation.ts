import type { PutQuestion, Remark, SetupEnd, WizardMessage, WizardReply } from './messages.ts';

/** An answer that was given; of a secret only that it was. */
export interface Answered {
  readonly question: string;
  readonly answer: string;
}

/** How long a browser waits for the next question; after that it is told that the wizard is at work. */
const PATIENCE_MS = 8_000;

/** What the wizard and somebody at a browser have said to each other. */
export class Conversation {
  readonly #port: MessagePort;
  readonly #answered: Answered[] = [];
  #said: Remark[] = [];
  #question: PutQuestion | undefined;
  #end: SetupEnd | undefined;
  /** Of the question that is open; a form that was sent twice answers only once. */
  #number = 0;
  #changedAtMs = Date.now();
  #wake = () => {};

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<WizardMessage>) => this.#hear(data);
  }

  /** What was said since the last answer. */
  get said(): readonly Remark[] {
    return this.#said;
  }

  get question(): PutQuestion | undefined {
    return this.#question;
  }

  /** When one of the two has said something for the last time. */
  get changedAtMs(): number {
    return this.#changedAtMs;
  }

  get number(): number {
    return this.#number;
  }

  get end(): SetupEnd | undefined {
    return this.#end;
  }

  /** The oldest first. */
  get answered(): readonly Answered[] {
    return this.#answered;
  }

  /** Waits for the next question, or the end; not for ever. */
  async settled(): Promise<void> {
    if (this.#isSettled) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    clearTimeout(timer);
  }

  /** False when this is no answer to the question that is open. */
  answer(number: number, reply: WizardReply): boolean {
    const question = this.#question;
    if (question === undefined || number !== this.#number) return false;
    if (!['back', 'stop', question.kind === 'secret' ? 'text' : question.kind].includes(reply.kind)) return false;
    if (reply.kind === 'choice' && question.kind === 'choice' && question.options[reply.index] === undefined) {
      return false;
    }
    if (
      reply.kind === 'choices' && question.kind === 'choices' &&
      reply.indexes.some((index) => question.options[index] === undefined)
    ) return false;
    if (reply.kind === 'back') this.#answered.pop();
    else if (reply.kind !== 'stop') this.#answered.push({ question: question.message, answer: shown(question, reply) });
    this.#question = undefined;
    this.#changedAtMs = Date.now();
    this.#said = [];
    this.#port.postMessage(reply);
    return true;
  }

  /** Lets go of the wizard; the supervisor ends it. */
  close(): void {
    this.#port.close();
    this.#wake();
  }

  get #isSettled(): boolean {
    return this.#question !== undefined || this.#end !== undefined;
  }

  #hear(message: WizardMessage): void {
    this.#changedAtMs = Date.now();
    switch (message.kind) {
      case 'said':
        this.#said.push(message.said);
        return;
      case 'asked':
        this.#question = message.question;
        this.#number++;
        break;
      case 'ended':
        this.#end = message.end;
        this.#port.close();
        break;
    }
    this.#wake();
  }
}

function shown(question: PutQuestion, reply: WizardReply): string {
  switch (reply.kind) {
    case 'text':
      return question.kind === 'secret' ? '•••' : reply.text;
    case 'choice':
      return question.kind === 'choice' ? question.options[reply.index]?.label ?? '' : '';
    case 'choices':
      return question.kind === 'choices' ? reply.indexes.map((index) => question.options[index]?.label).join(', ') : '';
    case 'yes-no':
      return reply.isYes ? 'yes' : 'no';
    default:
      return '';
  }
}
