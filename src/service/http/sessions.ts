import { randomBytes } from 'node:crypto';

/** A browser stays signed in for so long. */
const SESSION_SECONDS = 12 * 3_600;

/** More are not kept, and the oldest ends: nobody has that many browsers. */
const MAX_SESSIONS = 100;

/** The browsers that are signed in. Kept in memory, so that signing out and a restart end a session for good. */
export class Sessions {
  /** When each of them ends, in the order in which they began. */
  readonly #endsAtMs = new Map<string, number>();

  /** The id of a new session, and how long it lasts in seconds. */
  open(nowMs: number): { id: string; maxAge: number } {
    const [oldest] = this.#endsAtMs.keys();
    if (oldest !== undefined && this.#endsAtMs.size >= MAX_SESSIONS) this.#endsAtMs.delete(oldest);
    const id = randomBytes(24).toString('base64url');
    this.#endsAtMs.set(id, nowMs + SESSION_SECONDS * 1_000);
    return { id, maxAge: SESSION_SECONDS };
  }

  has(id: string | undefined, nowMs: number): boolean {
    return id !== undefined && (this.#endsAtMs.get(id) ?? 0) > nowMs;
  }

  end(id: string | undefined): void {
    if (id !== undefined) this.#endsAtMs.delete(id);
  }
}
