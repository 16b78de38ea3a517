import { RECOGNITION_MINUTES } from '../../immich/readiness.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import { type ImmichTable, keyOf, type TableWatchedByStatement } from '../../immich/tables/tables.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { allCriteria } from '../selection/criteria.ts';

/** What a statement looks at. `from`: the smallest `updateId` of a change, as an expression. */
export interface Look {
  readonly sql: Sql;
  readonly schema: ImmichSchema;
  readonly from: Fragment;
  readonly selected: Selected;
}

/** What jobs select by. */
export interface Selected {
  /** Ids of the albums. */
  readonly albums: readonly string[];
  /** Somebody has a name or none: that alone decides about some photos. */
  readonly dependsOnNames: boolean;
  /** The users whose photos are shared. */
  readonly sources: readonly string[];
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
  album: { names: isWritten('album') },
  album_user: { names: isWritten('album_user') },
  album_audit: { names: isDeleted('album_audit') },
  album_asset: {
    assets: ({ sql, schema, from, selected: { albums } }: Look) => {
      if (albums.length === 0) return undefined;
      const { albumKey, assetKey } = schema.albumAsset;
      return sql`
        SELECT entry.${sql(assetKey)}
        FROM album_asset entry
        WHERE entry."updateId" >= ${from}
          AND entry.${sql(albumKey)} = ANY (${albums as string[]}::uuid[])`;
    },
  },
  album_asset_audit: {
    assets: ({ sql, from, selected: { albums } }: Look) =>
      albums.length === 0 ? undefined : sql`
        SELECT gone."assetId"
        FROM album_asset_audit gone
        WHERE gone.id >= ${from}
          AND gone."albumId" = ANY (${albums as string[]}::uuid[])`,
  },
  // It has no audit: that something was written, or deleted, is all that is known.
  tag: { names: ({ sql }: Look) => sql`true` },
  person: {
    people: isWritten('person'),
    names: isWritten('person'),
    assets: ({ sql, schema, from, selected: { dependsOnNames, sources } }: Look) => {
      if (!dependsOnNames) return undefined;
      const { personKey, faceKey } = schema.people;
      return sql`
        SELECT f."assetId"
        FROM person p
        JOIN asset_face f ON f.${sql(faceKey)} = p.${sql(personKey)}
        WHERE p."updateId" >= ${from}
          AND p."ownerId" = ANY (${sources as string[]}::uuid[])`;
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
export function selectedBy(jobs: readonly Job[], sources: readonly string[]): Selected {
  const criteria = jobs.flatMap(({ selection }) => allCriteria(selection));
  const albums = criteria.filter(({ name }) => name === 'albums').flatMap(({ ids }) => ids ?? []);
  return { albums: [...new Set(albums)], dependsOnNames: criteria.some((one) => one.isAboutOthers === true), sources };
}
