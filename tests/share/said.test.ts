import { configure, type LogRecord, reset } from '@logtape/logtape';
import assert from 'node:assert/strict';
import { ServiceState } from '../../src/service/state.ts';
import { withSharing } from '../../src/share/share.ts';
import { connect, disconnect } from '../../src/postgres/connect.ts';
import { describeStanding } from '../../src/share/standing/words.ts';
import { assetOf } from '../../src/demo/library_generator/result.ts';
import { World } from './world.ts';

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

Deno.test('one missing photo is said once, counted each time, no trouble of the service', async () => {
  await using world = await World.open('v3.1.0');
  const photo = assetOf(world.library, 'family/portrait');
  const away = `${photo.localPath}.away`;
  Deno.renameSync(photo.localPath, away);
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { all: (record) => void records.push(record) },
    loggers: [
      { category: ['immich-sidecar'], lowestLevel: 'debug', sinks: ['all'] },
      { category: ['logtape', 'meta'], lowestLevel: 'error', sinks: [] },
    ],
  });
  const said = () =>
    records.splice(0).filter(({ level, properties }) => level === 'warning' && properties['code'] === 'missing');
  const sql = await connect(world.config.database);
  try {
    await withSharing(sql, world.config, 'test', async (sharing) => {
      const state = new ServiceState();
      const cycle = async (retriesAll = false) => {
        const report = await sharing.cycle({ progress: SILENT, retriesAll });
        state.succeeded(report);
        return report.jobs.flatMap(({ problems }) => problems).filter(({ code }) => code === 'missing').length;
      };
      assert.equal(await cycle(), 1);
      assert.equal(said().length, 1);
      for (let more = 0; more < 3; more++) assert.equal(await cycle(), 1, 'it is counted in every cycle');
      assert.deepEqual(said(), [], 'and said once');
      assert.deepEqual(state.problems, [], 'a photo that waits is no trouble of the service');
      const [standing] = [...state.standings.values()].filter(({ skipped }) => skipped.missing === 1);
      assert.match(describeStanding(standing ?? assert.fail()).join(), /1 waiting: the file is not there/);

      Deno.renameSync(away, photo.localPath);
      assert.equal(await cycle(true), 0);
      assert.ok(await world.mirrorOf('family/portrait'));
    });
  } finally {
    await disconnect(sql);
    await reset();
  }
});
