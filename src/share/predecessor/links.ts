import { basename, dirname } from 'node:path/posix';
import { isBelow } from '../../files/path_map.ts';
import { pathColumn } from '../../immich/asset_files.ts';
import { ownerFolder } from '../../immich/layout.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { View } from '../cycle/tools.ts';
import { isBehindLink } from '../../files/behind_link.ts';
import { type JournalEntry, recordLinks } from '../mirrors/journal.ts';
import type { TakenMirror } from './plan.ts';
import { isSameFile } from './same_file.ts';

/** A file that a mirror's rows name, and the one of its source that it may have been made from. */
interface NamedFile {
  readonly mirrorId: string;
  readonly targetUserId: string;
  readonly type: string;
  readonly path: string;
  readonly sourcePath: string | null;
}

/**
 * Writes the files that immich-shared-library has made into our journal: they are ours from now on. Looks at the disk.
 * Returns how many.
 */
export async function takeLinks(tx: Sql, view: View, mirrors: readonly TakenMirror[]): Promise<number> {
  let links = 0;
  const size = view.limits.predecessor;
  for (let start = 0; start < mirrors.length; start += size) {
    const files = await readFiles(tx, view, mirrors.slice(start, start + size));
    const entries = files.flatMap((file) => fileEntry(file, view));
    await recordLinks(tx, entries);
    links += entries.length;
  }
  return links;
}

async function readFiles(
  sql: Sql,
  { schema }: View,
  mirrors: readonly TakenMirror[],
): Promise<NamedFile[]> {
  const isSame = schema.has('asset_file', 'isEdited') ? sql`AND theirs."isEdited" = f."isEdited"` : sql``;
  return await sql<NamedFile[]>`
    WITH taken AS MATERIALIZED (
      SELECT *
      FROM jsonb_to_recordset(${sql.json(mirrors as never)}) AS taken
        ("mirrorAssetId" uuid, "sourceAssetId" uuid, "targetUserId" uuid)
    )
    SELECT
      taken."mirrorAssetId" AS "mirrorId",
      taken."targetUserId",
      f.type::text AS type,
      f.path::text AS path,
      (
        SELECT theirs.path::text
        FROM asset_file theirs
        WHERE theirs."assetId" = taken."sourceAssetId" AND theirs.type = f.type ${isSame}
        LIMIT 1
      ) AS "sourcePath"
    FROM taken
    JOIN asset_file f ON f."assetId" = taken."mirrorAssetId"
    UNION ALL
    SELECT taken."mirrorAssetId", taken."targetUserId", 'encoded_video', column_.path, NULL
    FROM taken
    JOIN asset mirror ON mirror.id = taken."mirrorAssetId"
    CROSS JOIN LATERAL (SELECT ${pathColumn(sql, schema, 'mirror', 'encodedVideoPath')} AS path) AS column_
    WHERE column_.path IS NOT NULL`;
}

function fileEntry(file: NamedFile, view: View): JournalEntry[] {
  const keep = file.type === 'sidecar' ? keepOfSidecar(file, view) : keepOfGenerated(file, view);
  return keep !== undefined && isFile(file.path, view) ? [{ mirrorId: file.mirrorId, path: file.path, keep }] : [];
}

/**
 * A generated file is named after its mirror; nobody but that program, or Immich for this very mirror, has made it. It lies in
 * folders that are named after the *source*, which the next sync puts right.
 */
function keepOfGenerated(
  { path, mirrorId, targetUserId }: NamedFile,
  { jobs }: View,
): string | undefined {
  if (!basename(path).includes(mirrorId)) return undefined;
  const media = jobs[0]?.mediaLocation ?? '';
  const folder = (['thumbs', 'encoded-video'] as const).find((name) =>
    isBelow(path, ownerFolder(media, name, targetUserId))
  );
  return folder === undefined ? undefined : `${media}/${folder}`;
}

/** The sidecar of an upload is linked into the folder of the target that has the same path. Any other one is the source's own. */
function keepOfSidecar({ path, sourcePath, targetUserId }: NamedFile, { files: { paths } }: View): string | undefined {
  if (sourcePath === null || !isSameFile(path, sourcePath, paths) || isBehindLink(dirname(path), paths)) {
    return undefined;
  }
  const home = path.indexOf(`/${targetUserId}/`);
  return home < 0 ? undefined : path.slice(0, home + 1 + targetUserId.length);
}

/**
 * The same for thumbnails of people, which are hard links to those of their origins: where one still is, the cover of the mirror is
 * what was written there. The next sync makes a copy of it, as Immich writes into it in place, or takes it away where the target
 * cannot see its photo. Returns how many.
 */
export async function takeThumbnails(tx: Sql, view: View, targetUserId: string): Promise<number> {
  const { personKey } = view.schema.people;
  const media = view.jobs[0]?.mediaLocation ?? '';
  const people = await tx<{ id: string; path: string; originPath: string }[]>`
    SELECT pm.mirror_person_id AS id, mirror."thumbnailPath" AS path, origin."thumbnailPath" AS "originPath"
    FROM immich_sidecar.person_map pm
    JOIN person origin ON origin.${tx(personKey)} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
    JOIN person mirror ON mirror.${tx(personKey)} = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
    WHERE pm.target_user_id = ${targetUserId}
      AND pm.is_ours
      AND mirror."thumbnailPath" <> ''
      AND origin."thumbnailPath" <> ''`;
  const linked = people.filter(({ id, path, originPath }) =>
    isBelow(path, ownerFolder(media, 'thumbs', targetUserId)) && basename(path).includes(id) &&
    isSameFile(path, originPath, view.files.paths)
  );
  await recordLinks(tx, linked.map(({ id, path }) => ({ mirrorId: id, path, keep: `${media}/thumbs` })));
  await tx`
    UPDATE immich_sidecar.person_map pm
    SET cover_face_id = mirror."faceAssetId"
    FROM person mirror
    WHERE pm.target_user_id = ${targetUserId}
      AND pm.mirror_person_id = ANY (${linked.map(({ id }) => id)}::uuid[])
      AND pm.is_ours
      AND mirror.${tx(personKey)} = pm.mirror_person_id
      AND mirror."ownerId" = pm.target_user_id`;
  return linked.length;
}

function isFile(path: string, { files: { paths } }: View): boolean {
  const local = paths.toLocal(path);
  try {
    return local !== undefined && Deno.lstatSync(local).isFile;
  } catch {
    return false; // phases/files.ts makes it anew
  }
}
