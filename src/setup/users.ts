import { fold } from '../config/fold.ts';

/** Whether a job means this user: by id, or by e-mail or name until the database is asked. */
export function isCalled(
  { id, email, name }: { readonly id: string; readonly email: string; readonly name: string },
  reference: string | undefined,
): boolean {
  return reference !== undefined && [id, email, name].some((one) => fold(one) === fold(reference));
}
