import assert from 'node:assert/strict';
import { FaultError, faultOf } from '../../src/postgres/faults.ts';

const CODES = {
  lost: [
    '08000',
    '08003',
    '08006',
    '57P01',
    '57P02',
    '57P03',
    '57P05',
    '25P03',
    '25P04',
    '25006',
    '53300',
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ETIMEDOUT',
    'CONNECT_TIMEOUT',
    'CONNECTION_CLOSED',
    'CONNECTION_DESTROYED',
    'CONNECTION_ENDED',
    'CONNECTION_LOST',
  ],
  conflict: ['40001', '40P01', '55P03', '57014'],
  schema: ['42703', '42P01', '42704', '42883', '42804', '42P10', '3F000'],
  row: ['22001', '22P02', '23502', '23503', '23505', '23514', 'P0001'],
  other: ['42601', '42501', '53100', 'XX000', '28P01', '3D000', 'ENOENT', 'UNSAFE_TRANSACTION', ''],
} as const;

for (const [fault, codes] of Object.entries(CODES)) {
  Deno.test(`an error is ${fault}: ${codes.filter(Boolean).join(' ')}`, () => {
    for (const code of codes) assert.equal(faultOf(Object.assign(new Error('x'), { code })), fault, code);
  });
}

Deno.test('a table that changed under a statement is told by the message, and by nothing else what is no error', () => {
  const changed = Object.assign(new Error('cached plan must not change result type'), { code: '0A000' });
  assert.equal(faultOf(changed), 'schema');
  assert.equal(faultOf(Object.assign(new Error('not supported'), { code: '0A000' })), 'other');
  assert.equal(faultOf('57P01'), 'other');
  assert.equal(faultOf(undefined), 'other');
  assert.equal(faultOf(new FaultError('schema', 'x', { remedy: 'y' })), 'schema');
});
