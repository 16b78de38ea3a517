import { randomBytes } from 'node:crypto';
import { Secret } from '../../config/secret.ts';
import type { Session } from '../session.ts';

const BYTES = 18;

/** Offers a token for the dashboard to somebody who sets up there, if there is none. Undefined: there will be none, or it stays as it is. */
export async function askDashboardToken(
  { dialogue, existing, offersToken, onSecret }: Session,
): Promise<Secret | undefined> {
  if (!offersToken || existing.find('HTTP_TOKEN') !== undefined) return undefined;
  const isWanted = await dialogue.yesNo({
    flag: '--dashboard-token',
    message: 'Make a token, with which you sign in on this dashboard?',
    help:
      'It is shown once, at the end. Those who know it see which photos wait or failed, can share, pause, undo and change settings here. ' +
      'Without one the dashboard shows counts to everybody who can reach it, and nothing can be done or changed there.',
    initial: true,
  });
  if (!isWanted) return undefined;
  const token = new Secret(randomBytes(BYTES).toString('base64url'));
  onSecret(token);
  return token;
}
