import { createHash } from 'node:crypto';
import type { PathMap } from '../../files/path_map.ts';
import { isBelow } from '../../files/path_map.ts';
import type { Sql } from '../../postgres/connect.ts';
import { columnsOf, type Damage, findings } from './finding.ts';

interface FilePair {
  readonly id: string;
  readonly kind: string;
  readonly source: string;
  readonly mirror: string;
}

/** Looks at every file that a mirror names, and for files that none does. */
export async function verifyFiles(sql: Sql, paths: PathMap, targetPrefixes: readonly string[]): Promise<Damage[]> {
  const pairs = await readPairs(sql);
  const found = pairs.flatMap((pair) => judgeLink(pair, paths));
  found.push(...await checkOriginals(sql, paths));
  found.push(...await checkStrays(sql, paths, targetPrefixes));
  return found;
}

async function readPairs(sql: Sql): Promise<FilePair[]> {
  const columns = await columnsOf(sql, 'asset');
  const fileColumns = await columnsOf(sql, 'asset_file');
  const isEdited = fileColumns.has('isEdited') ? sql`AND source."isEdited" = mirror."isEdited"` : sql``;
  const files = await sql<FilePair[]>`
    SELECT m.mirror_asset_id AS id, mirror.type AS kind, source.path AS source, mirror.path AS mirror
    FROM immich_sidecar.asset_map m
    JOIN asset_file mirror ON mirror."assetId" = m.mirror_asset_id
    JOIN asset_file source ON source."assetId" = m.source_asset_id AND source.type = mirror.type ${isEdited}`;
  const fromColumn = async (column: string) =>
    columns.has(column)
      ? await sql<FilePair[]>`
          SELECT m.mirror_asset_id AS id, ${column} AS kind, source.${sql(column)} AS source, mirror.${
        sql(column)
      } AS mirror
          FROM immich_sidecar.asset_map m
          JOIN asset mirror ON mirror.id = m.mirror_asset_id
          JOIN asset source ON source.id = m.source_asset_id
          WHERE coalesce(source.${sql(column)}, '') <> ''`
      : [];
  return [
    ...files,
    ...await fromColumn('originalPath'),
    ...await fromColumn('sidecarPath'),
    ...await fromColumn('encodedVideoPath'),
  ];
}

/** A mirror's file is there, and it is the source's: the same inode, or the same file behind a symbolic link. */
function judgeLink({ id, kind, source, mirror }: FilePair, paths: PathMap): Damage[] {
  const subject = [{ id, detail: mirror }];
  if (source === mirror) return findings('asset', `${kind} has the source's own path`, subject);
  const [from, to] = [statOf(paths.toLocal(source)), statOf(paths.toLocal(mirror))];
  if (to === undefined) return findings('asset', `${kind} is not on disk`, subject);
  if (from === undefined || from.ino !== to.ino || from.dev !== to.dev) {
    return findings('asset', `${kind} is not the source's file`, subject);
  }
  const isLink = Deno.realPathSync(paths.toLocal(mirror) ?? '') === Deno.realPathSync(paths.toLocal(source) ?? '');
  return isLink || (to.nlink ?? 0) >= 2 ? [] : findings('asset', `${kind} has one link only`, subject);
}

async function checkOriginals(sql: Sql, paths: PathMap): Promise<Damage[]> {
  const rows = await sql<{ id: string; path: string; checksum: string; modified: Date; isMotion: boolean }[]>`
    SELECT
      a.id, a."originalPath" AS path, encode(a.checksum, 'hex') AS checksum, a."fileModifiedAt" AS modified,
      a.visibility = 'hidden' AND a."originalPath" LIKE '%-MP.mp4' AS "isMotion"
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.mirror_asset_id`;
  return rows.flatMap(({ id, path, checksum, modified, isMotion }) => {
    const found: Damage[] = [];
    const [wanted, what] = isMotion ? [readOrNothing(paths.toLocal(path)), 'bytes'] : [`path:${path}`, 'path'];
    if (wanted !== undefined && checksum !== createHash('sha1').update(wanted).digest('hex')) {
      found.push(...findings('asset', `has a checksum that is not of its ${what}`, [{ id }]));
    }
    const mtime = statOf(paths.toLocal(path))?.mtime?.getTime();
    if (mtime !== undefined && Math.abs(mtime - modified.getTime()) > 1) {
      found.push(...findings('asset', 'would be extracted anew by a scan', [{ id, detail: path }]));
    }
    return found;
  });
}

/** Files in places of ours that no row names. */
async function checkStrays(sql: Sql, paths: PathMap, targetPrefixes: readonly string[]): Promise<Damage[]> {
  const named = new Set<string>();
  const columns = await columnsOf(sql, 'asset');
  const add = (rows: readonly { path: string | null }[]) => {
    for (const { path } of rows) if (path) named.add(paths.toLocal(path) ?? path);
  };
  add(await sql<{ path: string }[]>`SELECT path FROM asset_file`);
  add(await sql<{ path: string }[]>`SELECT "thumbnailPath" AS path FROM person`);
  for (const column of ['originalPath', 'sidecarPath', 'encodedVideoPath'].filter((name) => columns.has(name))) {
    add(await sql<{ path: string }[]>`SELECT ${sql(column)} AS path FROM asset`);
  }
  const targets = await sql<{ id: string }[]>`
    SELECT DISTINCT target_user_id AS id
    FROM immich_sidecar.asset_map`;
  const media = paths.roots.flatMap(({ local }) =>
    targets.flatMap(({ id }) => [`${local}/thumbs/${id}`, `${local}/encoded-video/${id}`])
  );
  const places = [...media, ...targetPrefixes.flatMap((prefix) => paths.toLocal(prefix.slice(0, -1)) ?? [])];
  const strays = places.filter(isOwnDirectory).flatMap((place) => filesBelow(place).filter((file) => !named.has(file)));
  return strays.map((file) => ({ subject: `file ${JSON.stringify(file)}`, problem: 'is named by no row' }));
}

function isOwnDirectory(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch {
    return false;
  }
}

function filesBelow(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    return entry.isDirectory && isBelow(path, directory) ? filesBelow(path) : [path];
  });
}

function statOf(path: string | undefined): Deno.FileInfo | undefined {
  try {
    return path === undefined ? undefined : Deno.statSync(path);
  } catch {
    return undefined;
  }
}

function readOrNothing(path: string | undefined): Uint8Array | undefined {
  try {
    return path === undefined ? undefined : Deno.readFileSync(path);
  } catch {
    return undefined;
  }
}
