import { once } from 'node:events';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { TlsConfig } from '../config/config.ts';

/** What asks a server for TLS before anything else is said: length and code of an SSLRequest message. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

/** Why there is no TLS. `code` tells it from errors of the network and of certificates, which have codes of their own. */
export class TlsRefusedError extends Error {
  override name = 'TlsRefusedError';
  readonly code = 'TLS_REFUSED';
}

/**
 * A connected socket with TLS in it, as `tls` wants it; the socket itself where `prefer` finds that the server has none. Ours and not that of
 * postgres.js (3.4.9): that takes the listeners off the socket by which a loss is noticed, and speaks TLS to a server that has refused it.
 *
 * Throws TlsRefusedError, and the errors of node:tls about certificates.
 */
export async function secured(raw: Socket, tls: TlsConfig, hostname: string): Promise<Socket> {
  raw.write(SSL_REQUEST);
  const answer = await firstChunk(raw);
  // More than one byte would be something that was put in front of the encrypted part (CVE-2021-23222).
  const isOffered = answer.length === 1 && answer[0] === 'S'.charCodeAt(0);
  if (!isOffered && tls.mode === 'prefer' && answer.length === 1 && answer[0] === 'N'.charCodeAt(0)) return raw;
  if (!isOffered) throw new TlsRefusedError('the server has no TLS');
  const socket = connectTls({ socket: raw, ...identity(hostname), ...verification(tls), ...clientCertificate(tls) });
  await once(socket, 'secureConnect');
  return socket;
}

/** What a certificate has to be for. A name is also told to the server; TLS has no way to tell it an address. */
function identity(hostname: string): ConnectionOptions {
  return isIP(hostname) === 0 ? { servername: hostname } : { host: hostname };
}

function verification({ mode, authorities }: TlsConfig): ConnectionOptions {
  const ca = authorities === undefined ? {} : { ca: authorities };
  switch (mode) {
    case 'prefer':
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-ca':
      return { ...ca, checkServerIdentity: () => undefined };
    case 'verify-full':
      return ca;
  }
}

function clientCertificate({ client }: TlsConfig): ConnectionOptions {
  return client === undefined ? {} : { cert: client.certificate, key: client.key.reveal() };
}

async function firstChunk(socket: Socket): Promise<Uint8Array> {
  const closed = new AbortController();
  const onClose = () => closed.abort(new TlsRefusedError('the server has closed the connection'));
  socket.once('close', onClose);
  try {
    const [chunk] = await once(socket, 'data', { signal: closed.signal });
    return chunk;
  } catch (error) {
    throw closed.signal.aborted ? closed.signal.reason : error;
  } finally {
    socket.off('close', onClose);
  }
}
