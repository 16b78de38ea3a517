import { isPresent } from '../../immich/presence.ts';
import { commaSeparated } from '../copy/columns.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import type { JobSelection } from './criteria.ts';
import { type AsColumns, type Criterion, type Expression, typeName } from './criterion.ts';
import { isPartOfLocked } from './locked.ts';
import { isOfLibraries, isOriginal, type IsThere, type Stay, staysThere } from './selection.ts';

/*
 * What selection.ts asks for one job, for many of them in one condition: jobs are rows, which come as one parameter, and what they say are their columns. So the text of a
 * statement, and the time that PostgreSQL takes to plan it, depend on the kinds of criteria in use (fifty jobs spelled out: 45 to 200 kB and up to 0.5 s each). What has to be
 * known of a photo, such as the albums that it is in, is looked up once for all jobs.
 */

/** How photos are selected by themselves. */
interface Selecting {
  readonly isThere: IsThere;
  /** Whether our own tables are there, which tell what is a mirror. */
  readonly hasMap: boolean;
  /** For a mirror that is to be made: the hidden motion part of a locked photo gets none. */
  readonly isForNew: boolean;
}

const ANEW: Selecting = Object.freeze({ isThere: isPresent, hasMap: true, isForNew: true });

/**
 * Those of the jobs that mean the row `a` of `asset` (isMeant): a query for `place` (in the list), `name`, `sourceUserId` and `targetUserId`, with a job perhaps
 * more than once. `where`: a condition on the row `job`.
 */
export function jobsMeaning(sql: Sql, jobs: readonly Job[], where = sql`true`): Fragment {
  const rows = new JobRows(sql, jobs);
  return sql`
    ${rows.selecting(ANEW, where)}
    UNION ALL
    ${rows.withTheirStills(isPresent, [], where)}`;
}

/** Whether the row `job` has made the mirror with the mapping `m`. */
export function isMaker(sql: Sql): Fragment {
  return sql`(job.name, job."sourceUserId", job."targetUserId") = (m.job_name, m.source_user_id, m.target_user_id)`;
}

/** The same of those that justify the mirror that it has (mayStay). */
export function jobsKeeping(sql: Sql, jobs: readonly Job[], stay: Stay, where = sql`true`): Fragment {
  const rows = new JobRows(sql, jobs);
  const isThere = staysThere(stay);
  return sql`
    ${rows.selecting({ isThere, hasMap: true, isForNew: false }, where)}
    UNION ALL
    ${rows.withTheirStills(isThere, stay.gone ?? [], where)}`;
}

/** The same of those that select it by itself (isSelectedNow). */
export function jobsSelecting(sql: Sql, jobs: readonly Job[], hasMap: boolean): Fragment {
  return new JobRows(sql, jobs).selecting({ ...ANEW, hasMap });
}

/**
 * Why they do: a query for `criterion` and `thing`, for each reason with the albums, people, tags or paths that make it one, or nothing. Something may come more than
 * once.
 */
export function reasonsToSelect(sql: Sql, jobs: readonly Job[], hasMap: boolean): Fragment {
  const rows = new JobRows(sql, jobs);
  return rows.selecting({ ...ANEW, hasMap }, sql`true`, {
    columns: sql`reason.criterion, reason.thing`,
    from: sql`CROSS JOIN LATERAL (${rows.reasons('a')}) AS reason (criterion, thing)`,
  });
}

const ROLES = ['anyOf', 'noneOf', 'allOf'] as const;
type Role = typeof ROLES[number];

/** What some job says in one role of one kind of criteria. */
interface Slot {
  readonly role: Role;
  readonly criterion: Criterion;
  /** What the columns of the row begin with. */
  readonly prefix: string;
}

/** Jobs as rows, with a column for whether they have a criterion of each kind, and for what it says. */
class JobRows {
  readonly #slots: readonly Slot[];
  /** What has to be known of a photo: one for each kind, whatever its role. */
  readonly #kinds: readonly AsColumns[];

