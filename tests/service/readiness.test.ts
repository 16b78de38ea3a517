import assert from 'node:assert/strict';
import { UserError } from '../../src/errors.ts';
import { FaultError } from '../../src/postgres/faults.ts';
import { readinessOf } from '../../src/service/readiness.ts';
import { snapshotOf } from '../../src/service/snapshot.ts';
import { serviceLike } from '../browser/states.ts';

/** The names of the checks that fail after this was thrown. */
function failing(error: Error): string[] {
  const { state, config } = serviceLike('starting');
  state.failed(error, Date.now());
  state.enter('connecting', Date.now() + 1_000);
  const { checks } = readinessOf(snapshotOf(state, config, '1'), Date.now());
  return checks.filter(({ ok, name }) => !ok && name !== 'cycle').map(({ name }) => name);
}

Deno.test('readyz calls a configuration that does not fit by its name, and a database that is away by its', () => {
  assert.deepEqual(
    failing(new UserError('The configuration does not fit this Immich.', { problemCode: 'job-unfit', remedy: 'x' })),
    [
      'configuration',
    ],
  );
  assert.deepEqual(failing(new FaultError('lost', 'No PostgreSQL answers.', { remedy: 'x' })), ['database']);
});
