import { list, named } from '../../config/words.ts';
import { UserError } from '../../errors.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import { LOCKS, type SidecarField } from '../../immich/sidecar.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { retryTransient } from '../../postgres/retry.ts';
import { commaSeparated } from '../copy/columns.ts';
import { fieldGroups, groupSum, sourceSum } from '../mirrors/fields.ts';
import { isSidecarField } from '../mirrors/row_differences.ts';
import { assertNewestTables } from '../schema/own_tables.ts';
import type { DecidedConflict, OpenConflict, Side } from './conflicts.ts';
import { isAboutPerson } from './people.ts';
import { settleFaceConflicts } from './resolve_faces.ts';
import { settlePersonConflicts } from './resolve_people.ts';
import { describeFields, describeValue } from './words.ts';

/** Which conflicts of a photo somebody decides, and how. */
export interface ConflictChoice {
  /** As they have called the photo. */
  readonly photo: string;
  /** Empty: all of them. */
  readonly fields: readonly string[];
  readonly job: string | undefined;
  readonly take: Side;
}

/**
 * What a choice means for the conflicts of one photo. Where several recipients contradict, taking what one of them says gives up what the others say. Throws UserError when there is no such
 * conflict, or when it is not clear whose value is meant. Pure.
 */
export function decideConflicts(
  found: readonly OpenConflict[],
  { photo, fields, job, take }: ConflictChoice,
): DecidedConflict[] {
  const name = named(photo);
  if (found.length === 0) {
    throw new UserError(`There is no conflict about the photo ${name}.`, {
      problemCode: 'unknown-name',
      remedy: 'immich-sidecar resolve lists all conflicts; immich-sidecar explain says more about the photo.',
    });
  }
  const isMeant = (one: OpenConflict) =>
    (job === undefined || one.job === job) && (fields.length === 0 || fields.includes(one.field));
  const chosen = found.filter(isMeant);
  if (chosen.length === 0) {
    throw new UserError(`There is no such conflict about the photo ${name}.`, {
      problemCode: 'unknown-name',
      remedy: `There is one about ${list(found.map((one) => `${one.field} (share ${named(one.job)})`))}.`,
    });
  }
  if (take === 'source') return chosen.map((one) => ({ ...one, lost: 'target' }));
  const stranger = chosen.find(({ face }) =>
    face !== undefined && face.kind !== 'deleted' && face.counterpartId === null
  );
  if (stranger !== undefined) {
    throw new UserError(
      `It is not clear whom the owner of the photo ${name} knows as ${describeValue('face', stranger.target)}.`,
      {
        problemCode: 'usage',
        remedy: 'In Immich, give the person a name that nobody else has there, or decide with --take source.',
      },
    );
  }
  const [disputed] = [...Map.groupBy(chosen, subjectOf).values()].filter((all) => new Set(all.map(saidOf)).size > 1);
  if (disputed !== undefined) {
    throw new UserError(
      `Several recipients of the photo ${name} have changed its ${
        describeFields(disputed.map(({ field }) => field))
      }, and its owner can take over one value only.`,
      {
        problemCode: 'usage',
        remedy: `Say whose: --job with ${list(disputed.map((one) => named(one.job)), 'or')}.`,
      },
    );
  }
  const taken = new Set(chosen.map(subjectOf));
  const others = found.filter((one) => !isMeant(one) && taken.has(subjectOf(one)));
  return [
    ...chosen.map((one): DecidedConflict => ({ ...one, lost: 'source' })),
    ...others.map((one): DecidedConflict => ({ ...one, lost: 'target' })),
  ];
}

/** What a recipient says, to be compared with others. Each knows the people of a face by other ids than the source's owner. */
function saidOf({ sum, face }: OpenConflict): string {
  return face === undefined ? sum : `${face.kind} ${face.counterpartId}`;
}

/** Whether two conflicts are about the same face, or neither about a face. */
export function isSameSubject(one: OpenConflict, other: OpenConflict): boolean {
  return subjectOf({ ...one, field: 'face' }) === subjectOf({ ...other, field: 'face' });
}

/** What of a photo a conflict is about. */
function subjectOf({ field, face }: OpenConflict): string {
  return face === undefined ? field : `${field} ${face.sourceFaceId ?? face.mirrorFaceId}`;
}

/**
 * Carries decisions out: what is given up counts as what both had last, so the next cycle takes the other value for the only change and carries it over, in whichever direction that is. What of a
 * recipient counts is locked, as Immich locks what somebody has typed. What somebody has changed since it was read is left alone. One statement, which needs no lock. Returns how many conflicts
 * are decided.
 */
