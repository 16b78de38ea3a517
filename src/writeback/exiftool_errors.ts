import { WriteProblem } from './write_problem.ts';

/** What may be over the next time. That something in the file is not found is not. */
const PASSING =
  /Error (?:opening|creating|writing output|renaming|removing|seeking)|No space|File not found|Permission|Out of memory/i;

/** What ExifTool says when it has given up in the middle, be it for the file or for the disk. */
const GAVE_UP = /^Error: Error writing output file/;

/** Of a file that it gave up it says before what is wrong with it. */
const BROKEN = /^Warning: (?!\[minor\]).*/im;

/** Why ExifTool did not write a file. */
export interface ExifToolRefusal {
  readonly problem: WriteProblem;
  /** Only the disk tells whether the file is to blame: a full one ends in the same words, and the warning may be harmless. */
  readonly mayBeDisk: boolean;
}

/**
 * The reason why ExifTool did not write a file. What it says about the content of a file holds until the file changes.
 *
 * @param messages lines such as `Error: Writing of AVI files is not yet supported - /photos/film.avi`
 */
export function refusal(path: string, messages: string): ExifToolRefusal {
  const broken = BROKEN.exec(messages)?.[0];
  const lines = messages.split('\n');
  const end = lines.find((text) => text.startsWith('Error')) ?? (broken === undefined ? lines[0] ?? '' : '');
  const mayBeDisk = broken !== undefined && GAVE_UP.test(end);
  const isPassing = !mayBeDisk && (PASSING.test(end) || (end === '' && broken === undefined));
  const line = isPassing ? end : broken ?? end;
  const reason = line.replace(/^(?:Error|Warning):\s*/, '').replace(/ - \/.*$/s, '');
  const problem = new WriteProblem(isPassing ? 'failed' : 'unwritable', path, `ExifTool says: ${reason || 'nothing'}`);
  return { problem, mayBeDisk };
}

/** Tags of which ExifTool says that it has cut them: `Warning: [minor] IPTC:Keywords exceeds length limit (truncated) - /photos/a.jpg` */
export function truncatedTags(messages: string): string[] {
  return [...messages.matchAll(/([\w-]+:[\w-]+) exceeds length limit \(truncated\)/g)].map(([, tag = '']) => tag);
}
