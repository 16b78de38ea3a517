import { names as namesType } from '../../config/values.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Job } from '../jobs/job.ts';
import { inAlbums } from '../selection/criteria/albums.ts';
import { isFavorite } from '../selection/criteria/favorites.ts';
import { showsPeople } from '../selection/criteria/people.ts';
import { hasTags } from '../selection/criteria/tags.ts';
import { type CriteriaSchema, type Criterion, type Named, thingsOf } from '../selection/criterion.ts';
import { findNamed, keyOfReference, listVisible, type NameKind } from '../selection/names.ts';
import type { RememberedName } from '../selection/remembered.ts';
import { isSelectedNow } from '../selection/selection.ts';
import { type Amount, NO_AMOUNT, readAmount } from './amount.ts';

/** What `select` can name. */
export const OFFER_KINDS = ['album', 'person', 'tag'] as const satisfies readonly NameKind[];
export type OfferKind = (typeof OFFER_KINDS)[number];

/** Something by which photos can be chosen, with what it would share now. */
export interface Offer extends Named, Amount {
  readonly kind: OfferKind;
}

/** What somebody can choose by. */
export interface Offers {
  /** Of each kind those with the most photos first. */
  readonly things: readonly Offer[];
  readonly favorites: Amount;
}

/**
 * The albums, people and tags of a job's source, and how much of what the job means each of them would share: their own photos, without what
 * is locked, archived or in the trash. An album may still be empty. People without a name or hidden ones are left out, as are people and tags of nothing that can be
 * shared: what is in a locked folder shows in nothing that we say. Reads only.
 *
 * @param job one without `select`
 * @param hasMap whether our own tables are there, in whatever version
 */
export async function listOffers(sql: Sql, schema: CriteriaSchema, job: Job, hasMap: boolean): Promise<Offers> {
  const things: Offer[] = [];
  for (const kind of OFFER_KINDS) {
    const named = await listVisible(sql, schema, kind, job.sourceUserId);
    const amounts = await countBy(sql, job, criterionOf(schema, kind, named), hasMap);
    things.push(...withAmounts(kind, named, amounts).filter(({ photos }) => kind === 'album' || photos > 0));
  }
  const favorites = { ...job, selection: { ...job.selection, anyOf: [isFavorite] } };
  return { things, favorites: await readAmount(sql, [favorites], hasMap) };
}

function criterionOf(schema: CriteriaSchema, kind: OfferKind, things: readonly Named[]): Criterion {
  switch (kind) {
    case 'album':
      return inAlbums(schema, things);
    case 'person':
      return showsPeople(schema, things, 'any', 0);
    case 'tag':
      return hasTags(schema, things);
  }
}

type AmountOf = Amount & { readonly thing: string };

async function countBy(sql: Sql, job: Job, criterion: Criterion, hasMap: boolean): Promise<AmountOf[]> {
  return await sql<AmountOf[]>`
    SELECT reason.thing, count(*)::int AS photos, coalesce(sum(e."fileSizeInByte"), 0)::float8 AS bytes
    FROM asset a
    CROSS JOIN LATERAL (
      SELECT DISTINCT found.thing
      FROM (${thingsOf(sql, criterion, 'a') ?? sql`SELECT NULL::text`}) AS found (thing)
    ) AS reason
    LEFT JOIN asset_exif e ON e."assetId" = a.id
    WHERE a."ownerId" = ${job.sourceUserId}
      AND ${isSelectedNow(sql, job, hasMap)}
    GROUP BY 1`;
}

/** "Trip 2" before "Trip 10". */
const BY_NAME = new Intl.Collator('en', { numeric: true });

/** The same things with what was counted of them, those with the most photos first. */
export function withAmounts<T extends Named, K extends OfferKind>(
  kind: K,
  things: readonly T[],
  amounts: readonly AmountOf[],
): (T & Amount & { readonly kind: K })[] {
  const known = new Map(amounts.map(({ thing, photos, bytes }) => [thing, { photos, bytes }]));
  return things.map((thing) => ({ ...thing, kind, ...known.get(thing.id) ?? NO_AMOUNT }))
    .toSorted((one, other) => other.photos - one.photos || BY_NAME.compare(one.name, other.name));
}

/** How the configuration is to call something, and what Immich calls it where that says more. */
export interface WrittenName {
  readonly text: string;
  readonly comment?: string;
}

/** What names in the configuration mean now: ids, each with the name. What means nothing, or several things, is left out. Reads only. */
export async function readNamed(
  sql: Sql,
  schema: CriteriaSchema,
  ownerId: string,
  names: readonly { readonly kind: OfferKind; readonly text: string }[],
  remembered: ReadonlyMap<string, readonly RememberedName[]>,
): Promise<ReadonlyMap<string, string>> {
  const references = names.map((name) => ({ ...name, ownerId }));
  const found = await findNamed(sql, schema, references, remembered);
  return new Map(references.flatMap((reference) => {
    const key = keyOfReference(reference);
    const { fitting = [], alive = [] } = found.get(key) ?? {};
    const [only, ...others] = remembered.has(key) ? alive : fitting;
    return only === undefined || others.length > 0 ? [] : [[only.id, reference.text] as const];
  }));
}

/**
 * What is to be written for these things: the name where it means this one and nothing else, as jobs find it, else the id. Reads only.
 *
 * @param ownerId whose they are; NOBODY_ID for albums that users share with one another
 * @param remembered what names in the configuration stand for, which they go on to mean
 */
export async function writtenNames(
  sql: Sql,
  schema: CriteriaSchema,
  ownerId: string,
  things: readonly (Named & { readonly kind: OfferKind })[],
  remembered: ReadonlyMap<string, readonly RememberedName[]>,
): Promise<WrittenName[]> {
  const referenceTo = ({ kind, name }: (typeof things)[number]) => ({ kind, ownerId, text: name });
  const writable = things.filter(({ name }) => isWritable(name));
  const found = await findNamed(sql, schema, writable.map(referenceTo), remembered);
  return things.map((thing) => {
    const key = keyOfReference(referenceTo(thing));
    const meant = [...found.get(key)?.fitting ?? [], ...remembered.get(key) ?? []];
    const isOnly = isWritable(thing.name) && meant.length > 0 && meant.every(({ id }) => id === thing.id);
    return isOnly ? { text: thing.name } : { text: thing.id, comment: thing.name };
  });
}

/** Whether a name can stand in the configuration as it is. */
function isWritable(name: string): boolean {
  return namesType.schema.safeParse([name]).data?.[0] === name;
}
