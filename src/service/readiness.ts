import { wordsFor } from '../problems/codes.ts';
import type { Snapshot } from './snapshot.ts';

/** One thing that `/readyz` looks at. */
export interface ReadinessCheck {
  readonly name: 'database' | 'cycle' | 'brake';
  readonly ok: boolean;
  /** What is wrong; empty when nothing is. */
  readonly message: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
}

/** A cycle is fresh for so many intervals, and at least for so long: one that copies a few thousand photos takes a while. */
const FRESH_INTERVALS = 3;
const FRESH_SECONDS = 300;

/**
 * Whether photos are being shared as they should be. A standby instance is ready: it has nothing to do. So is one whose first cycle
 * goes on, which may take hours: it has seen the database and the schema.
 */
export function readinessOf(snapshot: Snapshot, nowMs: number): Readiness {
  const last = snapshot.cycles.at(-1);
  const isConnected = snapshot.phase !== 'connecting' && snapshot.phase !== 'stopped';
  const checks: ReadinessCheck[] = [
    check(
      'database',
      isConnected ? '' : ['there is no connection to the database', last?.error?.what].filter(Boolean).join(': '),
    ),
    check('cycle', staleness(snapshot, nowMs)),
    check(
      'brake',
      snapshot.brakes.map(({ job }) => `${job}: ${wordsFor('brake')}`).join('; '),
    ),
  ];
  return { ready: checks.every(({ ok }) => ok), checks };
}

function check(name: ReadinessCheck['name'], message: string): ReadinessCheck {
  return { name, ok: message === '', message };
}

function staleness({ cycles, phase, intervalSeconds }: Snapshot, nowMs: number): string {
  const last = cycles.at(-1);
  if (last?.outcome === 'failed') return `the last cycle failed: ${last.error?.what ?? ''}`;
  if (last === undefined || phase === 'working' || phase === 'writing' || phase === 'standby') return '';
  const age = (nowMs - Date.parse(last.startedAt)) / 1_000 - last.seconds;
  const limit = Math.max(FRESH_INTERVALS * intervalSeconds, FRESH_SECONDS);
  return age > limit ? `the last cycle ended ${Math.round(age)} s ago` : '';
}
