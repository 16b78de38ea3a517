import { createHash, randomInt, timingSafeEqual } from 'node:crypto';

/** Without letters and digits that look alike. */
const LETTERS = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';
const LENGTH = 8;

/** How long a code can be used. */
export const CODE_MINUTES = 10;

/** How many wrong ones make it void. */
export const CODE_TRIES = 5;

/** A new one is made at most so often: nobody fills the log, or tries all there are. */
const RENEWAL_MS = 30_000;

/** A code that somebody reads in the log and types once: those who can read the log may set up. */
export class OneTimeCode {
  readonly #tell: (code: string) => void;
  #digest: Uint8Array | undefined;
  #madeAtMs = -Infinity;
  #triesLeft = 0;

  /** @param tell writes it where only those can read who may use it */
  constructor(tell: (code: string) => void) {
    this.#tell = tell;
  }

  /** Makes a new one, and the one before void. False when that was done a moment ago. */
  renew(nowMs: number): boolean {
    if (nowMs - this.#madeAtMs < RENEWAL_MS) return false;
    const code = Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
    this.#digest = digestOf(code);
    this.#madeAtMs = nowMs;
    this.#triesLeft = CODE_TRIES;
    this.#tell(`${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`);
    return true;
  }

  isVoid(nowMs: number): boolean {
    return this.#digest === undefined || this.#triesLeft <= 0 || nowMs - this.#madeAtMs >= CODE_MINUTES * 60_000;
  }

  /** Whether it is the code; it is void after that, and after some that are wrong. */
  use(said: string, nowMs: number): boolean {
    if (this.#digest === undefined || this.isVoid(nowMs)) return false;
    const isRight = timingSafeEqual(digestOf(said.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')), this.#digest);
    this.#triesLeft = isRight ? 0 : this.#triesLeft - 1;
    return isRight;
  }
}

/** Of equal length, whatever was said. */
function digestOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
