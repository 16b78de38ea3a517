import { messageOf, UserError } from '../errors.ts';
import { STAGED } from '../service/settings/desk.ts';
import { putBeside, putInPlace } from '../setup/replace_files.ts';

/** A file of the configuration, and what it held when somebody looked. */
interface Written {
  readonly path: string;
  readonly old: string | undefined;
  readonly text: string;
}

/** What was kept, or why nothing was written. */
type Outcome =
  | { readonly kept: readonly string[] }
  | {
    readonly refusal: {
      readonly problemCode: UserError['problemCode'];
      readonly message: string;
      readonly remedy: string;
    };
  };

/** Writes what somebody has edited, after it was found to be right; or beside the old files, where it has to be confirmed on the console. */
export function writeConfiguration(
  { files, isStaged }: { readonly files: readonly Written[]; readonly isStaged: boolean },
): Outcome {
  try {
    if (isStaged) {
      putBeside(files, STAGED);
      return { kept: [] };
    }
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
    return { kept: putInPlace(files, { stamp, owner: undefined }).flatMap(({ backup }) => backup ?? []) };
  } catch (error) {
    const { message, remedy } = error instanceof UserError ? error : {
      message: `It cannot be written: ${messageOf(error)}.`,
      remedy: 'Let this user write there (in a container: mount /config without :ro).',
    };
    return { refusal: { problemCode: 'not-writable', message, remedy } };
  }
}
