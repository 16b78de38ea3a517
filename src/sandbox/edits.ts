import type { ConfigurationEdit, EditAnswer } from './supervision.ts';
import type { Resolution, WriterAnswer, WriterTask } from './messages.ts';
import type { Permissions } from './permissions.ts';
import { askWorker } from './start_worker.ts';
import { dirname } from 'node:path';

/** What is asked before something that somebody has edited is written. */
export interface EditJudges {
  /** What the configuration as it is now allows. */
  readonly now: Resolution;
  /** The same with these files. */
  readonly then: Resolution;
}

/** Whether files of the configuration may become what they are to be, and what has to be confirmed on the console first. Pure. */
export function judgeEdit({ files }: ConfigurationEdit, { now, then }: EditJudges): EditAnswer {
  const other = files.find(({ path }) => !now.editable.includes(path));
  if (other !== undefined) {
    return { kind: 'refused', message: 'That is no file of the configuration.', remedy: 'Edit it where it lies.' };
  }
  if (!then.isValid) return { kind: 'wrong', problems: then.problems };
  if (then.refusal !== undefined) return { kind: 'refused', ...then.refusal };
  return { kind: 'fine', widens: widened(now, then) };
}

const WORDS: Readonly<Record<Exclude<keyof Permissions, 'ffi' | 'import'>, string>> = {
  net: 'connect to',
  read: 'read',
  write: 'write to',
  env: 'know the variable',
  run: 'start',
  sys: 'ask the system for',
};

/** What would be allowed that is not. */
function widened(now: Resolution, then: Resolution): string[] {
  const more = (Object.keys(WORDS) as (keyof typeof WORDS)[]).flatMap((kind) => {
    const known = new Set(now.permissions[kind]);
    return then.permissions[kind].filter((what) => !known.has(what)).map((what) => `${WORDS[kind]} ${what}`);
  });
  const isOther = now.identity !== then.identity || then.told.some((one) => !now.told.includes(one));
  return isOther ? [...more, 'another address, token or password'] : more;
}

/** Has a worker write them, which may do that and nothing else. */
export async function writeEdit(task: WriterTask): Promise<WriterAnswer> {
  const directories = [...new Set(task.files.map(({ path }) => dirname(realPathOf(path))))];
  const all = [...new Set([...directories, ...task.files.map(({ path }) => dirname(path))])];
  return await askWorker<WriterAnswer>('writer', {
    read: all,
    write: all,
    sys: ['uid'],
    net: false,
    env: false,
    run: false,
    ffi: false,
    import: false,
  }, task);
}

/** A link to a file elsewhere stays one. */
function realPathOf(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
