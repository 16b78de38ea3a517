import { WriteProblem } from './write_problem.ts';

/** What may be over the next time. That something in the file is not found is not. */
const PASSING =
  /Error (?:opening|creating|writing output|renaming|removing|seeking)|No space|File not found|Permission|Out of memory/i;

/** With these, it is the file that is to blame: ExifTool gives up in the middle and speaks of an error in writing. */
const BROKEN = /^Warning: (?!\[minor\]).*/im;

/**
 * The reason why ExifTool did not write a file. What it says about the content of a file holds until the file changes.
 *
 * @param messages lines such as `Error: Writing of AVI files is not yet supported - /photos/film.avi`
 */
export function refusal(path: string, messages: string): WriteProblem {
  const broken = BROKEN.exec(messages)?.[0];
  const line = broken ?? messages.split('\n').find((text) => text.startsWith('Error')) ?? messages.split('\n')[0] ?? '';
  const reason = line.replace(/^(?:Error|Warning):\s*/, '').replace(/ - \/.*$/s, '');
  const isPassing = broken === undefined && (PASSING.test(line) || line === '');
  return new WriteProblem(isPassing ? 'failed' : 'unwritable', path, `ExifTool says: ${reason || 'nothing'}`);
}

/** Tags of which ExifTool says that it has cut them: `Warning: [minor] IPTC:Keywords exceeds length limit (truncated) - /photos/a.jpg` */
export function truncatedTags(messages: string): string[] {
  return [...messages.matchAll(/([\w-]+:[\w-]+) exceeds length limit \(truncated\)/g)].map(([, tag = '']) => tag);
}
