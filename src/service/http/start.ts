import { getLogger } from '@logtape/logtape';
import type { ServiceConfig } from '../../config/config.ts';
import { actionsOf } from '../actions.ts';
import type { Scheduler } from '../scheduler.ts';
import { snapshotOf } from '../snapshot.ts';
import { httpApp } from './app.ts';
import { listen, type Listening } from './listen.ts';

const logger = getLogger(['immich-sidecar', 'http']);

/** Answers HTTP about a scheduler; undefined when that is turned off. Throws UserError when the address cannot be used. */
export async function startHttp(
  scheduler: Scheduler,
  { http, token, allowedHosts }: ServiceConfig,
  version: string,
): Promise<Listening | undefined> {
  if (http.port === 0) return undefined;
  const served = {
    snapshot: () => snapshotOf(scheduler.state, scheduler.config, version),
    onChange: (listener: () => void) => scheduler.state.onChange(listener),
    actions: actionsOf(scheduler),
  };
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
