import type { Fragment, Sql } from '../postgres/connect.ts';
import type { ImmichSchema } from './schema.ts';

/**
 * Whether a row of `person` takes part in a native share of people (`person_user`, from Immich 3.3), be it that its owner has received
 * the person or passed them on. Immich deletes what somebody has received together with their row, and with the row of the one who gave it what
 * they gave; so such a row is its owner's (docs/immich.md). False in releases without native shares.
 *
 * @param owner whose row it is, as an expression
 * @param person the person's identity, as an expression
 */
export function isNativelyShared(
  sql: Sql,
  schema: Pick<ImmichSchema, 'has'>,
  owner: Fragment,
  person: Fragment,
): Fragment {
  if (!schema.has('person_user')) return sql`false`;
  return sql`
    EXISTS (
      SELECT 1
      FROM person_user share
      WHERE share."personGroupId" = ${person}
        AND (share."sharedWithId" = ${owner} OR share."sharedById" = ${owner})
    )`;
}

/** Whether `giver` shares the person natively with `receiver`, and so shows them the person's thumbnail too. All are expressions. */
export function isNativelySharedBy(
  sql: Sql,
  schema: ImmichSchema,
  { giver, receiver, person }: { readonly giver: Fragment; readonly receiver: Fragment; readonly person: Fragment },
): Fragment {
  if (!schema.has('person_user')) return sql`false`;
  return sql`
    EXISTS (
      SELECT 1
      FROM person_user share
      WHERE share."personGroupId" = ${person}
        AND share."sharedById" = ${giver}
        AND share."sharedWithId" = ${receiver}
    )`;
}
