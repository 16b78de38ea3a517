import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';

/** Type of a message, and a code in it, of PostgreSQL's protocol 3. */
const AUTHENTICATION = 'R'.charCodeAt(0);
const CLEARTEXT_PASSWORD = 3;

/** Type and length of a message, and the code of one about authentication. The length counts itself. */
const [TYPE_BYTES, LENGTH_BYTES, CODE_BYTES] = [1, 4, 4];

/** A server wants the password as it is, where others could read it. */
export class CleartextPasswordError extends Error {
  override name = 'CleartextPasswordError';
  readonly code = 'CLEARTEXT_PASSWORD';
}

/**
 * Cuts a connection whose server asks for a cleartext password, before postgres.js hears of it, and calls `onRefusal` before that. Anybody on
 * the way can ask for it, and at any time: postgres.js (3.4.9) also answers when it has been let in long since.
 */
export function refuseCleartextPassword(socket: Socket, onRefusal: () => void): void {
  /** Of a message whose begin is not all there yet; a few bytes. */
  let begun = Buffer.alloc(0);
  /** Where the next message begins, counted from the next chunk. */
  let at = 0;
  socket.on('data', (chunk: Buffer) => {
    const bytes = begun.length === 0 ? chunk : Buffer.concat([begun, chunk]);
    while (at + TYPE_BYTES + LENGTH_BYTES <= bytes.length) {
      if (bytes[at] === AUTHENTICATION) {
        if (at + TYPE_BYTES + LENGTH_BYTES + CODE_BYTES > bytes.length) break;
        if (bytes.readUInt32BE(at + TYPE_BYTES + LENGTH_BYTES) === CLEARTEXT_PASSWORD) {
          onRefusal();
          socket.destroy(new CleartextPasswordError('the server asks for a cleartext password'));
          return;
        }
      }
      at += TYPE_BYTES + bytes.readUInt32BE(at + TYPE_BYTES);
    }
    begun = Buffer.from(bytes.subarray(Math.min(at, bytes.length))); // a copy: the chunk is not kept for it
    at = Math.max(0, at - bytes.length);
  });
}
