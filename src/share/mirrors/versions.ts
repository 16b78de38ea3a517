import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Limits } from '../cycle/limits.ts';
import type { Job } from '../jobs/job.ts';
import { type MirrorPage, mirrorsOn } from './pages.ts';

/** What mirrors are compared in with their sources: their rows, or what smart search and face recognition know. Also the names of our tables. */
export type Compared = 'rows' | 'embeddings';

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
  readonly limits: Pick<Limits, 'versions' | 'mirrors' | 'search'>;
}

/** What says which of all mirrors have to be compared (cycle/alike.ts). */
export interface Comparisons {
  pages(whole: Whole, what: Compared, job: Job): AsyncGenerator<PageToCompare>;
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
  const parts = partsOf(sql, schema, compared).map((part, index) =>
    sql`
      UNION ALL
      SELECT side.mirror_id, hash_record_extended(ROW(t.ctid, t.xmin), ${seedOf(seed, index + 1)}::bigint)
      ${part}`
  );
  // Each table in one go: with so many mirrors at once PostgreSQL reads all of it rather than a row at a time.
  return await sql<Versions[]>`
    WITH mirrors AS MATERIALIZED (
      SELECT *
      FROM ${
    mirrorsOn(
      sql,
      job,
      page,
      sql`mirror_asset_id, source_asset_id, hash_record_extended(ROW(ctid, xmin), ${
        seedOf(seed, 0)
      }::bigint) AS version`,
    )
  }
    ),
    side AS MATERIALIZED (
      SELECT mirror_asset_id AS mirror_id, source_asset_id AS id
      FROM mirrors
      UNION ALL
      SELECT mirror_asset_id, mirror_asset_id
      FROM mirrors
    ),
    now AS (
      SELECT version.mirror_id, bit_xor(version.digest) AS versions
      FROM (
        SELECT mirror_asset_id AS mirror_id, version AS digest
        FROM mirrors
        ${parts.reduce((all, part) => sql`${all} ${part}`, sql``)}
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
    WHERE ${trusts ? sql`alike.versions IS DISTINCT FROM now.versions` : sql`true`}`;
}

/** Notes that these were found alike, whatever was noted of them before. */
export async function noteAlike(tx: Sql, compared: Compared, found: readonly Versions[]): Promise<void> {
  await tx`
    INSERT INTO ${tableOf(tx, compared)} AS alike (mirror_asset_id, versions)
    SELECT found.*
    FROM unnest(
      ${found.map(({ mirrorAssetId }) => mirrorAssetId)}::uuid[],
      ${found.map(({ versions }) => versions)}::bigint[]
    ) AS found (mirror_asset_id, versions)
    ON CONFLICT (mirror_asset_id) DO UPDATE
    SET versions = excluded.versions
    WHERE alike.versions <> excluded.versions`;
}

function tableOf(sql: Sql, compared: Compared): Fragment {
  return compared === 'rows' ? sql`immich_sidecar_alike.rows` : sql`immich_sidecar_alike.embeddings`;
}

/** All rows `t` that a comparison reads, of the mirrors `mirrors` and both their sides: FROM clauses, a table each, always in the same order. */
function partsOf(sql: Sql, schema: ImmichSchema, compared: Compared): Fragment[] {
  if (compared === 'rows') {
    // Of files it reads whether there are those of an edit.
    const tables = [...schema.copiedTables.map(({ name }) => name), 'asset_file'] as const;
    return [
      sql`FROM side JOIN asset t ON t.id = side.id`,
      ...tables.map((name) => sql`FROM side JOIN ${sql(name)} t ON t."assetId" = side.id`),
    ];
  }
  const face = sql`
    FROM (
      SELECT fm.mirror_asset_id AS mirror_id, face.id
      FROM mirrors
      JOIN immich_sidecar.face_map fm ON fm.mirror_asset_id = mirrors.mirror_asset_id
      CROSS JOIN LATERAL (VALUES (fm.source_face_id), (fm.mirror_face_id)) AS face (id)
    ) AS side`;
  return [
    sql`FROM side JOIN asset t ON t.id = side.id AND t.id = side.mirror_id`,
    sql`FROM side JOIN smart_search t ON t."assetId" = side.id`,
    sql`${face} JOIN asset_face t ON t.id = side.id`,
    sql`${face} JOIN face_search t ON t."faceId" = side.id`,
    sql`
      FROM (SELECT mirror_asset_id AS mirror_id FROM mirrors) AS side
      JOIN immich_sidecar.face_map t ON t.mirror_asset_id = side.mirror_id`,
  ];
}

function seedOf(seed: bigint, index: number): string {
  return String(BigInt.asIntN(64, seed + BigInt(index)));
}
