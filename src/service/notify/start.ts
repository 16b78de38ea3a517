import type { Config } from '../../config/config.ts';
import type { Scheduler } from '../scheduler.ts';
import { snapshotOf } from '../snapshot.ts';
import { NewsDesk } from './news_desk.ts';
import { isWanted, tell } from './tell.ts';

/** A service that stops does not wait longer than this. */
const LAST_WORDS_MS = 1_000;

/** Notifies all configured targets, with the configuration that counts at that moment, until disposed of; then what is on its way is awaited. */
export function startNotifying(scheduler: Scheduler, version: string): AsyncDisposable {
  const desk = new NewsDesk();
  const onTheWay = new Set<Promise<unknown>>();
  const subscription = scheduler.state.onChange(() => {
    const { notify } = scheduler.config.service;
    if (notify.length === 0) return;
    for (const news of desk.next(snapshotOf(scheduler.state, scheduler.config, version), Date.now())) {
      for (const target of notify.filter((one) => isWanted(news, one))) {
        const telling: Promise<unknown> = tell(news, target).finally(() => onTheWay.delete(telling));
        onTheWay.add(telling);
      }
    }
  });
  return {
    [Symbol.asyncDispose]: async () => {
      subscription[Symbol.dispose]();
      await Promise.race([Promise.all(onTheWay), new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS))]);
    },
  };
}

/** Sends a test message to everybody who is to be told; what came of each, in the order of the configuration. Never throws. */
export async function tellAll(
  { service }: Config,
): Promise<readonly { readonly who: string; readonly problem: string | undefined }[]> {
  const news = {
    event: 'test',
    title: 'immich-sidecar: a test',
    message: 'If you read this, you will be told when something happens.',
  } as const;
  return await Promise.all(
    service.notify.map(async (target) => ({ who: target.label, problem: await tell(news, target, 1) })),
  );
}
