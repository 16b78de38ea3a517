import type { ServiceConfig } from '../../config/config.ts';
import { actionsOf } from '../actions.ts';
import type { Scheduler } from '../scheduler.ts';
import { snapshotOf } from '../snapshot.ts';
import { httpApp } from './app.ts';
import { listen, type Listening } from './listen.ts';

/** Answers HTTP about a scheduler; undefined when that is turned off. Throws UserError when the address cannot be used. */
export async function startHttp(
  scheduler: Scheduler,
  { http, token }: ServiceConfig,
  version: string,
): Promise<Listening | undefined> {
  if (http.port === 0) return undefined;
  const served = {
    snapshot: () => snapshotOf(scheduler.state, scheduler.config, version),
    onChange: (listener: () => void) => scheduler.state.onChange(listener),
    actions: actionsOf(scheduler),
  };
  return await listen(httpApp(served, token), http);
}
