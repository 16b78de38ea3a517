import { getLogger } from '@logtape/logtape';
import pRetry from 'p-retry';
import { type NotifyTarget, queryOf } from '../../config/notify.ts';
import { messageOf } from '../../errors.ts';
import type { News } from './service.ts';
import { SERVICES } from './services.ts';

const logger = getLogger(['immich-sidecar', 'service']);

const TIMEOUT_MS = 10_000;
const ATTEMPTS = 3;

/** Whether a target is to hear of this: somebody chose the event, and the service makes sense of it. Pure. */
export function isWanted(news: News, { service, events }: NotifyTarget): boolean {
  const isService = SERVICES[service].wants?.(news) ?? news.event !== 'alive';
  const isChosen = news.event === 'test' || news.event === 'alive' || events.includes(news.event);
  return isService && isChosen;
}

/**
 * Tells one target, again if that fails. Never throws; returns why it could not be told, undefined when it was. Nothing secret of its address
 * is in that, nor in the log.
 */
export async function tell(news: News, target: NotifyTarget, attempts = ATTEMPTS): Promise<string | undefined> {
  try {
    await pRetry(
      () => SERVICES[target.service].send(news, target, AbortSignal.timeout(TIMEOUT_MS)),
      { retries: attempts - 1, minTimeout: 1_000 },
    );
    return undefined;
  } catch (error) {
    const reason = withoutSecrets(reasonOf(error), target);
    logger.warn('{who} could not be told of "{title}": {reason}', { who: target.label, title: news.title, reason });
    return reason;
  }
}

/** "fetch failed" says nothing; what has caused it does. */
function reasonOf(error: unknown): string {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  const reason = messageOf(cause);
  return /certificate/i.test(reason)
    ? 'its certificate is not trusted; DENO_CERT names the certificate of your own authority'
    : reason;
}

/** What libraries and servers say may quote the address, or parts of it. */
function withoutSecrets(reason: string, target: NotifyTarget): string {
  return secretsOf(target).reduce(
    (text, secret) => text.replaceAll(secret, '***'),
    reason.replace(/\bhttps?:\/\/[^\s)"']+/g, '***'),
  );
}

/** Shorter ones would black out ordinary words; a whole path is known by then as part of an address. */
const MIN_LENGTH = 4;

/** Everything in an address that may be a key, the longest first, as it was written and as it is sent. */
function secretsOf(target: NotifyTarget): string[] {
  const [path, user] = [target.path.reveal(), target.username?.reveal() ?? ''];
  const parts = [path, ...path.split('/'), target.password?.reveal() ?? '', user, ...Object.values(queryOf(target))];
  const spellings = parts.filter((part) => part.length >= MIN_LENGTH).flatMap((
    part,
  ) => [part, encodeURIComponent(part)]);
  return [...new Set(spellings)].sort((a, b) => b.length - a.length);
}
