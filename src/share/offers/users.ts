import type { Sql } from '../../postgres/connect.ts';

/** Somebody with an account in Immich. */
export interface OfferedUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** Everybody who could share or receive, by name. Reads only. */
export async function listOfferedUsers(sql: Sql): Promise<OfferedUser[]> {
  return await sql<OfferedUser[]>`
    SELECT id, name, email
    FROM "user"
    WHERE "deletedAt" IS NULL
    ORDER BY name, email`;
}
