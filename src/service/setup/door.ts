import { Sessions } from '../http/sessions.ts';
import { OneTimeCode } from './code.ts';
import { Conversation } from './conversation.ts';

/** What the pages of setup are made from. */
export interface DoorOptions {
  /** Starts the wizard, and ends the one before; undefined when there is a configuration. */
  readonly start: () => Promise<MessagePort | undefined>;
  /** Writes the one-time code into the log. */
  readonly tell: (code: string) => void;
  /** Called when somebody has seen that everything is set up. */
  readonly onSeen: () => void;
  /** Whether nothing is wrong with the configuration but that there is none. */
  readonly isBeginning: () => boolean;
}

/** A browser that has not asked for the next page by then is closed. */
const ATTENTION_MS = 60_000;

/** Who may set up in a browser: one who has read the code in the log. The last one counts. */
export class SetupDoor {
  readonly code: OneTimeCode;
  readonly #options: DoorOptions;
  #sessions = new Sessions();
  #conversation: Conversation | undefined;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.code = new OneTimeCode(options.tell);
    this.code.renew(Date.now());
  }

  get conversation(): Conversation | undefined {
    return this.#conversation;
  }

  /** Whether the wizard is at work, or somebody is about to see what came of it. */
  get isBusy(): boolean {
    const { question, changedAtMs = -Infinity } = this.#conversation ?? {};
    return question === undefined && Date.now() - changedAtMs < ATTENTION_MS;
  }

  get isBeginning(): boolean {
    return this.#options.isBeginning();
  }

  has(session: string | undefined): boolean {
    return this.#sessions.has(session, Date.now());
  }

  /** A session for somebody who says the code, whose earlier ones end; undefined when it is wrong. */
  open(said: string): { readonly id: string; readonly maxAge: number } | undefined {
    if (!this.code.use(said, Date.now())) return undefined;
    this.#sessions = new Sessions();
    return this.#sessions.open(Date.now());
  }

  /** Begins with the first question. False when there is a configuration by now. */
  async begin(): Promise<boolean> {
    this.#conversation?.close();
    this.#conversation = undefined;
    const port = await this.#options.start();
    if (port === undefined) return false;
    this.#conversation = new Conversation(port);
    return true;
  }

  /** Somebody has seen how it ended. */
  seen(): void {
    if (this.#conversation?.end === undefined) return;
    const { kind } = this.#conversation.end;
    this.#conversation = undefined;
    if (kind === 'done' || kind === 'nothing') this.#options.onSeen();
  }
}
