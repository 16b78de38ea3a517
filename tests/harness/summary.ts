export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Reads the counts off the last line that `deno test` prints, e.g. `FAILED | 3 passed (2 steps) | 1 failed (2s)`.
 *
 * A run that ended badly never counts as clean: without that line (a file that does not load), or when all counted
 * tests passed and yet the exit code says otherwise (an error outside of any test), one failure is counted.
 */
export function parseSummary(output: string, exitCode: number): Summary {
  // deno-lint-ignore no-control-regex
  const plain = output.replaceAll(/\x1b\[[0-9;]*m/g, '');
  const line = plain.split('\n').findLast((text) => /^(ok|FAILED) \| \d+ passed/.test(text)) ?? '';
  const count = (what: string) => Number(new RegExp(`(\\d+) ${what}`).exec(line)?.[1] ?? 0);
  return {
    passed: count('passed'),
    failed: Math.max(count('failed'), exitCode === 0 ? 0 : 1),
    skipped: count('ignored'),
  };
}
