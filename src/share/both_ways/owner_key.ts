import { getLogger } from '@logtape/logtape';
import type { Config } from '../../config/config.ts';
import { ImmichApi } from '../../immich/api/client.ts';
import { ImmichApiError } from '../../immich/api/failure.ts';
import { isAllowed, readPermissions, readUser } from '../../immich/api/server.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** What takes longer is done by SQL, or in the next cycle. */
const TIMEOUT_MS = 10_000;

/** What a key has to be allowed so that Immich writes into the photos of its owner. */
const NEEDED = 'asset.update';

/** The key that is configured, as far as it is the key of somebody whose photos are to be changed. */
export class OwnerKey {
  #owner: Promise<string | undefined> | undefined;

  constructor(readonly immich: Pick<Config['immich'], 'url' | 'apiKey'>) {}

  /** Immich's API as this user; undefined when the key is another one's, may not change photos, or does not work, which is logged. */
  async of(userId: string, signal: AbortSignal | undefined): Promise<ImmichApi | undefined> {
    const { url, apiKey } = this.immich;
    if (apiKey === undefined) return undefined;
    const api = new ImmichApi({ url, apiKey, concurrency: 1, timeoutMs: TIMEOUT_MS, retries: 1, signal });
    this.#owner ??= ownerOf(api);
    const owner = this.#owner;
    try {
      return await owner === userId ? api : undefined;
    } catch (error) {
      if (this.#owner === owner) this.#owner = undefined; // asked again in the next cycle
      if (!(error instanceof ImmichApiError)) throw error;
      logger.warn('Immich cannot be asked to change originals itself: {reason}', { reason: error.message });
      return undefined;
    }
  }
}

async function ownerOf(api: ImmichApi): Promise<string | undefined> {
  if (!isAllowed(await readPermissions(api), NEEDED)) {
    logger.info('the API key lacks the permission {needed}, so that originals are changed in the database', {
      needed: NEEDED,
    });
    return undefined;
  }
  return (await readUser(api)).id;
}
