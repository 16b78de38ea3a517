import type { Config } from '../config/config.ts';
import type { Secret } from '../config/secret.ts';

/** Shorter secrets, and the password that everybody knows, would black out ordinary words. */
const MIN_LENGTH = 6;
const PUBLIC_SECRETS: ReadonlySet<string> = new Set(['postgres', 'immich']);

/**
 * The last line of defence for secrets: nothing of ours prints them, but the message of a library or of a server might.
 *
 * `@logtape/redaction` (2.3) finds fields by name and text by pattern, in log records only; here the values themselves are known, in three
 * spellings, and results on stdout are redacted as well.
 */
export class Redactor {
  readonly #secrets = new Set<string>();

  add(secret: Secret | undefined): void {
    const value = secret?.reveal();
    if (value === undefined || value.length < MIN_LENGTH || PUBLIC_SECRETS.has(value)) return;
    this.#secrets.add(value);
    this.#secrets.add(JSON.stringify(value).slice(1, -1));
    this.#secrets.add(encodeURIComponent(value));
  }

  /** All secrets of a configuration. */
  addAll({ database, immich, service }: Config): void {
    for (const secret of [database.password, immich.apiKey, service.token]) this.add(secret);
    for (const { path, username, password, query } of service.notify) {
      // A user without a password is a key.
      for (const secret of [path, password ?? username, query]) this.add(secret);
    }
  }

  /** Knows no secrets any more. */
  forget(): void {
    this.#secrets.clear();
  }

  redact(text: string): string {
    let redacted = text;
    // The longest first: one secret may contain another.
    const secrets = [...this.#secrets].sort((a, b) => b.length - a.length);
    for (const secret of secrets) redacted = redacted.replaceAll(secret, '***');
    return redacted;
  }
}
