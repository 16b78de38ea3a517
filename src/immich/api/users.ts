import { z } from 'zod';
import type { ImmichApi } from './client.ts';

/** A user as an administrator sees them. */
export interface ImmichUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly isAdmin: boolean;
}

const userAnswer = z.object({
  id: z.guid(),
  name: z.string(),
  email: z.string(),
  isAdmin: z.boolean(),
  deletedAt: z.string().nullish(),
});

/** Everybody who has not been deleted, by name. Needs the permission adminUser.read and a key of an administrator. */
export async function listUsers(api: ImmichApi): Promise<readonly ImmichUser[]> {
  const users = await api.get('/admin/users', z.array(userAnswer));
  return users
    .filter(({ deletedAt }) => deletedAt === null || deletedAt === undefined)
    .map(({ id, name, email, isAdmin }) => ({ id, name, email, isAdmin }))
    .toSorted((a, b) => a.name.localeCompare(b.name) || a.email.localeCompare(b.email));
}

/** Whose key it is. Needs the permission user.read. */
export async function readOwnUser(api: ImmichApi): Promise<ImmichUser> {
  const { id, name, email, isAdmin } = await api.get('/users/me', userAnswer);
  return { id, name, email, isAdmin };
}
