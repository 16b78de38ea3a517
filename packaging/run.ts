import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT: string = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '');

/** A command that ended with something else than 0. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';

  constructor(command: string, readonly stderr: string) {
    super(`${command} failed:\n${stderr}`);
  }
}

/** Runs Deno itself. Throws CommandFailed. */
export async function deno(args: readonly string[], cwd: string): Promise<void> {
  await output(Deno.execPath(), args, cwd);
}

/** What a command prints. Throws CommandFailed, and NotFound when there is no such program. */
export async function output(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: '1' },
    stdin: 'null',
  }).output();
  if (!success) throw new CommandFailed(`${program} ${args.join(' ')}`, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** The commit that is checked out, with a mark when there are changes; null where that cannot be told. */
export async function currentCommit(): Promise<string | null> {
  try {
    const commit = (await output('git', ['rev-parse', '--short=12', 'HEAD'], ROOT)).trim();
    const isChanged = (await output('git', ['status', '--porcelain'], ROOT)).trim() !== '';
    return isChanged ? `${commit}, changed` : commit;
  } catch (error) {
    if (error instanceof CommandFailed || error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
