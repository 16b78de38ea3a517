import { hostAndPort } from '../../config/hosts.ts';
import { type NotifyTarget, queryOf } from '../../config/notify.ts';

/** The address of a service, with this path behind the one that somebody wrote. */
export function addressOf(target: NotifyTarget, path: string): URL {
  return new URL(`${target.isEncrypted ? 'https' : 'http'}://${hostAndPort(target)}/${path}`);
}

/** The same with what stands behind the "?" of the address that somebody wrote, but for what is meant for this program. */
export function withQuery(url: URL, target: NotifyTarget): URL {
  for (const [name, value] of Object.entries(queryOf(target))) url.searchParams.set(name, value);
  return url;
}

/** Sends it as a POST. Throws Error when the answer is not that it was taken; a redirection is none. */
export async function post(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const answer = await fetch(url, { method: 'POST', body, headers, redirect: 'error', signal });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`it answered with ${answer.status}`);
}

/** User name and password as HTTP has them; a password alone, or a user alone, is a token. */
export function authorizationOf({ username, password }: NotifyTarget): Record<string, string> {
  const [user, secret] = [username?.reveal(), password?.reveal()];
  if (user === undefined) return {};
  if (secret === undefined || user === '') return { authorization: `Bearer ${secret ?? user}` };
  return { authorization: `Basic ${new TextEncoder().encode(`${user}:${secret}`).toBase64()}` };
}
