import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { DatabaseConfig } from '../config/config.ts';
import type { Secret } from '../config/secret.ts';
import { refuseCleartextPassword } from './cleartext.ts';
import { socketPath } from './server_name.ts';
import { secured } from './tls.ts';

type Server = Pick<DatabaseConfig, 'hostname' | 'port' | 'tls'>;

/** postgres.js counts from when it has the socket: what is said before that is for us to time. */
const TLS_TIMEOUT_MS = 10_000;

/**
 * The sockets of one pool. The first that closes takes the others with it, and no new one is made: every user of the pool
 * learns that it is lost and opens another.
 *
 * postgres.js by itself connects again, without a word. Then a session is not the one that holds the instance lock any
 * more, and the rest of a transaction runs outside of it, statement by statement (tests/postgres/loss.test.ts). A pool in
 * which one connection failed is also not to be trusted: some of its requests are never answered.
 */
export class Sockets {
  readonly #open = new Set<Socket>();
  readonly #lost = new AbortController();
  #isPasswordRefused = false;

  /** Aborted with an error (fault `lost`) when a socket has closed. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  readonly #refuse = () => void (this.#isPasswordRefused = true);

  /** What postgres.js calls when a server asks for the password; it goes on with what it gets, even when the socket was cut. */
  async revealed(password: Secret): Promise<string> {
    if (this.#isPasswordRefused) await new Promise(() => {});
    return password.reveal();
  }

  /** What postgres.js calls for every connection. Throws the errors of `secured`. */
  async open(server: Server): Promise<Duplex> {
    if (this.lost.aborted) return refusing(this.lost.reason);
    const { tls, hostname, port } = server;
    const path = socketPath(server);
    const raw = path === undefined ? connectSocket({ host: hostname, port, noDelay: true }) : connectSocket({ path });
    this.#watch(raw);
    if (path !== undefined) return raw;
    if (tls === undefined) {
      refuseCleartextPassword(raw, this.#refuse);
      return raw;
    }
    const timer = setTimeout(() => raw.destroy(new ConnectTimeoutError()), TLS_TIMEOUT_MS);
    try {
      await once(raw, 'connect');
      const socket = await secured(raw, tls, hostname);
      if (socket === raw) refuseCleartextPassword(raw, this.#refuse);
      else this.#watch(socket);
      return socket;
    } catch (error) {
      raw.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #watch(socket: Socket): void {
    let cause: Error | undefined;
    socket.on('error', (error: Error) => cause ??= error);
    socket.once('close', () => this.#close(socket, cause));
    this.#open.add(socket);
  }

  /** The pool is about to be closed on purpose: what closes from now on is no loss. */
  letGo(): void {
    this.#open.clear();
  }

  #close(socket: Socket, cause: Error | undefined): void {
    if (!this.#open.has(socket) || this.lost.aborted) return;
    this.#lost.abort(new ConnectionLostError(cause));
    for (const socket of this.#open) socket.destroy(this.lost.reason);
    this.#open.clear();
  }
}

/**
 * In the place of a socket: fails with `reason`, also when nothing is written to it. After a loss with something still to be written
 * postgres.js writes nothing to the next socket, and would wait for it until the time for connecting is over (3.4.9, `nextWriteTimer`).
 */
function refusing(reason: Error): Duplex {
  const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done(reason) });
  setImmediate(() => socket.destroy(reason));
  return socket;
}

/** As that of postgres.js. */
class ConnectTimeoutError extends Error {
  readonly code = 'CONNECT_TIMEOUT';

  constructor() {
    super('the server has not answered in time');
  }
}

/** Named and coded as postgres.js does it, so that it is told from other errors in one way. */
class ConnectionLostError extends Error {
  override name = 'ConnectionLostError';
  readonly code = 'CONNECTION_LOST';

  constructor(cause: Error | undefined) {
    super('the connection to PostgreSQL was lost', { cause });
  }
}

const LOSSES = new WeakMap<object, AbortSignal>();
const NEVER = new AbortController().signal;

export function rememberLoss(sql: object, lost: AbortSignal): void {
  LOSSES.set(sql, lost);
}

/** Aborted when a pool that connect() made has lost a connection. A pool made elsewhere never is. */
export function lossOf(sql: object): AbortSignal {
  return LOSSES.get(sql) ?? NEVER;
}

/** `tx`, until `lost` is aborted; then every statement throws the reason. */
export function refusedAfter<Tx extends object>(lost: AbortSignal, tx: Tx): Tx {
  return new Proxy(tx, {
    apply(target, self, args) {
      lost.throwIfAborted();
      return Reflect.apply(target as never, self, args);
    },
    get(target, key) {
      lost.throwIfAborted();
      return Reflect.get(target, key);
    },
  });
}
