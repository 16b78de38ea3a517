import { UserError } from '../errors.ts';
import { printError } from './output.ts';

/** Whether the user wants what a command is about to do: said with --yes, or asked once. */
export interface Consent {
  /**
   * Shows what will be done and asks, unless that was answered before. Anything but yes is no, and a no is confirmed.
   *
   * Throws UserError (exit 2) naming the flag, when there is no terminal to ask on: nothing piped is taken for an answer.
   */
  isGiven(what: string, question: string): boolean;
}

/** What is said instead of asking where nobody can be asked. */
export function notConfirmed(): UserError {
  return new UserError('--yes is missing: this has to be confirmed, and there is no terminal to ask on.', {
    problemCode: 'usage',
    remedy: 'Look at it with --dry-run, then add --yes.',
  });
}

export function consentOf({ yes = false }: { readonly yes?: boolean }): Consent {
  let isGiven = yes;
  return {
    isGiven: (what, question) => {
      if (isGiven) return true;
      if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) {
        throw notConfirmed();
      }
      printError(`${what}${question} [y/N] `);
      isGiven = /^(y|yes)$/i.test(readLine().trim());
      if (!isGiven) printError('Nothing was changed.\n');
      return isGiven;
    },
  };
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
