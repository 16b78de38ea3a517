import { quote } from '../../config/quote.ts';
import { pathPrefix } from '../../config/values.ts';
import { list } from '../../config/words.ts';
import { UserError } from '../../errors.ts';
import { PathMap } from '../../files/path_map.ts';
import type { ImmichLibrary } from '../../immich/api/libraries.ts';
import type { ImmichUser } from '../../immich/api/users.ts';
import type { Directories, Session } from '../session.ts';
import { parse } from './server.ts';

interface Source {
  readonly source: ImmichUser;
  readonly libraries: readonly ImmichLibrary[];
  /** What a job shares already. */
  readonly initial: string | undefined;
}

/** Which directory of somebody's external libraries is shared, as Immich sees it, with a slash at the end. */
export async function askSourcePath(
  { dialogue }: Session,
  { mounts }: Directories,
  { source, libraries, initial }: Source,
): Promise<string> {
  const importPaths = [...new Set(libraries.flatMap((library) => library.importPaths.map(slashed)))];
  const check = (text: string) => {
    const path = parse(pathPrefix, text);
    if (!importPaths.some((importPath) => path.startsWith(importPath))) {
      throw new UserError(`${source.name} has no external library at ${quote(path)}.`, {
        problemCode: 'setup-answer',
        remedy: `Choose ${list(importPaths, 'or')}, or a directory below.`,
      });
    }
    const local = new PathMap(mounts).toLocal(path.slice(0, -1));
    if (local === undefined) {
      throw new UserError(`${quote(path)} lies in none of the directories that are mounted here.`, {
        problemCode: 'setup-answer',
        remedy: `Known are ${mounts.map((mount) => mount.immich).join(', ')}. Run setup again and add it: --mount ${
          path.slice(0, -1)
        }=DIRECTORY.`,
      });
    }
    assertReadable(path, local);
    return path;
  };
  const options = importPaths.map((path) => ({
    value: path,
    label: `all of ${path}`,
    words: [path, path.slice(0, -1)],
  }));
  const below = { value: '', label: 'only a directory in it …', words: [] };
  const chosen = await dialogue.choose({
    flag: '--path',
    message: `What does ${source.name} share?`,
    help:
      "Directories as Immich's container knows them. Only photos in the one that you choose, and below, are shared.",
    options: [...options, below],
    initial: initial !== undefined && importPaths.includes(initial)
      ? initial
      : initial !== undefined && dialogue.isAttended
      ? ''
      : initial ?? (importPaths.length === 1 || dialogue.isAttended ? importPaths[0] : undefined),
    other: check,
    check: (path) => path === '' ? undefined : void check(path),
  });
  if (chosen !== '') return chosen;
  return await dialogue.text({
    flag: '--path',
    message: 'Which directory?',
    initial: initial ?? importPaths[0],
    check,
  });
}

function assertReadable(path: string, local: string): void {
  try {
    for (const _ of Deno.readDirSync(local)) return;
  } catch (error) {
    const why = error instanceof Deno.errors.PermissionDenied ? 'may not be read by this user' : 'is not there';
    throw new UserError(`${quote(path)}, which should be ${quote(local)} here, ${why}.`, {
      problemCode: 'setup-answer',
      remedy: "Check the spelling, and run setup as a user who may read and write Immich's files.",
    });
  }
}

function slashed(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}