export async function settleConflicts(
  sql: Sql,
  schema: ImmichSchema,
  decided: readonly DecidedConflict[],
): Promise<number> {
  if (decided.length === 0) return 0;
  await assertNewestTables(sql);
  const photos = decided.filter((one) => !isAboutPerson(one) && one.face === undefined);
  return await settlePersonConflicts(sql, schema, decided.filter(isAboutPerson)) +
    await settleFaceConflicts(sql, schema, decided) +
    await settlePhotos(sql, schema, photos);
}

async function settlePhotos(
  sql: Sql,
  schema: Pick<ImmichSchema, 'has'>,
  decided: readonly DecidedConflict[],
): Promise<number> {
  if (decided.length === 0) return 0;
  const groups = fieldGroups(schema).filter(({ name }) => decided.some(({ field }) => field === name));
  const seen = [...Map.groupBy(decided, ({ mirrorAssetId }) => mirrorAssetId)].map(([mirrorAssetId, all]) => ({
    mirrorAssetId,
    sums: Object.fromEntries(all.map(({ field, sourceSum, sum }) => [field, `${sourceSum} ${sum}`])),
    lost: Object.fromEntries(all.map(({ field, lost }) => [field, lost])),
  }));
  const read = groups.flatMap((group) => {
    const { name } = group;
    const [source, mirror] = [sourceSum(sql, group, 'a', 'e'), groupSum(sql, group, 'mirror', 'mirror_exif')];
    return [
      sql`coalesce(seen.sums->>${name}::text = ${source}::text || ' ' || ${mirror}::text, false) AS ${
        sql(`is_${name}`)
      }`,
      sql`CASE seen.lost->>${name}::text WHEN 'source' THEN ${source} ELSE ${mirror} END AS ${sql(`given_up_${name}`)}`,
    ];
  });
  const bases = groups.map(({ name, base }) =>
    sql`${sql(base)} = CASE WHEN now.${sql(`is_${name}`)} THEN now.${sql(`given_up_${name}`)} ELSE m.${sql(base)} END`
  );
  const fields = groups.reduce((sum, { name }) => sql`${sum} + now.${sql(`is_${name}`)}::int`, sql`0`);
  return await retryTransient(async () => {
    const [row] = await sql<{ settled: number }[]>`
      WITH now AS MATERIALIZED (
        SELECT m.mirror_asset_id, seen.lost, ${commaSeparated(sql, read)}
        FROM jsonb_to_recordset(${sql.json(seen)}) AS seen ("mirrorAssetId" uuid, sums jsonb, lost jsonb)
        JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = seen."mirrorAssetId"
        JOIN asset a ON a.id = m.source_asset_id
        JOIN asset mirror ON mirror.id = m.mirror_asset_id
        LEFT JOIN asset_exif e ON e."assetId" = a.id
        LEFT JOIN asset_exif mirror_exif ON mirror_exif."assetId" = mirror.id
      ),
      settled AS (
        UPDATE immich_sidecar.asset_map m
        SET ${commaSeparated(sql, bases)}
        FROM now
        WHERE m.mirror_asset_id = now.mirror_asset_id
        RETURNING m.source_asset_id, ${fields} AS fields
      ),
      ${schema.has('asset_exif', 'lockedProperties') ? sql`locked AS (${lockTaken(sql, groups)}),` : sql``}
      rechecked AS (
        INSERT INTO immich_sidecar_decisions.recheck (source_asset_id)
        SELECT DISTINCT source_asset_id
        FROM settled
        WHERE fields > 0
        ON CONFLICT (source_asset_id) DO UPDATE SET due_at = excluded.due_at
      )
      SELECT coalesce(sum(fields), 0)::int AS settled
      FROM settled`;
    return row?.settled ?? 0;
  });
}

/** Locks on mirrors what counts there, of the rows of `now`. */
function lockTaken(sql: Sql, groups: readonly { readonly name: string }[]): Fragment {
  const locks = groups.filter(({ name }) => isSidecarField(name)).reduce(
    (all, { name }) =>
      sql`
        ${all} || CASE
          WHEN now.${sql(`is_${name}`)} AND now.lost->>${name}::text = 'source'
            THEN ${LOCKS[name as SidecarField] as string[]}::varchar[]
          ELSE '{}'
        END`,
    sql`'{}'::varchar[]`,
  );
  return sql`
    UPDATE asset_exif mirror
    SET "lockedProperties" = array(SELECT DISTINCT unnest(mirror."lockedProperties" || taken.locks))
    FROM (SELECT now.mirror_asset_id, ${locks} AS locks FROM now) AS taken
    WHERE mirror."assetId" = taken.mirror_asset_id
      AND taken.locks <> '{}'`;
}
