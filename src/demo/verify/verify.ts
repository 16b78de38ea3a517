import type { Config } from '../../config/config.ts';
import type { Sql } from '../../postgres/connect.ts';
import { demoPaths } from '../roots.ts';
import { checkNothingLeftToCompute, checkPrivacy } from './account.ts';
import { verifyFiles } from './files.ts';
import type { Damage } from './finding.ts';
import { checkPeople } from './people.ts';
import { checkRows } from './rows.ts';
import { checkStacks } from './stacks.ts';

export type { Damage } from './finding.ts';

/**
 * Checks all mirrors in a database against their sources, row by row and file by file, independently of how they were made:
 * every column equal but for those that must differ, every path on disk and the source's own inode, people and privacy right,
 * nothing left for Immich to compute. Reads only. Returns what is wrong; empty when all is well.
 */
export async function verifyMirrors(sql: Sql, { config }: { readonly config: Config }): Promise<Damage[]> {
  const paths = demoPaths(config);
  return [
    ...await checkPrivacy(sql),
    ...await checkRows(sql),
    ...await checkStacks(sql),
    ...await checkPeople(sql, paths),
    ...await checkNothingLeftToCompute(sql),
    ...await verifyFiles(sql, paths, [
      ...config.jobs.map((job) => job.targetPathPrefix),
      ...config.sharedAlbums?.directories ?? [],
    ]),
  ];
}
