/** Why commands cannot be run in a pseudo-terminal here; undefined if they can. */
export const noTerminal = await hasScript() ? undefined : 'script of util-linux is not here';

/** Runs a command in a pseudo-terminal. `script` takes one string for a shell. */
export const inTerminal: readonly string[] = ['sh', '-c', `script -qec "$(printf "'%s' " "$@")" /dev/null`, 'sh'];

/** The same with somebody who types this and Enter. */
export function typing(answer: string): readonly string[] {
  return ['sh', '-c', `printf '${answer}\\n' | script -qec "$(printf "'%s' " "$@")" /dev/null`, 'sh'];
}

async function hasScript(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command('script', { args: ['--version'], stdout: 'piped' }).output();
    return new TextDecoder().decode(stdout).includes('util-linux');
  } catch {
    return false;
  }
}
