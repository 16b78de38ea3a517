/**
 * A password or key that cannot be printed by accident: it shows as `***` in strings, JSON, `console.log` and
 * error messages. `reveal()` is called only where the value is handed to the database or to Immich.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [Symbol.for('Deno.customInspect')](): string {
    return '***';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '***';
  }
}
