import { RECOGNITION_MINUTES } from '../../immich/readiness.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import { type ImmichTable, keyOf, type TableWatchedByStatement } from '../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { takesFacesBack } from '../both_ways/faces.ts';
import { allCriteria } from '../selection/criteria.ts';
import type { ExpandedAlbums } from '../shared_albums/expand.ts';
import { hasNewPair } from '../shared_albums/pairs.ts';
import { isIntoSameName } from '../shared_albums/same_name.ts';

/** What a statement looks at. `from`: the smallest `updateId` of a change, as an expression. */
export interface Look {
  readonly sql: Sql;
  readonly schema: ImmichSchema;
  readonly from: Fragment;
  readonly selected: Selected;
}

/** What jobs select by. */
export interface Selected {
  /** Ids of the albums; `all`: whatever is shared in Immich counts. */
  readonly albums: 'all' | readonly string[];
  readonly sharedAlbums: ExpandedAlbums | undefined;
  /** Whether any album is named: else it makes no difference what they are called. */
  readonly namesAlbums: boolean;
  /** Somebody has a name or none: that alone decides about some photos. */
  readonly dependsOnNames: boolean;
  /** The users whose photos are shared. */
  readonly sources: readonly string[];
  /** The users who give faces to people for others, too. */
  readonly correctors: readonly string[];
}

function isWritten(table: ImmichTable) {
  return ({ sql, from }: Look) => sql`EXISTS (SELECT 1 FROM ${sql(table)} WHERE "updateId" >= ${from})`;
}

function isDeleted(audit: ImmichTable) {
  return ({ sql, from }: Look) => sql`EXISTS (SELECT 1 FROM ${sql(audit)} WHERE id >= ${from})`;
}

/** What is told by tables that are watched by statements of their own. */
export const STATEMENTS: Readonly<
  Record<TableWatchedByStatement, {
    /** Ids of assets to look at; undefined: none. */
    readonly assets?: (look: Look) => Fragment | undefined;
    /** Whether something was said about a person. */
    readonly people?: (look: Look) => Fragment;
    /** Whether something may be called otherwise. */
    readonly names?: (look: Look) => Fragment;
  }>
> = Object.freeze({
  stack: {
    assets: ({ sql, from }: Look) =>
      sql`SELECT a.id FROM stack s JOIN asset a ON a."stackId" = s.id WHERE s."updateId" >= ${from}`,
  },
  // Its rows change with asset_ocr, except that pictures which are made anew (2.5 to 3.1) leave an empty text, and no other trace.
  ocr_search: {
    assets: ({ sql }: Look) =>
      sql`
        SELECT m.source_asset_id
        FROM ocr_search emptied
        JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = emptied."assetId"
        JOIN ocr_search other ON other."assetId" = m.source_asset_id AND other.text <> ''
        WHERE emptied.text = ''
        UNION ALL
        SELECT m.source_asset_id
        FROM ocr_search emptied
        JOIN immich_sidecar.asset_map m ON m.source_asset_id = emptied."assetId"
        JOIN ocr_search other ON other."assetId" = m.mirror_asset_id AND other.text <> ''
        WHERE emptied.text = ''`,
  },
  album: {
    names: (look: Look) => look.selected.namesAlbums ? isWritten('album')(look) : look.sql`false`,
    // Immich sets that when it deletes the account of the owner, and not for each photo that comes into an album.
    assets: inAlbums(({ sql, from }) =>
      sql`SELECT id FROM album WHERE "updateId" >= ${from} AND "deletedAt" IS NOT NULL`
    ),
  },
  album_user: {
    names: isWritten('album_user'),
    assets: inAlbums(({ sql, schema, from }) =>
      sql`SELECT ${sql(keyOf(schema.catalog, 'album_user', 'album'))} FROM album_user WHERE "updateId" >= ${from}`
    ),
  },
  album_audit: {
    names: isDeleted('album_audit'),
    assets: inAlbums(({ sql, from }) => sql`SELECT "albumId" FROM album_audit WHERE id >= ${from}`),
  },
  album_asset: {
    assets: ({ sql, schema, from, selected: { albums } }: Look) => {
      if (albums.length === 0) return undefined;
      const { albumKey, assetKey } = schema.albumAsset;
      return sql`
        SELECT entry.${sql(assetKey)}
        FROM album_asset entry
        WHERE entry."updateId" >= ${from}
          AND ${isAmong(sql, albums, sql`entry.${sql(albumKey)}`)}`;
    },
    // Somebody's first photo in an album makes them one who shares.
    names: ({ sql, schema, from, selected: { sharedAlbums } }: Look) =>
      sharedAlbums === undefined ? sql`false` : hasNewPair(sql, schema, from, sharedAlbums),
  },
  album_asset_audit: {
    assets: ({ sql, from, selected: { albums } }: Look) =>
      albums.length === 0 ? undefined : sql`
        SELECT gone."assetId"
        FROM album_asset_audit gone
        WHERE gone.id >= ${from}
          AND ${isAmong(sql, albums, sql`gone."albumId"`)}`,
  },
  // It has no audit: that something was written, or deleted, is all that is known.
  tag: { names: ({ sql }: Look) => sql`true` },
  person: {
    people: isWritten('person'),
    names: isWritten('person'),
    assets: ({ sql, schema, from, selected: { dependsOnNames, sources, correctors } }: Look) => {
      if (!dependsOnNames && correctors.length === 0) return undefined;
      const { personKey, faceKey } = schema.people;
      // Somebody who has a name from now on goes to the source with the faces that were drawn before.
      return sql`
        SELECT f."assetId"
        FROM person p
        JOIN asset_face f ON f.${sql(faceKey)} = p.${sql(personKey)}
        WHERE p."updateId" >= ${from}
          AND (
            (${dependsOnNames} AND p."ownerId" = ANY (${sources as string[]}::uuid[]))
            OR (p."ownerId" = ANY (${correctors as string[]}::uuid[]) AND f."sourceType" = 'manual')
          )`;
    },
  },
  person_user: { people: isWritten('person_user') },
  person_audit: {
    people: isDeleted('person_audit'),
    names: isDeleted('person_audit'),
    assets: ({ sql, schema, from }: Look) => {
      const [faceKey, goneId] = [sql(schema.people.faceKey), sql(keyOf(schema.catalog, 'person_audit', 'person'))];
      // A person who was a mirror of theirs is one of its own from now on, also on photos that nobody has changed.
      return sql`
        SELECT f."assetId"
        FROM person_audit gone
        JOIN asset_face f ON f.${faceKey} = gone.${goneId}
        WHERE gone.id >= ${from}
        UNION
        SELECT f."assetId"
        FROM person_audit gone
        JOIN immich_sidecar.person_map pm ON pm.origin_person_id = gone.${goneId}
        JOIN asset_face f ON f.${faceKey} = pm.mirror_person_id
        WHERE gone.id >= ${from}`;
    },
  },
});

