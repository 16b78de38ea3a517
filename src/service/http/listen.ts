import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { hostAndPort } from '../../config/hosts.ts';
import { NotNowError, UserError } from '../../errors.ts';

/** Far below the number of files that a process may open, so that nobody can take the database's connection away. */
const MOST_CONNECTIONS = 500;

/** A client that has not sent its request by then is not a browser. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 15_000;
const KEEP_ALIVE_MS = 5_000;

export interface Listening extends AsyncDisposable {
  readonly url: string;
}

/**
 * Answers HTTP until disposed of. Node's server rather than Deno's own, as that one knows no limits on connections and slow
 * requests (measured with Deno 2.9).
 *
 * Throws UserError when the address cannot be used.
 */
export async function listen(
  app: Hono,
  { hostname, port }: { readonly hostname: string; readonly port: number },
): Promise<Listening> {
  const server = createServer({ connectionsCheckingInterval: 2_000 }, getRequestListener(app.fetch));
  server.maxConnections = MOST_CONNECTIONS;
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(unusable(error, hostname, port)));
    server.listen(port, hostname, resolve);
  });
  const address = server.address();
  const realPort = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${hostAndPort({ hostname, port: realPort })}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function unusable(error: Error & { readonly code?: string }, hostname: string, port: number): UserError {
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program uses it',
    EACCES: 'this user may not use it',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'there is no such host',
  };
  const message = `HTTP cannot be answered at ${hostAndPort({ hostname, port })}: ${
    why[error.code ?? ''] ?? error.message
  }.`;
  const remedy = 'Set HTTP_HOST and HTTP_PORT to a free address, or HTTP_PORT=0 to do without.';
  // The other program may end, and the address may be given to this machine a moment later: a supervisor tries again.
  const mayPass = error.code === 'EADDRINUSE' || error.code === 'EADDRNOTAVAIL';
  return new (mayPass ? NotNowError : UserError)(message, { problemCode: 'http-address', remedy, cause: error });
}
