/**
 * The lines of src that were come by, file by file, in a report of `deno coverage --lcov` about files in `directory`. Pure.
 *
 * The report says 0 of a line of which any part was not run, such as `if (a) return;` where a never holds. So the line behind one that was
 * run counts too: at worst a test is asked in vain.
 */
export function visitedLines(lcov: string, directory: string): Record<string, number[]> {
  const lines: Record<string, number[]> = {};
  let file: string | undefined;
  let wasHit = false;
  for (const line of lcov.split('\n')) {
    if (line.startsWith('SF:')) {
      file = line.slice(3).split(`${directory}/`)[1];
      wasHit = false;
    }
    const [, number, count] = /^DA:(\d+),(\d+)/.exec(line) ?? [];
    if (number === undefined || !file?.startsWith('src/')) continue;
    const isHit = count !== '0';
    if (isHit || wasHit) (lines[file] ??= []).push(Number(number));
    wasHit = isHit;
  }
  return lines;
}
