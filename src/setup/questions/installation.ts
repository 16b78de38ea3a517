import type { ComposeFacts } from '../compose/facts.ts';
import { findCompose, readCompose } from '../compose/read.ts';
import type { Session } from '../session.ts';

/** Where Immich is installed: what its Compose file says, or undefined when there is none here. */
export async function askInstallation({ dialogue, existing, home }: Session): Promise<ComposeFacts | undefined> {
  const { cwd } = existing.place;
  const isKnown = dialogue.has('--mount') || existing.find('UPLOAD_LOCATION') !== undefined;
  return await dialogue.text({
    flag: '--compose',
    message: "Directory of Immich's docker-compose.yml",
    help:
      'The settings of the database and the mounted directories are read from that file, and nothing in it is changed. ' +
      'Write none if Immich runs without Compose, or on another machine.',
    initial: dialogue.has('--compose') ? undefined : findCompose(cwd, home) ?? (isKnown ? 'none' : undefined),
    check: (text) => text.trim().toLowerCase() === 'none' ? undefined : readCompose(text.trim(), cwd, home),
  });
}
