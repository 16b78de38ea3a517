import type { PathMap } from '../../files/path_map.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';

/**
 * Why a job selects nothing although there is something that its author may mean: its prefix is a path of this machine, or Immich has one that
 * looks the same. Undefined when photos lie below it, or nothing is like it. Reads only.
 */
export async function misnamedPrefix(
  sql: Sql,
  { sourceUserId, sourcePathPrefix }: Pick<Job, 'sourceUserId' | 'sourcePathPrefix'>,
  paths: PathMap,
): Promise<string | undefined> {
  if (sourcePathPrefix === undefined || await hasPhotosBelow(sql, sourceUserId, sourcePathPrefix)) return undefined;
  const written = JSON.stringify(sourcePathPrefix);
  const inImmich = hostPath(sourcePathPrefix, paths);
  if (
    inImmich !== undefined && (paths.rootOf(sourcePathPrefix.slice(0, -1)) === undefined ||
      await hasPhotosBelow(sql, sourceUserId, inImmich))
  ) {
    return `source_path_prefix: ${written} is a path of this machine; in Immich it is ${
      JSON.stringify(inImmich)
    }, which has to be written here`;
  }
  const alike = await alikePrefix(sql, sourceUserId, sourcePathPrefix);
  if (alike === undefined) return undefined;
  const how = alike.normalize('NFC') === sourcePathPrefix.normalize('NFC')
    ? 'which looks the same and has other characters (accents are composed or not)'
    : 'with other letters, as upper and lower case are different';
  return `source_path_prefix: the source user has no photo below ${written}, but below ${escaped(alike)}, ${how}; ` +
    'copy it as it stands here, in double quotes';
}

/** What a path of this machine, with its slash, is in Immich, where that is another path. */
export function hostPath(prefix: string, paths: PathMap): string | undefined {
  const inImmich = paths.toImmich(prefix.slice(0, -1));
  return inImmich === undefined || `${inImmich}/` === prefix ? undefined : `${inImmich}/`;
}

async function hasPhotosBelow(sql: Sql, ownerId: string, prefix: string): Promise<boolean> {
  const found = await sql`
    SELECT 1
    FROM asset
    WHERE "ownerId" = ${ownerId}
      AND starts_with("originalPath", ${prefix})
    LIMIT 1`;
  return found.length > 0;
}

/** The beginning of a path of the user's that is the same but for the composition of its letters, or their case. */
async function alikePrefix(sql: Sql, ownerId: string, prefix: string): Promise<string | undefined> {
  // To compose the letters of every path takes longest: first those that begin otherwise are left out. A letter before an accent may be one with it.
  const plain = prefix.replace(/.?[^\x20-\x7e].*$|.$/su, '');
  const [found] = await sql<{ path: string }[]>`
    SELECT "originalPath" AS path
    FROM asset
    WHERE "ownerId" = ${ownerId}
      AND CASE
        WHEN lower(left("originalPath", ${plain.length})) = lower(${plain})
          THEN starts_with(lower(normalize("originalPath", NFC)), lower(normalize(${prefix}, NFC)))
        ELSE false
      END
    ORDER BY starts_with(normalize("originalPath", NFC), normalize(${prefix}, NFC)) DESC
    LIMIT 1`;
  return found?.path.split('/').slice(0, prefix.split('/').length - 1).join('/').concat('/');
}

/** As JSON and double quotes of YAML have it, with every letter that does not stand for itself alone as its number. */
function escaped(text: string): string {
  return JSON.stringify(text).replace(/\p{M}/gu, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
