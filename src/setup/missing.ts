import { isSharing } from '../config/config.ts';
import { list, plural } from '../config/words.ts';
import { UserError } from '../errors.ts';
import { findCompose } from './compose/read.ts';
import { SELECTION_FLAGS } from './questions/selection.ts';
import type { Session } from './session.ts';

/**
 * Throws UserError that names every flag without which nothing can be set up unattended, when there are several: one after the other would
 * take as many runs. A single one is left to its question, which also says what can be written.
 */
export function assertComplete({ dialogue, existing, home }: Session): void {
  if (dialogue.isAttended) return;
  const { config, find, place } = existing;
  const hasMounts = dialogue.has('--mount') || find('UPLOAD_LOCATION') !== undefined;
  const hasCompose = dialogue.has('--compose') || findCompose(place.cwd, home) !== undefined;
  const isChosen = SELECTION_FLAGS.some((flag) => dialogue.has(flag));
  const kind = dialogue.given('--share') ?? (isChosen ? 'chosen' : undefined);
  const isNewShare = kind !== undefined && kind !== 'albums' && !config.jobs.some(({ name }) => name === kind);
  const wanted: readonly (readonly [flag: string, isNeeded: boolean])[] = [
    ['--compose', !hasCompose && !hasMounts],
    ['--api-key-file', config.immich.apiKey === undefined],
    ['--db-password-file', !hasCompose && find('DB_PASSWORD') === undefined && find('DB_URL') === undefined],
    [
      '--share',
      kind === undefined && !dialogue.has('--write-to') && !dialogue.has('--shared-albums') && !isSharing(config),
    ],
    ['--from', isNewShare],
    ['--to', isNewShare],
    ['--path', isNewShare && kind === 'external'],
  ];
  const missing = wanted.filter(([flag, isNeeded]) => isNeeded && !dialogue.has(flag)).map(([flag]) => flag);
  if (missing.length < 2) return;
  throw new UserError(`${list(missing)} ${plural(missing.length, 'is', 'are')} missing.`, {
    problemCode: 'usage',
    remedy: 'Add them, or run setup on a terminal, where it asks. setup --help says what each of them is.',
  });
}
