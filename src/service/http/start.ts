import { getLogger } from '@logtape/logtape';
import type { ServiceConfig } from '../../config/config.ts';
import { httpApp, type Served } from './app.ts';
import { listen, type Listening } from './listen.ts';

const logger = getLogger(['immich-sidecar', 'http']);

/** Answers HTTP; undefined when that is turned off. Throws UserError when the address cannot be used. */
export async function startHttp(
  served: Served,
  { http, token, allowedHosts }: ServiceConfig,
): Promise<Listening | undefined> {
  if (http.port === 0) return undefined;
  const listening = await listen(httpApp(served, { token, allowedHosts }), http);
  if (token === undefined && !isLoopback(http.hostname)) {
    logger.warn(
      'HTTP at {url} answers everybody who can reach it: they see the names of users and shares, and counts. Set HTTP_TOKEN, so that you can ' +
        'sign in and see the rest, or HTTP_HOST=127.0.0.1, so that only this machine can reach it.',
      { url: listening.url },
    );
  }
  return listening;
}

function isLoopback(hostname: string): boolean {
  return hostname === '::1' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
