import type { PathMap } from '../../files/path_map.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { commaSeparated } from '../copy/columns.ts';
import type { Limits } from '../cycle/limits.ts';
import type { Job } from '../jobs/job.ts';
import { type MirrorPage, mirrorsOn } from './pages.ts';

/** What mirrors are compared in with their sources: their rows, what smart search and face recognition know, or what tells where their files are. */
export type Compared = 'rows' | 'embeddings' | 'files';

/** Where the numbers of what was found alike are. */
const NOTED: Readonly<Record<Compared, { readonly table: string; readonly column: string }>> = Object.freeze({
  rows: { table: 'rows', column: 'versions' },
  embeddings: { table: 'embeddings', column: 'versions' },
  files: { table: 'rows', column: 'files' },
});

/** A mirror that has to be compared, and a digest of the versions of all its rows and its source's. */
export interface Versions {
  readonly sourceAssetId: string;
  readonly mirrorAssetId: string;
  readonly versions: string;
}

/** Mirrors to compare with their sources. */
export interface PageToCompare {
  readonly page: MirrorPage;
  /** To be called after the comparison, with those mirrors on the page that are not as their sources. Who looks for something else does not call it: then the page is left to who compares after it. */
  compared(different: readonly string[]): Promise<void>;
}

/** The library, and how much of it is looked at at once. */
export interface Whole {
  readonly sql: Sql;
  readonly schema: ImmichSchema;
  readonly limits: Pick<Limits, 'versions' | 'places' | 'mirrors' | 'search'>;
}

/** What says which of all mirrors have to be compared (cycle/alike.ts). */
export interface Comparisons {
  pages(whole: Whole, what: 'rows' | 'embeddings', job: Job): AsyncGenerator<PageToCompare>;
  /** Of those that a job has made. */
  files(whole: Whole & { readonly files: { readonly paths: PathMap } }, job: Job): AsyncGenerator<PageToCompare>;
}

/**
 * The mirrors on a page of which any row is another version than when they were last found alike, or that never were. PostgreSQL gives a row
 * another `ctid` or another `xmin` with whatever is written to it, so the digest needs no column and no embedding to be read. Reads only.
 *
 * @param seed what has to be the same for versions to be comparable, as a number of 64 bits
 * @param trusts false: all mirrors on the page, whatever was found before
 */
export async function readVersions(
  sql: Sql,
  schema: ImmichSchema,
  compared: Compared,
  job: Job,
  page: MirrorPage,
  { seed, trusts }: { readonly seed: bigint; readonly trusts: boolean },
): Promise<Versions[]> {
  const parts = partsOf(sql, schema, compared).map(({ rows, from }, index) =>
    sql`
      UNION ALL
      SELECT
        m.mirror_asset_id,
        hash_record_extended(
          ROW(m.row_ctid, m.row_xmin, ${commaSeparated(sql, rows.flatMap((row) => versionOf(sql, row)))}),
          ${seedOf(seed, index)}::bigint
        )
      FROM ${from}`
  );
  // Each table in one go: with so many mirrors at once PostgreSQL reads all of it rather than a row at a time.
  return await sql<Versions[]>`
    WITH mirrors AS MATERIALIZED (
      SELECT *
      FROM ${mirrorsOn(sql, job, page, sql`mirror_asset_id, source_asset_id, ctid AS row_ctid, xmin AS row_xmin`)}
    ),
    side AS MATERIALIZED (
      SELECT mirror_asset_id, source_asset_id AS id, row_ctid, row_xmin
      FROM mirrors
      UNION ALL
      SELECT mirror_asset_id, mirror_asset_id, row_ctid, row_xmin
      FROM mirrors
    ),
    now AS (
      SELECT version.mirror_id, bit_xor(version.digest) AS versions
      FROM (
        ${
    parts.reduce(
      (all, part) => sql`${all} ${part}`,
      sql`SELECT NULL::uuid AS mirror_id, 0::bigint AS digest WHERE false`,
    )
  }
      ) AS version
      GROUP BY version.mirror_id
    )
    SELECT
      mirrors.source_asset_id AS "sourceAssetId",
      mirrors.mirror_asset_id AS "mirrorAssetId",
      now.versions::text AS versions
    FROM now
    JOIN mirrors ON mirrors.mirror_asset_id = now.mirror_id
    LEFT JOIN ${tableOf(sql, compared)} AS alike ON alike.mirror_asset_id = now.mirror_id
    WHERE ${trusts ? sql`alike.${sql(NOTED[compared].column)} IS DISTINCT FROM now.versions` : sql`true`}`;
}

