import { quote } from '../../config/quote.ts';
import { timeZone } from '../../config/values.ts';
import { UserError } from '../../errors.ts';
import type { WriteAnswer } from '../answers.ts';
import type { ComposeFacts } from '../compose/facts.ts';
import type { Server, Session } from '../session.ts';
import { parse } from './server.ts';

/** How what Immich knows gets into the files. */
export async function askWriteBack(
  { dialogue, existing }: Session,
  server: Server,
  compose: ComposeFacts | undefined,
): Promise<WriteAnswer> {
  const { write } = existing.config;
  const destination = await dialogue.choose<WriteAnswer['destination']>({
    flag: '--write-to',
    message: 'Where shall people, places, captions and dates be written?',
    help:
      'Sidecars are small files (photo.jpg.xmp) beside the photos, which stay as they are. Uploads whose files change are ' +
      "listed by Immich's integrity report (3.0 and later); with sidecars they are not.",
    options: [
      { value: 'embed', label: 'into the photos and videos', hint: 'every program finds it', words: ['embed'] },
      { value: 'sidecar', label: 'into sidecars', hint: 'the photos stay untouched', words: ['sidecar'] },
      { value: 'both', label: 'into both', words: ['both'] },
    ],
    initial: write.destination,
  });
  const source = await dialogue.choose<WriteAnswer['source']>({
    flag: '--write-source',
    message: 'For whose photos?',
    options: [
      {
        value: 'database',
        label: 'for users that you choose',
        hint: "read from Immich's database, fast",
        words: ['database'],
      },
      {
        value: 'api',
        label: `only for ${server.me.name}`,
        hint: 'the key needs asset.read, too',
        words: ['api'],
      },
    ],
    initial: existing.find('WRITE_SOURCE') === undefined ? 'database' : write.source,
  });
  const known = server.users.filter(({ id }) => write.userIds.includes(id)).map(({ name }) => name).join(', ');
  const userIds = source === 'api' ? [] : await dialogue.text({
    flag: '--write-users',
    message: 'Users, separated by commas, or all',
    help: server.users.map(({ name }) => name).join(', '),
    initial: known || 'all',
    check: (text) => usersIn(text, server),
  });
  const zone = await dialogue.text({
    flag: '--time-zone',
    message: 'Time zone for photos whose zone is not known, or none',
    help:
      'It is used where neither Immich nor the file knows the zone of a photo. With none, such dates are written without an offset.',
    initial: write.timeZone ?? compose?.timeZone ?? 'none',
    check: (text) => text.trim().toLowerCase() === 'none' ? undefined : parse(timeZone, text),
  });
  return { destination, source, userIds, timeZone: zone };
}

/** Ids of users by name, address or id; none for `all`. */
function usersIn(text: string, { users }: Server): readonly string[] {
  const words = text.split(',').map((word) => word.trim().toLowerCase()).filter((word) => word !== '');
  if (words.length === 1 && words[0] === 'all') return [];
  if (words.length === 0) {
    throw new UserError('Nobody was named.', { problemCode: 'setup-answer', remedy: 'Write names, or all.' });
  }
  return words.map((word) => {
    const [only, second] = users.filter(({ id, name, email }) =>
      [id, name, email].some((one) => one.toLowerCase() === word)
    );
    if (only !== undefined && second === undefined) return only.id;
    throw new UserError(
      only === undefined ? `There is no user ${quote(word)}.` : `Several users are called ${quote(word)}.`,
      {
        problemCode: 'setup-answer',
        remedy: `Write names or e-mail addresses: ${users.map(({ email }) => email).join(', ')}.`,
      },
    );
  });
}
