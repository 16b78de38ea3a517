import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../config/secret.ts';

/** A browser stays signed in for so long. */
const SESSION_SECONDS = 12 * 3_600;

/** Wrong tokens a minute, from everybody together, before no more are looked at: twelve characters cannot be guessed at that rate. */
const MOST_WRONG_A_MINUTE = 20;

export const SESSION_COOKIE = 'immich_sidecar_session';

/**
 * Who may do something over HTTP: a program that sends `Authorization: Bearer <token>`, or a browser that was given the token once and
 * has a session since. Sessions are signed with a key that lives as long as the process; nothing is kept of them.
 *
 * A form of the dashboard carries a second value, derived from the session, which another site cannot read (CSRF).
 */
export class Access {
  readonly #key = randomBytes(32);
  #wrong = 0;
  #wrongSinceMs = 0;

  constructor(readonly token: Secret) {}

  /** Whether this is the token; always false while too many wrong ones come. */
  isToken(said: string, nowMs: number): boolean {
    if (nowMs - this.#wrongSinceMs > 60_000) [this.#wrong, this.#wrongSinceMs] = [0, nowMs];
    if (this.#wrong >= MOST_WRONG_A_MINUTE) return false;
    const isRight = isSame(this.#sign('token', said), this.#sign('token', this.token.reveal()));
    if (!isRight) this.#wrong++;
    return isRight;
  }

  isBearer(header: string | undefined, nowMs: number): boolean {
    const said = /^Bearer (\S+)$/.exec(header ?? '')?.[1];
    return said !== undefined && this.isToken(said, nowMs);
  }

  /** The value of a new session's cookie, and how long it counts in seconds. */
  openSession(nowMs: number): { value: string; maxAge: number } {
    const content = `${Math.floor(nowMs / 1_000) + SESSION_SECONDS}.${randomBytes(9).toString('base64url')}`;
    return { value: `${content}.${this.#sign('session', content)}`, maxAge: SESSION_SECONDS };
  }

  isSession(cookie: string | undefined, nowMs: number): boolean {
    const [until = '', id = '', signature = ''] = cookie?.split('.') ?? [];
    return isSame(signature, this.#sign('session', `${until}.${id}`)) && Number(until) * 1_000 > nowMs;
  }

  /** What a form must carry to be believed. */
  formValue(cookie: string): string {
    return this.#sign('form', cookie);
  }

  isForm(cookie: string, value: string): boolean {
    return isSame(value, this.formValue(cookie));
  }

  #sign(purpose: string, text: string): string {
    return createHmac('sha256', this.#key).update(`${purpose} ${text}`).digest('base64url');
  }
}

function isSame(a: string, b: string): boolean {
  const [x, y] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
