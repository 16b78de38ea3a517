import { existsSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { ImmichApi } from '../../immich/api/client.ts';
import { identify } from '../../immich/api/server.ts';
import { connect, disconnect, type Sql } from '../../postgres/connect.ts';
import { Ledger } from '../ledger/ledger.ts';
import { LEDGER_NAME } from '../ledger/open.ts';
import { LazyWriter } from '../open_writer.ts';
import { openSource } from '../run/open_source.ts';
import { findNamesAsTags, KEYWORD_FIELDS, type NameAsTag } from './find.ts';
import { takeOffByApi, takeOffInDatabase } from './take_off.ts';

export interface NamesAsTags {
  readonly tags: readonly NameAsTag[];
  /** When we wrote into a file for the first time; undefined when we never did. */
  readonly since: string | undefined;
}

/** How many tags of photos were taken off. */
export interface TakenOff {
  /** Through its API, of photos of the key's owner. */
  readonly byImmich: number;
  readonly inDatabase: number;
}

/**
 * What Immich has taken for tags though we have written it as names of people and albums. Looks at every photo that has tags; changes nothing.
 *
 * Throws RefusedError when a run is at work, UserError when Immich or its database cannot be asked.
 */
export async function listNamesAsTags(config: Config, signal: AbortSignal): Promise<NamesAsTags> {
  const { stateDirectory } = config.write;
  if (!existsSync(`${stateDirectory}/${LEDGER_NAME}`)) return { tags: [], since: undefined };
  using ledger = Ledger.openToLook(stateDirectory);
  await using opened = await openSource(config, KEYWORD_FIELDS, ledger.albums, signal);
  await using writer = new LazyWriter(config.write, KEYWORD_FIELDS, undefined);
  const { source, locator } = opened;
  return {
    tags: await findNamesAsTags({ source, locator, ledger, writer }, signal),
    since: ledger.runs.firstStart(),
  };
}

/** What a key must be allowed to take tags off, in Immich's words. */
const PERMISSIONS: readonly string[] = Object.freeze(['user.read', 'tag.read', 'tag.asset']);

/**
 * Takes these tags off their photos: through Immich's API where these are the key's owner's, so that Immich writes its sidecars, else in its database.
 *
 * Throws UserError when the key lacks a permission, or Immich or its database cannot be asked.
 */
export async function takeOffNames(
  config: Config,
  { tags, since }: NamesAsTags,
  signal: AbortSignal,
): Promise<TakenOff> {
  const { url, apiKey } = config.immich;
  const api = apiKey === undefined
    ? undefined
    : new ImmichApi({ url, apiKey, concurrency: config.write.apiConcurrency, signal });
  const userId = api && (await identify(api, () => PERMISSIONS)).userId;
  if (config.write.source === 'api') {
    return { byImmich: api === undefined ? 0 : await takeOffByApi(api, tags), inDatabase: 0 };
  }
  const sql = await connect(config.database);
  try {
    const own = userId === undefined ? new Set() : await photosOf(sql, userId, tags);
    const [ofKey, others] = [true, false].map((isOwn) =>
      tags.flatMap(({ tag, photos }) => {
        const some = photos.filter(({ assetId }) => own.has(assetId) === isOwn);
        return some.length === 0 ? [] : [{ tag, photos: some }];
      })
    );
    return {
      byImmich: api === undefined ? 0 : await takeOffByApi(api, ofKey ?? []),
      inDatabase: await takeOffInDatabase(sql, others ?? [], since ?? new Date().toISOString()),
    };
  } finally {
    await disconnect(sql);
  }
}

/** Those of these photos that are this user's. */
async function photosOf(sql: Sql, userId: string, tags: readonly NameAsTag[]): Promise<ReadonlySet<string>> {
  const ids = [...new Set(tags.flatMap(({ photos }) => photos.map(({ assetId }) => assetId)))];
  const rows = await sql<{ id: string }[]>`
    SELECT id FROM asset WHERE id = ANY (${ids}::uuid[]) AND "ownerId" = ${userId}`;
  return new Set(rows.map(({ id }) => id));
}
