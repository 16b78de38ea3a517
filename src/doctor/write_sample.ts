import { existsSync } from 'node:fs';
import { type Config, isSharing } from '../config/config.ts';
import type { ImmichApi } from '../immich/api/client.ts';
import { searchAssets } from '../immich/api/search.ts';
import { isAllowed, type ServerVersion, versionText } from '../immich/api/server.ts';
import type { ImmichInstance } from '../immich/instance.ts';
import { isPresentMedia } from '../immich/presence.ts';
import type { ImmichSchema } from '../immich/schema.ts';
import type { Connection, Fragment, Sql } from '../postgres/connect.ts';
import { LEDGER_NAME } from '../writeback/ledger/open.ts';
import { type Located, Locator, pathRulesOf } from '../writeback/locate.ts';
import type { Directory } from './directories.ts';
import { NotLookedAt } from './finding.ts';
import type { Need } from './need.ts';

/** An original that write-back would write into. */
export interface SampledOriginal {
  readonly immichPath: string;
  readonly located: Located;
}

/** What of the subject it takes. */
interface Sources {
  readonly config: Need<Config>;
  readonly directories: Need<readonly Directory[]>;
  readonly sql: Need<Connection>;
  readonly schema: Need<ImmichSchema>;
  readonly instance: Need<ImmichInstance>;
  readonly api: Need<ImmichApi>;
  readonly server: Need<ServerVersion>;
  readonly permissions: Need<readonly string[]>;
}

/** Some originals from where write-back reads. */
export interface Samples {
  readonly originals: readonly SampledOriginal[];
  readonly locator: Locator;
  /** Whether any original was uploaded, and does not lie in an external library. */
  readonly hasUploads: boolean;
  /** Of Immich. */
  readonly version: string;
}

const SAMPLE = 50;

/** Whether anybody means to write into files. */
export function isSetUp(config: Config): boolean {
  const { immich, write } = config;
  const isPossible = immich.apiKey !== undefined || write.source === 'database';
  // Where something is shared, a key may be there for setup, doctor and libraries alone.
  return (isPossible && (write.isMentioned || !isSharing(config))) ||
    existsSync(`${write.stateDirectory}/${LEDGER_NAME}`);
}

/** Throws NotLookedAt unless anybody means to write into files. */
export function assertSetUp(config: Config): void {
  if (isSetUp(config)) return;
  throw new NotLookedAt(
    config.immich.apiKey === undefined
      ? 'Write-back is not set up: there is no API key, and WRITE_SOURCE is not database.'
      : 'Write-back is not set up: no setting of it is there (WRITE_TO, WRITE_SCHEDULE), and nothing was written yet.',
  );
}

/** Some originals, from the database or the API, as write-back would read them. Throws NotLookedAt. */
export async function sampleOriginals(subject: Sources): Promise<Samples> {
  const config = await subject.config.use();
  assertSetUp(config);
  const directories = await subject.directories.orNothing() ?? [];
  if (directories.some(({ answers }) => !answers)) throw new NotLookedAt('A directory does not answer.');
  return config.write.source === 'database' ? await fromDatabase(subject, config) : await fromApi(subject, config);
}

async function fromDatabase(subject: Sources, config: Config): Promise<Samples> {
  await subject.schema.use();
  const { version, mediaLocation } = await subject.instance.use();
  const locator = new Locator(pathRulesOf(config, mediaLocation));
  const [sql, { userIds }] = [await subject.sql.use(), config.write];
  const originals = (await readRandom(sql, userIds)).map((immichPath) => ({
    immichPath,
    located: locator.locate(immichPath),
  }));
  return { originals, locator, version, hasUploads: await hasUploads(sql, userIds) };
}

async function readRandom(sql: Sql, userIds: readonly string[]): Promise<string[]> {
  const rows = await sql<{ path: string }[]>`
    SELECT a."originalPath" AS path
    FROM asset a
    WHERE ${isWritten(sql, userIds)}
    ORDER BY random()
    LIMIT ${SAMPLE}`;
  return rows.map(({ path }) => path);
}

async function hasUploads(sql: Sql, userIds: readonly string[]): Promise<boolean> {
  const rows = await sql`SELECT FROM asset a WHERE ${isWritten(sql, userIds)} AND a."libraryId" IS NULL LIMIT 1`;
  return rows.length > 0;
}

/** What write-back looks at, of the rows `a` of `asset`. */
function isWritten(sql: Sql, userIds: readonly string[]): Fragment {
  return sql`(
    ${isPresentMedia(sql, 'a')}
    AND (${userIds.length === 0} OR a."ownerId" = ANY (${userIds as string[]}::uuid[]))
  )`;
}

async function fromApi(subject: Sources, config: Config): Promise<Samples> {
  if (!isAllowed(await subject.permissions.use(), 'asset.read')) {
    throw new NotLookedAt('The API key may not read assets.');
  }
  const [api, version] = [await subject.api.use(), await subject.server.use()];
  const locator = new Locator(pathRulesOf(config));
  for await (
    const page of searchAssets(api, { visibility: 'timeline' }, { version, size: SAMPLE, withDetails: false })
  ) {
    const present = page.filter(({ isOffline, isTrashed }) => !isOffline && !isTrashed);
    return {
      originals: present.map(({ originalPath }) => ({
        immichPath: originalPath,
        located: locator.locate(originalPath),
      })),
      locator,
      version: versionText(version),
      hasUploads: present.some(({ libraryId }) => !libraryId),
    };
  }
  return { originals: [], locator, version: versionText(version), hasUploads: false };
}
