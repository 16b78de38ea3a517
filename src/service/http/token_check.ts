import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Secret } from '../../config/secret.ts';

/** The answer to a wrong token takes so long. */
const WRONG_TOKEN_MS = 1_000;

/** Each wrong token holds up the next one from the same address for so long: twelve characters cannot be guessed at ten a second. */
const NEXT_GUESS_MS = 100;

/**
 * Compares what clients send with HTTP_TOKEN. The right one is never refused, however many wrong ones come; those from the same address
 * are looked at one after the other, so that it may have to wait behind them, and those from other addresses do not count.
 */
export class TokenCheck {
  readonly #digest: Uint8Array;
  /** The last guess of each address, behind which the next one waits. */
  readonly #lastGuesses = new Map<string, Promise<boolean>>();

  constructor(token: Secret) {
    this.#digest = digestOf(token.reveal());
  }

  /** @param signal aborted when the client has gone, whose guess then holds nobody up */
  async isRight(said: string, address: string, signal: AbortSignal): Promise<boolean> {
    const startedAt = performance.now();
    const network = networkOf(address);
    const guess = (this.#lastGuesses.get(network) ?? Promise.resolve()).then(async () => {
      if (signal.aborted) return false;
      const isRight = timingSafeEqual(digestOf(said), this.#digest);
      if (!isRight) await setTimeout(NEXT_GUESS_MS);
      return isRight;
    });
    this.#lastGuesses.set(network, guess);
    const isRight = await guess;
    if (this.#lastGuesses.get(network) === guess) this.#lastGuesses.delete(network);
    if (!isRight) await setTimeout(Math.max(0, WRONG_TOKEN_MS - (performance.now() - startedAt)));
    return isRight;
  }
}

/** Of equal length, whatever was said. */
function digestOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

/** An IPv6 address without its last half, which the owner of the first half may choose. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::')) return address;
  const [head = '', tail] = address.split('::');
  const groups = [...head.split(':'), ...(tail === undefined ? [] : Array<string>(8).fill('0'))];
  return groups.slice(0, 4).join(':');
}
