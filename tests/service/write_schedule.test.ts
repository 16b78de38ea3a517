import assert from 'node:assert/strict';
import { ServiceState } from '../../src/service/state.ts';
import { WriteSchedule } from '../../src/service/write_schedule.ts';
import { World } from '../share/world.ts';

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };
const NEVER = new AbortController().signal;

/** A world whose files are written at three in the morning, and a clock that can be set. */
async function open(window?: { from: number; to: number }) {
  const world = await World.open('v3.1.0');
  const clock = { ms: Date.parse('2026-03-01T12:00:00Z') };
  const write = {
    ...world.config.write,
    source: 'database' as const,
    destination: 'sidecar' as const,
    schedule: '0 3 * * *',
    timeZone: 'UTC',
    window,
  };
  const state = new ServiceState();
  const schedule = new WriteSchedule({ ...world.config, write }, state, () => clock.ms);
  return { world, clock, state, schedule, [Symbol.asyncDispose]: () => world.close() };
}

Deno.test('write-back runs when its time has come, and not before', async () => {
  await using it = await open();
  const { clock, state, schedule } = it;
  assert.equal(state.write.nextRunAt, '2026-03-02T03:00:00.000Z');
  assert.equal(await schedule.runIfDue(NEVER, SILENT), false);
  assert.equal(lastOf(state), undefined);
  clock.ms = Date.parse('2026-03-02T03:00:30Z');
  assert.equal(await schedule.runIfDue(NEVER, SILENT), false);
  assert.ok((lastOf(state)?.outcomes.written ?? 0) > 0, JSON.stringify(state.write));
  assert.equal(lastOf(state)?.interrupted, false);
  assert.equal(state.write.nextRunAt, '2026-03-03T03:00:00.000Z');
});

Deno.test('a run that is stopped by the end of its window goes on the next night', async () => {
  await using it = await open({ from: 180, to: 240 });
  const { clock, state, schedule } = it;
  clock.ms = Date.parse('2026-03-02T03:00:30Z');
  const stopped = AbortSignal.abort(new Error('the window has ended'));
  await schedule.runIfDue(stopped, SILENT);
  assert.equal(lastOf(state)?.interrupted, true);
  clock.ms = Date.parse('2026-03-02T04:00:30Z');
  assert.equal(await schedule.runIfDue(NEVER, SILENT), false);
  assert.equal(lastOf(state)?.interrupted, true);
  clock.ms = Date.parse('2026-03-03T03:00:30Z');
  await schedule.runIfDue(NEVER, SILENT);
  assert.equal(lastOf(state)?.interrupted, false);
});

Deno.test('what goes wrong is remembered, and the next night comes', async () => {
  await using it = await open();
  const { world, clock, state } = it;
  const write = { ...world.config.write, source: 'api' as const, schedule: '0 3 * * *', timeZone: 'UTC' };
  const schedule = new WriteSchedule({ ...world.config, write }, state, () => clock.ms);
  clock.ms = Date.parse('2026-03-02T03:00:30Z');
  await schedule.runIfDue(NEVER, SILENT);
  assert.match(state.write.error?.what ?? '', /none is configured/);
  assert.equal(state.write.nextRunAt, '2026-03-03T03:00:00.000Z');
});

function lastOf({ write }: ServiceState) {
  return write.last;
}
