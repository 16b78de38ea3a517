import type { Socket } from 'node:net';

/** Type of a message, and the codes in it, of PostgreSQL's protocol 3. */
const AUTHENTICATION = 'R'.charCodeAt(0);
const OK = 0;
const CLEARTEXT_PASSWORD = 3;

/** A server wants the password as it is, where others could read it. */
export class CleartextPasswordError extends Error {
  override name = 'CleartextPasswordError';
  readonly code = 'CLEARTEXT_PASSWORD';
}

/**
 * Cuts a connection whose server asks for a cleartext password, before postgres.js hears of it, and calls `onRefusal` before that. Anybody on
 * the way can ask for it.
 */
export function refuseCleartextPassword(socket: Socket, onRefusal: () => void): void {
  let pending = new Uint8Array();
  const look = (chunk: Uint8Array) => {
    pending = Uint8Array.of(...pending, ...chunk);
    while (pending.length >= 5) {
      const view = new DataView(pending.buffer);
      const end = 1 + view.getUint32(1);
      if (pending.length < end) return;
      const code = pending[0] === AUTHENTICATION && end >= 9 ? view.getUint32(5) : undefined;
      if (code === OK || code === CLEARTEXT_PASSWORD) socket.off('data', look);
      if (code === OK) return;
      if (code === CLEARTEXT_PASSWORD) {
        onRefusal();
        socket.destroy(new CleartextPasswordError('the server asks for a cleartext password'));
        return;
      }
      pending = pending.slice(end);
    }
  };
  socket.on('data', look);
}