  constructor(readonly sql: Sql, readonly jobs: readonly Job[]) {
    const found = new Map<string, Omit<Slot, 'prefix'>>();
    for (const { selection } of jobs) {
      for (const role of ROLES) {
        for (const criterion of selection[role] ?? []) {
          found.set(`${role} ${criterion.asColumns.kind}`, { role, criterion });
        }
      }
    }
    // In an order of their own: the text is the same in whichever order the jobs say it.
    this.#slots = [...found].toSorted(([one], [other]) => one < other ? -1 : 1).map(([, slot], index) => ({
      ...slot,
      prefix: `said_${index}`,
    }));
    const kinds = this.#slots.map(({ criterion }) => criterion.asColumns);
    this.#kinds = [...new Map(kinds.map((kind) => [kind.kind, kind])).values()];
  }

  /** The jobs that select the row `a` of `asset` by itself. `found`: what is read instead of them, from the rows `job` and `known` and from more. */
  selecting(
    { isThere, hasMap, isForNew }: Selecting,
    where = this.sql`true`,
    found = { columns: this.#found(), from: this.sql`` },
  ): Fragment {
    const { sql } = this;
    const mayBePart = isForNew && hasMap && this.jobs.some(({ visibilities }) => visibilities.includes('hidden'));
    return sql`
      SELECT ${found.columns}
      FROM ${this.#thatMean('a', where)}
      ${found.from}
      WHERE ${isThere(sql, 'a')}
        ${hasMap ? sql`AND ${isOriginal(sql)}` : sql``}
        ${mayBePart ? sql`AND NOT ${isPartOfLocked(sql, sql`job."targetUserId"`)}` : sql``}`;
  }

  /** The jobs that mean it as the motion part of a still that they have mirrored. `gone`: mirrors of stills that do not count. */
  withTheirStills(isThere: IsThere, gone: readonly string[], where: Fragment): Fragment {
    const { sql } = this;
    const isOfSame = sql`job."targetUserId" = still_map.target_user_id AND job."sourceUserId" = a."ownerId"`;
    return sql`
      SELECT ${this.#found()}
      FROM asset still
      JOIN immich_sidecar.asset_map still_map ON still_map.source_asset_id = still.id
      CROSS JOIN ${this.#thatMean('still', sql`${isOfSame} AND ${where}`)}
      WHERE a.visibility = 'hidden'
        AND still."livePhotoVideoId" = a.id
        AND ${isThere(sql, 'a')}
        AND ${isThere(sql, 'still')}
        ${gone.length === 0 ? sql`` : sql`AND still_map.mirror_asset_id <> ALL (${gone as string[]}::uuid[])`}
        AND ${isOriginal(sql)}`;
  }

  #found(): Fragment {
    return this.sql`job.place, job.name, job."sourceUserId", job."targetUserId"`;
  }

  /**
   * The jobs whose selection the row `alias` of `asset` meets, as `job`: an item of FROM. With its OFFSET 0 what is known of the photo is looked up once, and not for
   * each job.
   */
  #thatMean(alias: string, where: Fragment): Fragment {
    const { sql } = this;
    return sql`
      LATERAL (${this.#known(alias)} OFFSET 0) AS known
      CROSS JOIN LATERAL (
        SELECT job.*
        FROM jsonb_to_recordset(${sql.json(this.#rows() as never)}) AS job (${this.#columns()})
        WHERE job."sourceUserId" = ${sql(alias)}."ownerId"
          AND ${where}
          AND ${this.#isInScope(alias)}
          AND ${this.#isChosen(alias)}
        OFFSET 0
      ) AS job`;
  }

  /** Of the rows `known` and `job` the criteria that are true, each with the things that make it so: a query for two columns of text. */
  reasons(alias: string): Fragment {
    const { sql } = this;
    return this.#of('anyOf').reduce((all, slot) => {
      const { name, asColumns } = slot.criterion;
      const holds = this.#holds(slot, alias);
      const things = asColumns.things?.(sql, alias, this.#said(slot), this.#knownOf(asColumns));
      return things === undefined
        ? sql`${all} UNION ALL SELECT ${name}::text, '' WHERE ${holds}`
        : sql`${all} UNION ALL SELECT ${name}::text, thing.* FROM (${things}) AS thing WHERE ${holds}`;
    }, sql`SELECT 'all'::text, ''::text WHERE job."isAll"`);
  }

  #known(alias: string): Fragment {
    const { sql } = this;
    const columns = this.#kinds.flatMap((kind, index) =>
      Object.entries(kind.known?.(sql, alias) ?? {}).map(([name, value]) => sql`${value} AS ${sql(`${name}_${index}`)}`)
    );
    return columns.length === 0 ? sql`SELECT 1` : sql`SELECT ${commaSeparated(sql, columns)}`;
  }

  #knownOf({ kind }: AsColumns): Expression {
    const index = this.#kinds.findIndex((one) => one.kind === kind);
    return (name) => this.sql`known.${this.sql(`${name}_${index}`)}`;
  }

  #said({ prefix }: Slot): Expression {
    return (name) => this.sql`job.${this.sql(`${prefix}_${name}`)}`;
  }

  #of(role: Role): Slot[] {
    return this.#slots.filter((slot) => slot.role === role);
  }

  #holds(slot: Slot, alias: string): Fragment {
    const { sql } = this;
    const { asColumns } = slot.criterion;
    return sql`(job.${sql(slot.prefix)} AND ${
      asColumns.matches(sql, alias, this.#said(slot), this.#knownOf(asColumns))
    })`;
  }

  #isChosen(alias: string): Fragment {
    const { sql } = this;
    const any = this.#of('anyOf').reduce((one, slot) => sql`${one} OR ${this.#holds(slot, alias)}`, sql`job."isAll"`);
    const none = this.#of('noneOf').reduce(
      (each, slot) => sql`${each} AND (${this.#holds(slot, alias)}) IS NOT TRUE`,
      sql`true`,
    );
    const all = this.#of('allOf').reduce(
      (each, slot) => sql`${each} AND (NOT job.${sql(slot.prefix)} OR ${this.#holds(slot, alias)})`,
      sql`true`,
    );
    return sql`((${any}) AND ${none} AND ${all})`;
  }

  #isInScope(alias: string): Fragment {
    const { sql } = this;
    const asset = sql(alias);
    const edited = this.jobs.some(({ skipsEdited }) => skipsEdited)
      ? sql`AND NOT (job."skipsEdited" AND ${asset}."isEdited")`
      : sql``;
    return sql`(
      CASE job.kind
        WHEN 'external' THEN ${isOfLibraries(sql, 'external', alias)}
        WHEN 'upload' THEN ${isOfLibraries(sql, 'upload', alias)}
        ELSE ${isOfLibraries(sql, 'any', alias)}
      END
      AND starts_with(${asset}."originalPath", job."pathPrefix")
      ${edited}
      AND ${asset}.visibility::text = ANY (job.visibilities)
    )`;
  }

  #columns(): Fragment {
    const { sql } = this;
    return this.#slots.reduce(
      (all, { prefix, criterion: { asColumns } }) =>
        Object.entries(asColumns.said).reduce(
          (some, [name, { type }]) => sql`${some}, ${sql(`${prefix}_${name}`)} ${typeName(sql, type)}`,
          sql`${all}, ${sql(prefix)} boolean`,
        ),
      sql`
        place int, name text, "sourceUserId" uuid, "targetUserId" uuid,
        kind text, "pathPrefix" text, "skipsEdited" boolean, visibilities text[], "isAll" boolean`,
    );
  }

  #rows(): Record<string, unknown>[] {
    return this.jobs.map((job, place) => ({
      place,
      name: job.name,
      sourceUserId: job.sourceUserId,
      targetUserId: job.targetUserId,
      kind: job.kind,
      pathPrefix: job.sourcePathPrefix ?? '',
      skipsEdited: job.skipsEdited,
      visibilities: job.visibilities,
      isAll: job.selection.anyOf === undefined,
      ...Object.assign({}, ...this.#slots.map((slot) => saidBy(job.selection, slot))),
    }));
  }
}

/** What a job says in a slot, as columns; nothing, if it has no such criterion. */
function saidBy(selection: JobSelection, { role, criterion: { asColumns: { kind } }, prefix }: Slot): object {
  const own = (selection[role] ?? []).filter((one) => one.asColumns.kind === kind);
  const columns: Record<string, unknown> = { [prefix]: own.length > 0 };
  for (const { asColumns: { said } } of own) {
    for (const [name, { value }] of Object.entries(said)) {
      const before = columns[`${prefix}_${name}`];
      columns[`${prefix}_${name}`] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
    }
  }
  return columns;
}
