import { getLogger } from '@logtape/logtape';

const logger = getLogger(['immich-sidecar', 'share']);

/** After these times somebody who waits is told. To start takes half a second of two. */
const [FIRST_MS, EVERY_MS] = [1_200, 5_000];

/**
 * Does `work`, which may take a while in a large library before it prints anything, and says so to somebody who sits at a terminal. `what`: words without full
 * stop, as it is at that moment.
 */
export async function stillAtWork<T>(
  what: () => string,
  work: () => Promise<T>,
  say: (what: string) => void = Deno.stderr.isTerminal() ? (what) => logger.info('{what}', { what }) : () => {},
): Promise<T> {
  const again = () => {
    say(what());
    timer = setTimeout(again, EVERY_MS);
  };
  let timer = setTimeout(again, FIRST_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
