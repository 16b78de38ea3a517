import type { NotifyEvent, NotifyTarget } from '../../config/notify.ts';

/** What somebody is told. `alive` is for services that raise the alarm when they hear nothing; `test` is what a person asked for. */
export interface News {
  readonly event: NotifyEvent | 'alive' | 'test';
  readonly title: string;
  readonly message: string;
}

/** What wants a person soon. */
export function isUrgent({ event }: News): boolean {
  return event === 'failure' || event === 'brake';
}

/** One kind of service: a new one is a file with this, and a line in services.ts. */
export interface Service {
  /** Whether it wants to hear of it at all, beside the events that somebody chose. */
  wants?(news: News): boolean;
  /** Tells it. Throws when it did not take it; what is thrown is shown without anything secret. */
  send(news: News, target: NotifyTarget, signal: AbortSignal): Promise<void>;
}
