import { type ProblemCode, wordsFor } from '../problems/codes.ts';
import type { Snapshot } from './snapshot.ts';

/** One thing that `/readyz` looks at. */
export interface ReadinessCheck {
  readonly name: 'configuration' | 'database' | 'cycle' | 'brake';
  readonly ok: boolean;
  /** What is wrong; empty when nothing is. */
  readonly message: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
}

/** There is no connection; after all others there was one, and it was left. */
const OF_THE_CONNECTION: ReadonlySet<ProblemCode> = new Set([
  'database-away',
  'database-login',
  'database-name',
  'database-tls',
  'database-pooler',
  'database-machine',
  'immich-at-work',
  'no-answer',
  'internal',
]);

/** A cycle is fresh for so many intervals, and at least for so long: one that copies a few thousand photos takes a while. */
const FRESH_INTERVALS = 3;
const FRESH_SECONDS = 300;

/**
 * Whether photos are being shared as they should be. A standby instance is ready: it has nothing to do. So is one that somebody has paused, and one whose first cycle
 * goes on, which may take hours: it has seen the database and the schema.
 */
export function readinessOf(snapshot: Snapshot, nowMs: number): Readiness {
  const last = snapshot.cycles.at(-1);
  const isConnected = snapshot.phase !== 'unconfigured' && snapshot.phase !== 'connecting' &&
    snapshot.phase !== 'stopped';
  // A configuration that does not fit this Immich is found out with the database, which is left then.
  const misfit = snapshot.phase === 'unconfigured'
    ? snapshot.problems.map(({ what }) => what).join('; ')
    : isConnected || last?.error === undefined || OF_THE_CONNECTION.has(last.error.code)
    ? undefined
    : last.error.what;
  const checks: ReadinessCheck[] = [
    check('configuration', misfit ?? ''),
    check(
      'database',
      isConnected || misfit !== undefined
        ? ''
        : ['there is no connection to the database', last?.error?.what].filter(Boolean).join(': '),
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

function staleness({ cycles, phase, intervalSeconds, pausedSince }: Snapshot, nowMs: number): string {
  const last = cycles.at(-1);
  if (last?.outcome === 'failed') return `the last sync failed: ${last.error?.what ?? ''}`;
  if (
    last === undefined || pausedSince !== undefined || phase === 'working' || phase === 'writing' || phase === 'standby'
  ) return '';
  const age = (nowMs - Date.parse(last.startedAt)) / 1_000 - last.seconds;
  const limit = Math.max(FRESH_INTERVALS * intervalSeconds, FRESH_SECONDS);
  return age > limit ? `the last sync ended ${Math.round(age)} s ago` : '';
}
