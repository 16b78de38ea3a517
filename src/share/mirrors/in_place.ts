import type { ImmichSchema } from '../../immich/schema.ts';
import { isExtractedMotion } from '../../immich/motion.ts';
import type { PathMap } from '../../files/path_map.ts';
import { lstatOr, statOr } from '../../files/identity.ts';
import { readAhead } from '../../postgres/read_ahead.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Limits } from '../cycle/limits.ts';
import { inSlices } from '../cycle/slices.ts';
import type { Job } from '../jobs/job.ts';
import { type Way, wayOf } from '../jobs/placement.ts';
import { type MirrorRange, mirrorRanges, mirrorsOn } from './pages.ts';

/** A file of a source and what the mirror has of it, as a row: paths as Immich sees them, and of an original the stamp that the journal has. */
type Place = readonly [
  sourceAssetId: string,
  isOriginal: boolean,
  sourcePath: string,
  mirrorPath: string | null,
  device: number | null,
  inode: number | null,
  size: number | null,
  modifiedAtMs: number | null,
];

/**
 * The sources of mirrors in a range of whose files one is not where it was, or not the file that it was; in pages. Of the mirrors whose rows tell nothing new since their files were found
 * to be right (versions.ts) there is nothing else to compare. More than there really are cost time and do no harm. Reads only.
 *
 * @param compared sources that need no look
 */
export async function* findMoved(
  { sql, schema, files: { paths }, limits }: {
    readonly sql: Sql;
    readonly schema: ImmichSchema;
    readonly files: { readonly paths: PathMap };
    readonly limits: Pick<Limits, 'places' | 'mirrors'>;
  },
  job: Job,
  range: MirrorRange,
  compared: ReadonlySet<string>,
): AsyncGenerator<string[]> {
  const way = wayOf(job);
  for await (const places of readAhead(readPlaces(sql, schema, job, { ...range, size: limits.places }))) {
    const moved = new Set<string>();
    await inSlices(places, (place) => {
      const [id] = place;
      if (!moved.has(id) && !compared.has(id) && !isInPlace(place, paths, way)) moved.add(id);
    });
    const found = [...moved];
    for (let start = 0; start < found.length; start += limits.mirrors) yield found.slice(start, start + limits.mirrors);
  }
}

async function* readPlaces(
  sql: Sql,
  schema: ImmichSchema,
  job: Job,
  range: MirrorRange,
): AsyncGenerator<readonly Place[]> {
  for await (const page of mirrorRanges(sql, job, range)) {
    const rows = await sql<Record<string, unknown>[]>`
      WITH m AS MATERIALIZED (
        SELECT *
        FROM ${mirrorsOn(sql, job, page, sql`source_asset_id, mirror_asset_id`)}
      )
      SELECT
        m.source_asset_id,
        true,
        a."originalPath",
        -- Who else has the bytes of such a video decides which checksum its mirror has.
        CASE WHEN NOT ${isExtractedMotion(sql, 'a')} OR mirror.checksum = a.checksum THEN mirror."originalPath" END,
        l.device,
        l.inode,
        l.size,
        l.modified_at_ms
      FROM m
      JOIN asset a ON a.id = m.source_asset_id
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      -- Only an original has a stamp.
      LEFT JOIN immich_sidecar.link l ON l.mirror_id = m.mirror_asset_id AND l.inode IS NOT NULL
      UNION ALL
      SELECT m.source_asset_id, false, f.path, own.path, NULL, NULL, NULL, NULL
      FROM m
      JOIN asset_file f ON f."assetId" = m.source_asset_id
      LEFT JOIN asset_file own
        ON own."assetId" = m.mirror_asset_id
        AND own.type = f.type
        ${schema.has('asset_file', 'isEdited') ? sql`AND own."isEdited" = f."isEdited"` : sql``}
      ${ofOlderReleases(sql, schema).reduce((all, part) => sql`${all} ${part}`, sql``)}`.values();
    yield rows as unknown as Place[];
  }
}

/** Those that older releases have in columns of `asset`. */
function ofOlderReleases(sql: Sql, schema: ImmichSchema): Fragment[] {
  return ['sidecarPath', 'encodedVideoPath'].filter((column) => schema.has('asset', column)).map((column) =>
    sql`
      UNION ALL
      SELECT m.source_asset_id, false, a.${sql(column)}, mirror.${sql(column)}, NULL, NULL, NULL, NULL
      FROM m
      JOIN asset a ON a.id = m.source_asset_id
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      WHERE a.${sql(column)} <> ''`
  );
}

/** Of an original also whether it is the file that the journal knows, with the content of then: only that has a stamp. */
function isInPlace(
  [, isOriginal, sourcePath, mirrorPath, device, inode, size, modifiedAtMs]: Place,
  paths: PathMap,
  way: Way,
): boolean {
  const [from, to] = [paths.toLocal(sourcePath), mirrorPath === null ? undefined : paths.toLocal(mirrorPath)];
  if (from === undefined || to === undefined) return false;
  const [source, mirror] = [statOr(from, undefined), lstatOr(to, undefined)];
  if (source?.isFile !== true || mirror?.isFile !== true) return false;
  const isLink = source.ino === mirror.ino && source.dev === mirror.dev;
  const isCopy = source.size === mirror.size && source.mtime?.getTime() === mirror.mtime?.getTime();
  if (isLink ? way === 'copy' : way === 'link' || !isCopy) return false;
  if (!isOriginal) return true;
  return mirror.ino === inode && mirror.dev === device && mirror.size === size &&
    mirror.mtime?.getTime() === modifiedAtMs;
}
