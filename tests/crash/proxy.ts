import type { DatabaseConfig } from '../../src/config/config.ts';

/**
 * What happens to one statement on its way to PostgreSQL:
 * - `cut`: the connection breaks before the statement arrives,
 * - `cut-after`: it breaks when PostgreSQL begins to answer, so that nobody knows whether a COMMIT was one,
 * - `terminate`: an administrator ends the session,
 * - anything else is a SQLSTATE with which PostgreSQL refuses it.
 */
export type Accident = 'cut' | 'cut-after' | 'terminate' | `${number}${string}` | 'XX000';

/** A statement that has come by. */
export interface Statement {
  readonly number: number;
  readonly sql: string;
}

/** Decides what happens to a statement; may take its time, and do something else before the statement goes on. */
export type Plan = (statement: Statement) => Accident | undefined | Promise<undefined>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Stands between the program and PostgreSQL, speaks nothing itself, and lets accidents happen to statements by their number.
 * Errors are PostgreSQL's own: instead of the statement it is given one that fails.
 */
export class Proxy implements AsyncDisposable {
  #listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  readonly #port = (this.#listener.addr as Deno.NetAddr).port;
  #accepting: Promise<void>;
  readonly #lines = new Set<Line>();
  #plan: Plan = () => undefined;
  #statements: Statement[] = [];
  #hit: Statement[] = [];

  constructor(readonly server: DatabaseConfig) {
    this.#accepting = this.#accept();
  }

  /** How the program reaches PostgreSQL through here. */
  get config(): DatabaseConfig {
    return { ...this.server, hostname: '127.0.0.1', port: this.#port };
  }

  /** Statements count from 1 again; `plan` says what happens to which. */
  begin(plan: Plan = () => undefined): void {
    this.#plan = plan;
    this.#statements = [];
    this.#hit = [];
  }

  get statements(): readonly Statement[] {
    return this.#statements;
  }

  /** To which accidents have happened. */
  get hit(): readonly Statement[] {
    return this.#hit;
  }

  /** As when PostgreSQL stops: every connection breaks, and new ones are refused. */
  async down(): Promise<void> {
    this.#listener.close();
    for (const line of this.#lines) line.cut();
    await this.#accepting;
  }

  up(): void {
    this.#listener = Deno.listen({ hostname: '127.0.0.1', port: this.#port });
    this.#accepting = this.#accept();
  }

  /** Called by a line for every statement. */
  async note(sql: string): Promise<Accident | undefined> {
    const statement = { number: this.#statements.length + 1, sql: sql.replaceAll(/\s+/g, ' ').trim() };
    this.#statements.push(statement);
    const accident = await this.#plan(statement);
    if (accident !== undefined) this.#hit.push(statement);
    return accident;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  async #accept(): Promise<void> {
    const running: Promise<void>[] = [];
    for await (const client of this.#listener) {
      const server = await Deno.connect({ hostname: this.server.hostname, port: this.server.port });
      // Else every small message waits for the acknowledgement of the one before.
      for (const end of [client, server]) end.setNoDelay(true);
      const line = new Line(this, client, server);
      this.#lines.add(line);
      running.push(line.run().finally(() => this.#lines.delete(line)));
    }
    await Promise.all(running);
  }
}

/** One connection. Messages are those of PostgreSQL's protocol 3.0: a letter, a length, and the rest. */
class Line {
  readonly #names = new Map<string, string>();
  #isInStatement = false;
  #isSwallowing = false;
  #isCutAtAnswer = false;

  constructor(readonly proxy: Proxy, readonly client: Deno.Conn, readonly server: Deno.Conn) {}

  async run(): Promise<void> {
    // One way may fail while the other waits for ever: a client that was reset has left a session of the server behind.
    const ways = [this.#clientToServer(), this.#serverToClient()];
    await Promise.all(ways.map((way) => way.catch(() => {}).finally(() => this.cut())));
  }

  cut(): void {
    for (const end of [this.client, this.server]) {
      try {
        end.close();
      } catch {
        // already closed
      }
    }
  }

  async #serverToClient(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    while (true) {
      const read = await this.server.read(buffer);
      if (read === null || this.#isCutAtAnswer) return this.cut();
      await writeAll(this.client, buffer.subarray(0, read));
    }
  }

  async #clientToServer(): Promise<void> {
    let pending = new Uint8Array();
    let isStarted = false;
    const buffer = new Uint8Array(65_536);
    while (true) {
      const read = await this.client.read(buffer);
      if (read === null) return this.cut();
      pending = concat(pending, buffer.subarray(0, read));
      while (true) {
        // The first message has no letter.
        const header = isStarted ? 1 : 0;
        if (pending.length < header + 4) break;
        const length = header + new DataView(pending.buffer, pending.byteOffset).getUint32(header);
        if (pending.length < length) break;
        const message = pending.slice(0, length);
        pending = pending.slice(length);
        if (isStarted) await this.#message(message);
        else await writeAll(this.server, message);
        isStarted = true;
      }
    }
  }

  async #message(message: Uint8Array<ArrayBuffer>): Promise<void> {
    const kind = String.fromCharCode(message[0] ?? 0);
    const sql = this.#sqlOf(kind, message);
    const isStatement = kind === 'Q' || (!this.#isInStatement && (kind === 'P' || kind === 'B'));
    if (isStatement && !this.#isSwallowing) {
      this.#isInStatement = kind !== 'Q';
      const accident = await this.proxy.note(sql);
      if (accident === 'cut') return this.cut();
      if (accident === 'cut-after') this.#isCutAtAnswer = true;
      else if (accident !== undefined) {
        this.#isSwallowing = kind !== 'Q';
        return await writeAll(this.server, query(failing(accident, sql)));
      }
    }
    if (kind === 'S') this.#isInStatement = false;
    if (!this.#isSwallowing) await writeAll(this.server, message);
    // What belongs to a statement that was replaced ends with a Sync; the answer to that one has already been given.
    if (kind === 'S') this.#isSwallowing = false;
  }

  /** The text of a simple query, of a statement to prepare, or of the prepared one that is run. */
  #sqlOf(kind: string, message: Uint8Array): string {
    const text = (start: number) => decoder.decode(message.subarray(start, message.indexOf(0, start)));
    if (kind === 'Q') return text(5);
    if (kind === 'P') {
      const name = text(5);
      const sql = text(message.indexOf(0, 5) + 1);
      this.#names.set(name, sql);
      return sql;
    }
    return kind === 'B' ? this.#names.get(text(message.indexOf(0, 5) + 1)) ?? '' : '';
  }
}

/** A statement that fails in this way. A COMMIT that fails ends its transaction too. */
function failing(accident: Accident, sql: string): string {
  if (accident === 'terminate') return 'SELECT pg_terminate_backend(pg_backend_pid())';
  const raise = `DO $$ BEGIN RAISE EXCEPTION 'an accident' USING ERRCODE = '${accident}'; END $$`;
  return /^\s*commit\s*$/i.test(sql) ? `ROLLBACK; ${raise}` : raise;
}

function query(sql: string): Uint8Array<ArrayBuffer> {
  const text = encoder.encode(sql);
  const message = new Uint8Array(text.length + 6);
  message[0] = 'Q'.charCodeAt(0);
  new DataView(message.buffer).setUint32(1, text.length + 5);
  message.set(text, 5);
  return message;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await to.write(bytes.subarray(written));
}
