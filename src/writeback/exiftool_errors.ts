import { WriteProblem } from './write_problem.ts';

/** What may be over the next time. */
const PASSING =
  /Error (?:opening|creating|writing|reading|renaming|removing|seeking)|No space|not found|Permission|Out of memory/i;

/**
 * The reason why ExifTool did not write a file. What it says about the format of a file holds until the file changes.
 *
 * @param messages lines such as `Error: Writing of AVI files is not yet supported - /photos/film.avi`
 */
export function refusal(path: string, messages: string): WriteProblem {
  const line = messages.split('\n').find((text) => text.startsWith('Error')) ?? messages.split('\n')[0] ?? '';
  const reason = line.replace(/^(?:Error|Warning):\s*/, '').replace(/ - \/.*$/s, '');
  return new WriteProblem(
    PASSING.test(line) || line === '' ? 'failed' : 'unwritable',
    path,
    `ExifTool says: ${reason || 'nothing'}`,
  );
}
