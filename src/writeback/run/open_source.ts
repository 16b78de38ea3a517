import type { Config, JobConfig } from '../../config/config.ts';
import { UserError } from '../../errors.ts';
import { isBehindLink } from '../../files/behind_link.ts';
import { PathMap } from '../../files/path_map.ts';
import { ImmichApi } from '../../immich/api/client.ts';
import { identify } from '../../immich/api/server.ts';
import { readInstance } from '../../immich/instance.ts';
import { connect, disconnect } from '../../postgres/connect.ts';
import { Locator, pathRulesOf } from '../locate.ts';
import type { FieldName } from '../fields/fields.ts';
import type { AlbumCache } from '../records/albums.ts';
import { apiSource, keyPermissionsFor } from '../records/api.ts';
import { databaseSource } from '../records/database.ts';
import { sharingByPath } from '../records/sharing.ts';
import type { RecordSource } from '../records/source.ts';

/** Where the records come from and where their files are. */
export interface OpenSource extends AsyncDisposable {
  readonly source: RecordSource;
  readonly locator: Locator;
}

/** Throws UserError when Immich or its database cannot be asked; see identify, connect and databaseSource. */
export async function openSource(
  config: Config,
  fields: readonly FieldName[],
  albums: AlbumCache,
  signal: AbortSignal,
): Promise<OpenSource> {
  return config.write.source === 'database'
    ? await openDatabase(config)
    : await openApi(config, fields, albums, signal);
}

async function openDatabase(config: Config): Promise<OpenSource> {
  const sql = await connect(config.database);
  const close = () => disconnect(sql);
  try {
    const { userIds, batchSize } = config.write;
    const source = await databaseSource(sql, { userIds, batchSize });
    const { mediaLocation } = await readInstance(sql, config.uploadLocationMount);
    return { source, locator: new Locator(pathRulesOf(config, mediaLocation)), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openApi(
  config: Config,
  fields: readonly FieldName[],
  cache: AlbumCache,
  signal: AbortSignal,
): Promise<OpenSource> {
  const { apiKey, url } = config.immich;
  if (apiKey === undefined) {
    throw new UserError('Immich asks for a key, and none is configured.', {
      problemCode: 'immich-no-key',
      remedy: 'Make one in Immich (Account Settings > API Keys) and set IMMICH_API_KEY, or use --source database.',
    });
  }
  const { apiConcurrency, batchSize, albumCache } = config.write;
  const api = new ImmichApi({ url, apiKey, concurrency: apiConcurrency, signal });
  const account = await identify(api, keyPermissionsFor(fields));
  const findSharing = sharingByPath(config, account.userId, linksOnDisk(config));
  return {
    source: apiSource({ api, account, batchSize, albums: { cache, rules: albumCache }, findSharing }),
    locator: new Locator(pathRulesOf(config)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Whether a job places symbolic links, as its placement says, or the disk where that leaves it open. */
function linksOnDisk(config: Config): (job: JobConfig) => boolean {
  const roots = pathRulesOf(config).configured;
  const paths = roots.length === 0 ? undefined : new PathMap(roots);
  return ({ placement, targetPathPrefix }) =>
    placement === 'symlink' ||
    (placement === 'auto' && paths !== undefined && isBehindLink(targetPathPrefix, paths));
}
