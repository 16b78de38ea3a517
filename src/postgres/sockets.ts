import { connect as connectSocket, type Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * The sockets of one pool. The first that closes takes the others with it, and no new one is made: whoever uses the pool
 * learns that it is lost and opens another.
 *
 * postgres.js by itself connects again, without a word. Then a session is not the one that holds the instance lock any
 * more, and the rest of a transaction runs outside of it, statement by statement (tests/postgres/loss.test.ts). A pool in
 * which one connection failed is also not to be trusted: some of its requests are never answered.
 */
export class Sockets {
  readonly #open = new Set<Socket>();
  readonly #lost = new AbortController();

  /** Aborted with an error (fault `lost`) when a socket has closed. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** What postgres.js calls for every connection. */
  open(hostname: string, port: number): Duplex {
    if (this.lost.aborted) return refusing(this.lost.reason);
    const socket = connectSocket({ host: hostname, port, noDelay: true });
    let cause: Error | undefined;
    socket.once('error', (error: Error) => cause = error);
    socket.once('close', () => this.#close(socket, cause));
    this.#open.add(socket);
    return socket;
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

/** In the place of a socket: fails with `reason` as soon as something is written to it. */
function refusing(reason: Error): Duplex {
  return new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done(reason) });
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

/** Aborted when a pool that connect() made has lost a connection. A pool of other making never says so. */
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
