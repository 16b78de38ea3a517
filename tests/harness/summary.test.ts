import assert from 'node:assert/strict';
import { parseSummary } from './summary.ts';

Deno.test('a summary of deno test is read with and without colours', () => {
  const summary = '\nok | 12 passed (3 steps) | 0 failed | 2 ignored (1s)\n\n';
  assert.deepEqual(parseSummary(summary, 0), { passed: 12, failed: 0, skipped: 2 });
  const coloured = '\x1b[1m\x1b[31mFAILED\x1b[0m | 3 passed | 1 failed \x1b[38;5;245m(9ms)\x1b[0m\n';
  assert.deepEqual(parseSummary(coloured, 1), { passed: 3, failed: 1, skipped: 0 });
});

Deno.test('a run that ended badly is never reported without a failure', () => {
  assert.equal(parseSummary('error: Module not found', 1).failed, 1);
  assert.equal(parseSummary('ok | 5 passed | 0 failed (1s)', 1).failed, 1);
});
