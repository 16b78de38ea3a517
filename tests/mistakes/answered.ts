import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import type { Run } from '../cli/program.ts';
import type { Mistake } from './mistake.ts';

/** Says what is wrong and what repairs it, ends with the right code, and calls it no fault of its own. */
export function assertAnswered({ says, code = EXIT.usage }: Mistake, outcome: Run): void {
  const said = outcome.stderr + outcome.stdout;
  for (const expected of says) assert.match(said, expected);
  assert.equal(outcome.code, code, said);
  assert.doesNotMatch(said, /internal error|\n {4}at |file:\/\//);
}
