import { configure, type LogRecord, reset } from '@logtape/logtape';
import assert from 'node:assert/strict';
import { describeProgress, loggedProgress, Meter, type ProgressFigures } from '../../src/share/cycle/progress.ts';
import { Counting } from '../../src/share/cycle/counting.ts';
import { connect, disconnect } from '../../src/postgres/connect.ts';
import { ServiceState } from '../../src/service/state.ts';
import { withSharing } from '../../src/share/share.ts';
import { until } from '../crash/process.ts';
import { World } from './world.ts';

Deno.test('a copy is measured from its start to its end, with a rate and the time that is left', () => {
  const told: (ProgressFigures | undefined)[] = [];
  const meter = new Meter((figures) => void told.push(figures));
  meter.advance(5);
  meter.start('a', 0, 'photos');
  assert.equal(told.length, 0, 'where nothing is to be copied nothing is told');
  meter.start('a', 100, 'photos');
  meter.advance(30);
  meter.advance(20);
  const last = meter.figures();
  assert.deepEqual([last?.job, last?.done, last?.total, last?.unit], ['a', 50, 100, 'photos']);
  assert.ok((last?.perSecond ?? 0) > 0 && last?.secondsLeft !== undefined);
  meter.advance(80);
  assert.equal(meter.figures()?.secondsLeft, 0, 'more than was counted is no negative time');
  meter.stop();
  assert.deepEqual([told.length, told[0]?.secondsLeft, told.at(-1), meter.figures()], [
    5,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test('progress is said in words of people', () => {
  const figures = { job: 'a', unit: 'photos', total: 15_000, startedAt: '' } as const;
  assert.equal(describeProgress({ ...figures, done: 0, perSecond: 0, secondsLeft: undefined }), '0 of 15,000 photos');
  assert.equal(
    describeProgress({ ...figures, done: 1_234, perSecond: 45.2, secondsLeft: 305 }),
    '1,234 of 15,000 photos, 45 a second, about 5 minutes left',
  );
  assert.match(
    describeProgress({ ...figures, done: 1, perSecond: 0.4, secondsLeft: 40 }),
    /0\.4 a second, about 40 seconds left$/,
  );
  assert.match(describeProgress({ ...figures, done: 1, perSecond: 1, secondsLeft: 10_800 }), /about 3 hours left$/);
});

Deno.test('without a terminal the log says how far a copy is, as long as it goes on', async () => {
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { all: (record) => void records.push(record) },
    loggers: [{ category: ['immich-sidecar'], sinks: ['all'] }, { category: ['logtape', 'meta'], sinks: [] }],
  });
  try {
    const progress = loggedProgress(5);
    progress.start('alice to bob', 100, 'photos');
    progress.advance(40);
    await until('it is said twice', () => Promise.resolve(records.length >= 2));
    progress.stop();
    const said = records.length;
    assert.match(records[0]?.message.join('') ?? '', /^alice to bob: 40 of 100 photos, /);
    assert.equal(records[0]?.level, 'info');
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(records.length, said, 'and not after it has ended');
  } finally {
    await reset();
  }
});

Deno.test('counting takes at most a fiftieth of the time', () => {
  const counting = new Counting();
  assert.equal(counting.isDue(0), true);
  counting.counted(new Map(), 0, 100);
  assert.deepEqual([counting.isDue(5_000), counting.isDue(5_100)], [false, true]);
});

Deno.test('counted are the jobs that were worked on since, and those of which something is not shared yet', () => {
  const counting = new Counting();
  const [still, busy, waiting] = ['still', 'busy', 'waiting'].map((name) => ({ name }));
  assert.ok(still !== undefined && busy !== undefined && waiting !== undefined);
  const jobs = [still, busy, waiting];
  counting.expect(jobs);
  assert.deepEqual(counting.expected(jobs), jobs);
  const all = { selected: 2, mirrored: 2 };
  counting.counted(new Map([['still', all], ['busy', all], ['waiting', { ...all, mirrored: 1 }]]), 0, 1);
  assert.deepEqual(counting.expected(jobs), [waiting]);
  counting.expect([busy]);
  assert.deepEqual(counting.expected(jobs), [busy, waiting], 'also when it was not due in between');
  counting.counted(new Map([['busy', all], ['waiting', all]]), 2, 3);
  assert.deepEqual(counting.expected(jobs), []);
});

Deno.test('what was shared a moment ago is counted a moment later, without a full cycle', async () => {
  await using world = await World.open('v3.1.0');
  const sql = await connect(world.config.database);
  try {
    await withSharing(sql, world.config, 'test', async (sharing) => {
      const state = new ServiceState();
      const cycle = async () => state.succeeded(await sharing.cycle({ progress: new Meter() }));
      await cycle();
      const before = state.standings.get('family to bob')?.mirrored ?? assert.fail();
      await world.sql`UPDATE asset SET visibility = 'timeline' WHERE id = ${world.id('family/archived')}`;
      await until('it is shared', async () => {
        await cycle();
        return await world.mirrorOf('family/archived') !== undefined;
      });
      await until('it is counted', async () => {
        await world.sql`UPDATE asset SET "updatedAt" = now() WHERE id = ${world.id('family/archived')}`;
        await cycle();
        return state.standings.get('family to bob')?.mirrored === before + 1;
      });
    });
  } finally {
    await disconnect(sql);
  }
});
