import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { PeopleMatch } from '../../config/config.ts';

/** A reason for which photos are in or out, or a range that they must be in. A closed list; each has a file in criteria/. */
export type CriterionName =
  | 'albums'
  | 'shared-albums'
  | 'people'
  | 'tags'
  | 'favorites'
  | 'paths'
  | 'date'
  | 'rating'
  | 'types'
  | 'mount';

/** One reason or range of a job, with the ids that its names stand for. */
export interface Criterion {
  readonly name: CriterionName;
  /** For people, after "is": `in the album "Family"`. */
  readonly words: string;
  /** Of the albums, people or tags that it is about. */
  readonly ids?: readonly string[];
  /** It also depends on the names of people whom it is not about. */
  readonly isAboutOthers?: boolean;
  /** Whether it is true of the row `alias` of `asset`. One condition, however many albums or people it is about. */
  matches(sql: Sql, alias: string): Fragment;
  /** The same for a statement about many jobs. */
  readonly asColumns: AsColumns;
}

/** Types of what a job says of a criterion. */
export type ColumnType = 'uuid' | 'uuid[]' | 'text[]' | 'date' | 'int' | 'boolean';

/** An expression by its name. */
export type Expression = (name: string) => Fragment;

/**
 * A criterion where jobs are rows (job_rows.ts): one condition for all jobs that have one of its kind, so that a statement grows with the kinds and not with the
 * jobs.
 */
export interface AsColumns {
  /** Criteria with the same kind differ in what is said, and in nothing else. */
  readonly kind: string;
  /** What the job says: columns of its row. Of two exceptions of the same kind it says both, so these have lists only. */
  readonly said: Readonly<Record<string, { readonly type: ColumnType; readonly value: unknown }>>;
  /** What has to be known of the row `alias` of `asset`, once for all jobs: expressions. */
  known?(sql: Sql, alias: string): Readonly<Record<string, Fragment>>;
  /** Whether it is true of the row `alias` of `asset`. */
  matches(sql: Sql, alias: string, said: Expression, known: Expression): Fragment;
  /**
   * Which albums, people, tags or paths make it true of the row `alias` of `asset`: a query for one column of text, ids or paths. Left out: it is
   * about nothing that has a name.
   */
  things?(sql: Sql, alias: string, said: Expression, known: Expression): Fragment;
}

/** Something in Immich that a job names. */
export interface Named {
  readonly id: string;
  /** What Immich calls it now. */
  readonly name: string;
}

/** What a job names as reasons, as far as it is there. */
export interface ReasonsFound {
  readonly albums: readonly Named[];
  readonly people: readonly Named[];
  readonly peopleMatch: PeopleMatch;
  /** How many of the people are there no more. */
  readonly peopleGone: number;
  readonly tags: readonly Named[];
  readonly favorites: boolean;
  readonly paths: readonly string[];
}

/** What photos must be like, whatever the reason. */
export interface Ranges {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly minRating?: number | undefined;
  readonly types?: readonly ('image' | 'video')[] | undefined;
}

/** The columns of Immich's that criteria name. */
export type CriteriaSchema = Pick<ImmichSchema, 'catalog' | 'people' | 'has'>;

const TYPES: Readonly<Record<ColumnType, (sql: Sql) => Fragment>> = Object.freeze({
  'uuid': (sql: Sql) => sql`uuid`,
  'uuid[]': (sql: Sql) => sql`uuid[]`,
  'text[]': (sql: Sql) => sql`text[]`,
  'date': (sql: Sql) => sql`date`,
  'int': (sql: Sql) => sql`int`,
  'boolean': (sql: Sql) => sql`boolean`,
});

/** The type of a column, as PostgreSQL writes it. */
export function typeName(sql: Sql, type: ColumnType): Fragment {
  return TYPES[type](sql);
}

/** What one job says, where nobody else is asked. */
export function boundTo(sql: Sql, { said }: Pick<AsColumns, 'said'>): Expression {
  return (name) => {
    const { type, value } = columnOf(said, name);
    return sql`${value as string}::${typeName(sql, type)}`;
  };
}

function columnOf(said: AsColumns['said'], name: string): AsColumns['said'][string] {
  const column = said[name];
  if (column === undefined) throw new Error(`a criterion does not say ${name}`);
  return column;
}

const nothingKnown: Expression = (name) => {
  throw new Error(`nothing is known of ${name} for one share alone`);
};

/** A criterion that needs to know nothing of a photo beforehand: the same condition for one job and for many. */
export function asSaid(asColumns: Omit<AsColumns, 'known'>): Pick<Criterion, 'matches' | 'asColumns'> {
  return {
    asColumns,
    matches: (sql: Sql, alias: string) => asColumns.matches(sql, alias, boundTo(sql, asColumns), nothingKnown),
  };
}

/**
 * True of a photo with one of these things. `thingsOf`: a query for the ids, in the column `id`, of all things of that kind that the row `alias` of `asset` has. For one job PostgreSQL
 * can look up beforehand which photos have these; for many jobs it is asked once for each photo which things it has.
 */
export function isAnyOf(
  kind: string,
  ids: readonly string[],
  thingsOf: (sql: Sql, alias: string) => Fragment,
): Required<Pick<Criterion, 'ids' | 'matches' | 'asColumns'>> {
  return {
    ids,
    matches: (sql: Sql, alias: string) =>
      sql`EXISTS (SELECT 1 FROM (${thingsOf(sql, alias)}) AS thing WHERE thing.id = ANY (${ids as string[]}::uuid[]))`,
    asColumns: {
      kind,
      said: { ids: { type: 'uuid[]', value: ids } },
      known: (sql: Sql, alias: string) => ({ ids: sql`ARRAY(${thingsOf(sql, alias)})` }),
      matches: (sql: Sql, _alias: string, said: Expression, known: Expression) =>
        sql`${known('ids')} && ${said('ids')}`,
      things: (sql: Sql, _alias: string, said: Expression, known: Expression) =>
        sql`SELECT DISTINCT id::text FROM unnest(${known('ids')}) AS id WHERE id = ANY (${said('ids')})`,
    },
  };
}

/** Which of its things make a criterion true of the row `alias` of `asset`: a query for one column of text; undefined: it is about nothing that has a name. */
export function thingsOf(sql: Sql, { asColumns }: Criterion, alias: string): Fragment | undefined {
  const known = asColumns.known?.(sql, alias) ?? {};
  return asColumns.things?.(sql, alias, boundTo(sql, asColumns), (name) => known[name] ?? nothingKnown(name));
}
