import type { JobConfig } from '../../config/config.ts';
import type { ImmichUser } from '../../immich/api/users.ts';
import { draftConfig } from '../drafts.ts';
import type { Directories, Session } from '../session.ts';
import type { Sizes } from '../sizes.ts';

/**
 * Whether people whom both call the same are one for the receiver. Not asked where there are none, unless the command line says something of it; where nobody
 * knows how many there are, it is.
 */
export async function askMatchPeople(
  { dialogue, existing }: Session,
  { sizes, directories }: { readonly sizes: Sizes; readonly directories: Directories },
  { source, target, job }: {
    readonly source: ImmichUser;
    readonly target: ImmichUser;
    readonly job: JobConfig | undefined;
  },
): Promise<boolean> {
  const flag = '--match-people';
  const initial = job?.matchPeople === 'name';
  const alike = await sizes.namesakes(source.id, target.id, draftConfig(existing, directories));
  if (alike === 0 && !dialogue.has(flag)) return initial;
  const both = `${source.name} and ${target.name}`;
  return await dialogue.yesNo({
    flag,
    message: alike === undefined || alike === 0
      ? `Are people whom both call the same also the same, for ${target.name}?`
      : alike === 1
      ? `${both} have one person of the same name. Is that the same person?`
      : `${both} have ${alike.toLocaleString('en')} people of the same names. Are they the same people?`,
    help:
      `With yes ${target.name}'s own "Anna" gets the faces of ${source.name}'s "Anna". With no there are two, who can be merged in Immich.`,
    initial,
  });
}
