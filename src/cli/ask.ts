import { UserError } from '../errors.ts';
import { printError } from './output.ts';

/**
 * Asks whether to go on, on the terminal; anything but yes is no. Nothing that is piped is taken for an answer.
 *
 * Throws UserError (exit 2) naming the flag that answers it, when there is no terminal.
 */
export function askToGoOn(question: string): boolean {
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) {
    throw new UserError('This has to be confirmed, and there is no terminal to ask on.', {
      remedy: 'Look at it with --dry-run, then add --yes.',
    });
  }
  printError(`${question} [y/N] `);
  return /^(y|yes)$/i.test(readLine().trim());
}

/** One line of standard input; what there is of it when the input ends. */
function readLine(): string {
  const buffer = new Uint8Array(1_024);
  const decoder = new TextDecoder();
  let line = '';
  while (!line.includes('\n')) {
    const count = Deno.stdin.readSync(buffer);
    if (count === null) break;
    line += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return line;
}