function isAmong(sql: Sql, albums: Selected['albums'], id: Fragment): Fragment {
  return albums === 'all' ? sql`true` : sql`${id} = ANY (${albums as string[]}::uuid[])`;
}

/** What is in albums, or was and is shared for that, where members of albums decide what is shared. `albums`: a query for their ids. */
function inAlbums(albums: (look: Look) => Fragment) {
  return (look: Look): Fragment | undefined => {
    const { sql, schema, selected: { sharedAlbums } } = look;
    if (sharedAlbums === undefined) return undefined;
    const { albumKey, assetKey } = schema.albumAsset;
    // An album that is deleted takes what was in it along.
    return sql`
      SELECT entry.${sql(assetKey)}
      FROM album_asset entry
      WHERE entry.${sql(albumKey)} IN (${albums(look)})
      UNION
      SELECT m.source_asset_id
      FROM immich_sidecar_albums.reason known
      JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = known.mirror_asset_id
      WHERE known.thing IN (SELECT album.id::text FROM (${albums(look)}) AS album (id))
        AND known.criterion = 'shared-albums'`;
  };
}

/** Those of the sources that are waiting for whom recognition is not waited for any longer, since that moment. */
export function recognitionOver(sql: Sql, waiting: readonly string[], sinceMs: number): Fragment {
  return sql`
    SELECT s."assetId"
    FROM asset_job_status s
    WHERE s."assetId" = ANY (${waiting as string[]}::uuid[])
      AND s."facesRecognizedAt" + make_interval(mins => ${RECOGNITION_MINUTES})
        BETWEEN to_timestamp(${sinceMs / 1000}) AND clock_timestamp()`;
}

/** What these jobs select by. */
export function selectedBy(
  jobs: readonly Job[],
  sources: readonly string[],
  sharedAlbums: ExpandedAlbums | undefined,
): Selected {
  const criteria = jobs.flatMap(({ selection }) => allCriteria(selection));
  const albums = criteria.filter(({ name }) => name === 'albums').flatMap(({ ids }) => ids ?? []);
  return {
    albums: sharedAlbums === undefined ? [...new Set(albums)] : 'all',
    sharedAlbums,
    namesAlbums: jobs.some((job) => namesAlbums(job) || isIntoSameName(job)) || sharedAlbums?.namesAlbums === true,
    dependsOnNames: criteria.some((one) => one.isAboutOthers === true),
    sources,
    correctors: jobs.filter(takesFacesBack).map(({ targetUserId }) => targetUserId),
  };
}

/** Whether a job names any album, also one that is not there yet. */
function namesAlbums({ select, except, never }: Job): boolean {
  return [select, except, never].some((reasons) => reasons !== undefined && reasons.albums.length > 0);
}
