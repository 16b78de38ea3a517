import { readdirSync } from 'node:fs';
import { lstatOr } from '../../files/identity.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { View } from '../cycle/tools.ts';
import { lastingDirectory } from '../jobs/placement.ts';
import { asideDirectories, GOING } from '../mirrors/journal.ts';
import { type KeptCount, type KeptFileSince, readKept } from './records.ts';

/** What kept files are looked for with. */
type KeptView = Pick<View, 'jobs' | 'files'>;

/** Of which mirror it was on the way out, its ending, and the name by which it is told from all others. */
const SET_ASIDE = new RegExp(`^\\${GOING}(?:[-0-9a-f]{36})?(\\.[A-Za-z0-9]{1,8})?-([-0-9a-f]{36})$`);

/** All files that wait for a person to decide, oldest first: those that were kept on purpose, and those that were moved aside by mistake. */
export async function findKept(sql: Sql, view: KeptView): Promise<KeptFileSince[]> {
  const all = [...await readKept(sql), ...await findSetAside(sql, view)];
  return all.sort((a, b) => a.keptAt.getTime() - b.keptAt.getTime());
}

/** How many there are of both, and their size. */
export async function countAllKept(sql: Sql, view: KeptView): Promise<KeptCount> {
  const all = await findKept(sql, view);
  return { files: all.length, bytes: all.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/**
 * Files that were on the way out, when it turned out that they were not the ones that were meant (`changed`; Linker.removeAside): somebody has
 * exchanged them, or their directory, just then. Whose they are nobody knows; no table tells of them.
 */
async function findSetAside(sql: Sql, { jobs, files: { paths } }: KeptView): Promise<KeptFileSince[]> {
  const rows = await sql<{ keep: string }[]>`SELECT DISTINCT keep FROM immich_sidecar.link`;
  const keeps = new Set([
    ...rows.map(({ keep }) => keep),
    ...jobs.map((job) => lastingDirectory(job.targetPathPrefix)),
  ]);
  return [...keeps].flatMap(asideDirectories).flatMap((directory) => {
    const local = paths.toLocal(directory);
    return local === undefined ? [] : namesIn(local).flatMap((name): KeptFileSince[] => {
      const [, extension = '', id] = SET_ASIDE.exec(name) ?? [];
      const info = id === undefined ? undefined : lstatOr(`${local}/${name}`, undefined);
      if (id === undefined || info?.isFile !== true) return [];
      return [{
        id,
        path: `${directory}/${name}`,
        photo: null,
        mirrorPath: `${directory}/${id}${extension}`, // under this name it is restored
        sourceAssetId: '',
        targetUserId: '',
        jobName: '',
        bytes: info.size,
        reason: 'set-aside',
        keptAt: info.ctime ?? new Date(0),
      }];
    });
  });
}

/** None where there is no directory; a link is nobody's who works here. */
function namesIn(local: string): string[] {
  try {
    return Deno.lstatSync(local).isDirectory ? readdirSync(local) : [];
  } catch {
    return [];
  }
}
