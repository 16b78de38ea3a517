export const KEYS = Object.freeze({
  enter: '\r',
  down: '\u001b[B',
  up: '\u001b[A',
  ctrlC: '\u0003',
  escape: '\u001b',
  /** Empties the line. */
  clear: '\u0015',
});

const PATIENCE_MS = 180_000;

/** A key that changes nothing on the screen is taken for read after this. */
const REACTION_MS = 1_000;

/** Somebody who reads what is on a screen before he types. */
export class Screen {
  #shown = '';
  #seen = 0;

  /** @param send puts a key into the keyboard */
  constructor(readonly send: (key: string) => void | Promise<void>) {}

  /** What the program writes. */
  show(chunk: string): void {
    this.#shown += chunk.replace(CONTROLS, '');
  }

  /** All that was written so far, without what moves the cursor. */
  get text(): string {
    return this.#shown;
  }

  /** Waits until this is on the screen, after what was waited for before. */
  async sees(wanted: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (true) {
      const found = flat(this.#shown).indexOf(flat(wanted), this.#seen);
      if (found >= 0) {
        this.#seen = found + flat(wanted).length;
        return;
      }
      if (Date.now() > deadline) {
        throw new Error(`${JSON.stringify(wanted)} is not on the screen:\n${this.#shown.slice(-3000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async types(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const before = this.#shown.length;
      await this.send(key);
      // As a person would, who looks before the next one: an escape sequence that comes together with the next key is not understood.
      const deadline = Date.now() + REACTION_MS;
      while (this.#shown.length === before && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** Waits for the question, then answers it. */
  async answers(question: string, ...keys: readonly string[]): Promise<void> {
    // So marked is the one that waits; those that were answered have another sign.
    await this.sees(`◆ ${question}`);
    await this.types(...keys, KEYS.enter);
  }
}

// deno-lint-ignore no-control-regex
const CONTROLS = /\u001b\[[?\d;]*[A-Za-z]|\r/g;

/** Without the bar at the left and the breaks of lines. */
function flat(text: string): string {
  return text.replace(/[\s│|]+/g, ' ');
}
