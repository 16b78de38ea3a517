import { getLogger } from '@logtape/logtape';
import pRetry from 'p-retry';
import type { ServiceConfig } from '../config/config.ts';
import { messageOf } from '../errors.ts';
import type { Scheduler } from './scheduler.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';

const logger = getLogger(['immich-sidecar', 'service']);

/** A database that restarts makes one or two attempts fail; that is nobody's news. */
const FAILURES_WORTH_TELLING = 3;

/** A service that watches for pings gets one at most so often. */
const PING_PAUSE_MS = 55_000;

const TIMEOUT_MS = 10_000;
const ATTEMPTS = 3;

/** A service that stops does not wait longer than this. */
const LAST_WORDS_MS = 1_000;

/** What somebody is told. `alive` is for services that raise the alarm when they hear nothing. */
export interface News {
  readonly event: 'failure' | 'recovery' | 'brake' | 'written' | 'alive';
  readonly title: string;
  readonly message: string;
}

/** Finds what is news in one snapshot after another. Pure but for what it remembers. */
export class NewsDesk {
  #isTold = false;
  #brakes = new Set<string>();
  #writtenAt: string | undefined;
  #pingedAtMs = -Infinity;

  next(snapshot: Snapshot, nowMs: number): News[] {
    const news: News[] = [];
    const { cycles, brakes, write } = snapshot;
    const lastGood = cycles.findLastIndex(({ outcome }) => outcome !== 'failed');
    const failures = cycles.length - 1 - lastGood;
    const last = cycles.at(-1);
    if (failures >= FAILURES_WORTH_TELLING && !this.#isTold && last !== undefined) {
      this.#isTold = true;
      const { what = '', remedy = '' } = last.error ?? {};
      news.push({ event: 'failure', title: 'Sharing has stopped', message: `${what} ${remedy}`.trim() });
    }
    if (failures === 0 && this.#isTold) {
      this.#isTold = false;
      news.push({ event: 'recovery', title: 'Sharing works again', message: 'The last cycle went well.' });
    }
    for (const { job, mirrors, total } of brakes.filter((brake) => !this.#brakes.has(brake.job))) {
      news.push({
        event: 'brake',
        title: `${job}: action needed`,
        message:
          `${mirrors} of ${total} shared photos would be removed. They are kept until you confirm that this is right: ` +
          'immich-sidecar sync --confirm-withdrawals',
      });
    }
    this.#brakes = new Set(brakes.map(({ job }) => job));
    const written = write?.last;
    if (written !== undefined && !written.interrupted && written.startedAt !== this.#writtenAt) {
      this.#writtenAt = written.startedAt;
      const { written: files, failed } = written.outcomes;
      news.push({
        event: 'written',
        title: 'Write-back has ended',
        message: `${written.assets} files looked at, ${files} written, ${failed} failed.`,
      });
    }
    const isFine = last !== undefined && failures === 0 && brakes.length === 0;
    if (isFine && nowMs - this.#pingedAtMs >= PING_PAUSE_MS) {
      this.#pingedAtMs = nowMs;
      news.push({ event: 'alive', title: 'All is well', message: '' });
    }
    return news;
  }
}

/** The request that tells a service of this kind; undefined when it is not interested. Pure. */
export function requestFor(
  { event, title, message }: News,
  format: NonNullable<ServiceConfig['notify']>['format'],
): { readonly path: string; readonly init: RequestInit } | undefined {
  const post = (body: string, headers: Record<string, string>) => ({ method: 'POST', body, headers });
  switch (format) {
    case 'json': {
      if (event === 'alive') return undefined;
      const body = JSON.stringify({ source: 'immich-sidecar', event, title, message });
      return { path: '', init: post(body, { 'content-type': 'application/json' }) };
    }
    case 'ntfy': {
      if (event === 'alive') return undefined;
      const isUrgent = event === 'failure' || event === 'brake';
      const headers = { 'Title': encodeHeader(title), 'Priority': isUrgent ? 'high' : 'default', 'Tags': event };
      return { path: '', init: post(message, headers) };
    }
    case 'healthchecks':
      if (event === 'written') return undefined;
      return { path: event === 'failure' || event === 'brake' ? '/fail' : '', init: post(`${title}. ${message}`, {}) };
  }
}

/** Tells NOTIFY_URL, again if that fails. Never throws; the address is in no log, as it may hold a key. */
export async function tell(news: News, { url, format }: NonNullable<ServiceConfig['notify']>): Promise<void> {
  const request = requestFor(news, format);
  if (request === undefined) return;
  try {
    await pRetry(async () => {
      const address = new URL(url.reveal());
      address.pathname = address.pathname.replace(/\/$/, '') + request.path;
      const answer = await fetch(address, {
        ...request.init,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`it answered with ${answer.status}`);
    }, { retries: ATTEMPTS - 1, minTimeout: 1_000 });
  } catch (error) {
    const reason = messageOf(error).replaceAll(url.reveal(), 'NOTIFY_URL');
    logger.warn('NOTIFY_URL could not be told of "{title}": {reason}', { title: news.title, reason });
  }
}

/** Headers hold ASCII; ntfy understands RFC 2047 for the rest. */
function encodeHeader(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${new TextEncoder().encode(text).toBase64()}?=`;
}

/** Notifies all configured targets, with the configuration that counts at that moment, until disposed of; then what is on its way is awaited. */
export function startNotifying(scheduler: Scheduler, version: string): AsyncDisposable {
  const desk = new NewsDesk();
  const onTheWay = new Set<Promise<void>>();
  const subscription = scheduler.state.onChange(() => {
    const { notify } = scheduler.config.service;
    if (notify === undefined) return;
    for (const news of desk.next(snapshotOf(scheduler.state, scheduler.config, version), Date.now())) {
      const telling: Promise<void> = tell(news, notify).finally(() => onTheWay.delete(telling));
      onTheWay.add(telling);
    }
  });
  return {
    [Symbol.asyncDispose]: async () => {
      subscription[Symbol.dispose]();
      await Promise.race([Promise.all(onTheWay), new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS))]);
    },
  };
}
