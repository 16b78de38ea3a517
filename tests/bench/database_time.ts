import { readdirSync, readFileSync } from 'node:fs';
import type { Sql } from '../../src/postgres/connect.ts';

/** What Linux counts in. */
const TICK_MICROS = 10_000;

interface Times {
  readonly parent: number;
  readonly own: number;
  readonly ofEnded: number;
}

/** What all processes of the server have taken of the processor so far, those that have ended too, in microseconds. Linux only. */
export async function databaseMicros(sql: Sql): Promise<number> {
  const [row] = await sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  const server = timesOf(String(row?.pid))?.parent ?? 0;
  const ended = timesOf(String(server));
  const living = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => timesOf(pid) ?? []);
  const ofLiving = living.filter(({ parent }) => parent === server).reduce((sum, { own }) => sum + own, 0);
  return ((ended?.own ?? 0) + (ended?.ofEnded ?? 0) + ofLiving) * TICK_MICROS;
}

function timesOf(pid: string): Times | undefined {
  try {
    // After the name, which may hold anything: state, parent, …; user and system time are the 14th and 15th of all.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ').map(Number);
    const at = (index: number) => fields[index] ?? 0;
    return { parent: at(1), own: at(11) + at(12), ofEnded: at(13) + at(14) };
  } catch {
    return undefined; // it has ended meanwhile
  }
}