/** Notes that these were found alike, whatever was noted of them before. */
export async function noteAlike(tx: Sql, compared: Compared, found: readonly Versions[]): Promise<void> {
  const column = tx(NOTED[compared].column);
  await tx`
    INSERT INTO ${tableOf(tx, compared)} AS alike (mirror_asset_id, ${column})
    SELECT found.*
    FROM unnest(
      ${found.map(({ mirrorAssetId }) => mirrorAssetId)}::uuid[],
      ${found.map(({ versions }) => versions)}::bigint[]
    ) AS found (mirror_asset_id, versions)
    WHERE EXISTS (SELECT FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = found.mirror_asset_id)
    ON CONFLICT (mirror_asset_id) DO UPDATE
    SET ${column} = excluded.${column}
    WHERE alike.${column} IS DISTINCT FROM excluded.${column}`;
}

function tableOf(sql: Sql, compared: Compared): Fragment {
  return sql`immich_sidecar_alike.${sql(NOTED[compared].table)}`;
}

/** Rows that a comparison reads, of the mirrors `mirrors` or both their sides `side`, as `m`. */
interface Part {
  /** The aliases of the rows in `from`, some of which may be missing. */
  readonly rows: readonly string[];
  /** A FROM clause. */
  readonly from: Fragment;
}

/**
 * All of them, always in the same order. What there is once for an asset, or for a face, is joined, which is cheaper than to add up another row for
 * each.
 */
function partsOf(sql: Sql, schema: ImmichSchema, compared: Compared): Part[] {
  const ofSides = (name: string): Part => ({
    rows: ['t'],
    from: sql`side m JOIN ${sql(name)} t ON t."assetId" = m.id`,
  });
  switch (compared) {
    case 'rows': {
      const once = schema.copiedTables.map(({ name }) => name).filter((name) => ONCE.has(name));
      // Of files it reads whether there are those of an edit.
      const others = [...schema.copiedTables.map(({ name }) => name).filter((name) => !ONCE.has(name)), 'asset_file'];
      const joined = once.map((name) => sql`LEFT JOIN ${sql(name)} ON ${sql(name)}."assetId" = m.id`);
      return [
        {
          rows: ['t', ...once],
          from: joined.reduce((all, one) => sql`${all} ${one}`, sql`side m JOIN asset t ON t.id = m.id`),
        },
        ...others.map(ofSides),
      ];
    }
    case 'files':
      return [
        {
          rows: ['source', 'mirror', 'exif'],
          // Of fields and edits it reads whether they are the target's own.
          from: sql`
            mirrors m
            LEFT JOIN asset source ON source.id = m.source_asset_id
            LEFT JOIN asset mirror ON mirror.id = m.mirror_asset_id
            LEFT JOIN asset_exif exif ON exif."assetId" = m.mirror_asset_id`,
        },
        ofSides('asset_file'),
        ...schema.has('asset_edit') ? [ofSides('asset_edit')] : [],
        { rows: ['t'], from: sql`mirrors m JOIN immich_sidecar.link t ON t.mirror_id = m.mirror_asset_id` },
      ];
    case 'embeddings':
      return [
        {
          rows: ['mirror', 'own', 'source'],
          from: sql`
            mirrors m
            LEFT JOIN asset mirror ON mirror.id = m.mirror_asset_id
            LEFT JOIN smart_search own ON own."assetId" = m.mirror_asset_id
            LEFT JOIN smart_search source ON source."assetId" = m.source_asset_id`,
        },
        {
          rows: ['map', 'face', 'own', 'face_search', 'own_search'],
          from: sql`
            mirrors m
            JOIN immich_sidecar.face_map map ON map.mirror_asset_id = m.mirror_asset_id
            LEFT JOIN asset_face face ON face.id = map.source_face_id
            LEFT JOIN asset_face own ON own.id = map.mirror_face_id
            LEFT JOIN face_search ON face_search."faceId" = map.source_face_id
            LEFT JOIN face_search own_search ON own_search."faceId" = map.mirror_face_id`,
        },
      ];
  }
}

/** Tables with a row for each asset. */
const ONCE: ReadonlySet<string> = new Set(['asset_exif', 'asset_job_status']);

function versionOf(sql: Sql, row: string): Fragment[] {
  return [sql`${sql(row)}.ctid`, sql`${sql(row)}.xmin`];
}

function seedOf(seed: bigint, index: number): string {
  return String(BigInt.asIntN(64, seed + BigInt(index)));
}
