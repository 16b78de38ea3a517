import assert from 'node:assert/strict';
import { configure, type LogRecord } from '@logtape/logtape';
import type { Config } from '../../src/config/config.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import type { Connection } from '../../src/postgres/connect.ts';
import { faultOf } from '../../src/postgres/faults.ts';
import { patiently } from '../../src/service/patience.ts';
import { share } from '../../src/share/share.ts';
import { until } from '../crash/process.ts';
import { Proxy } from '../crash/proxy.ts';
import { World } from '../share/world.ts';

/** Immich's `DatabaseLock.Migrations` and `DatabaseLock.MaintenanceOperation`. */
const MIGRATIONS = 200;
const MAINTENANCE = 621;

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

async function heard(): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { list: (record) => void records.push(record) },
    loggers: [{ category: ['immich-sidecar', 'service'], sinks: ['list'] }, {
      category: ['logtape', 'meta'],
      sinks: [],
    }],
  });
  return records;
}

function syncs(config: Config) {
  return patiently(config, (sql) => share(sql, config, { version: 'test', progress: SILENT }));
}

/** Runs `work` while a session of its own holds an advisory lock of Immich's. */
async function whileImmichHolds(sql: Connection, lock: number, work: () => Promise<void>): Promise<void> {
  const immich = await sql.reserve();
  try {
    await immich`SELECT pg_advisory_lock(${lock})`;
    await work();
    await immich`SELECT pg_advisory_unlock(${lock})`;
  } finally {
    immich.release();
  }
}

for (const lock of [MIGRATIONS, MAINTENANCE]) {
  Deno.test(
    `a cycle waits while Immich holds its lock ${lock}, and gives up when that takes too long`,
    {},
    async () => {
      await using world = await World.open('v3.1.0', { ownTables: false });
      let syncing: Promise<unknown> | undefined;
      await whileImmichHolds(world.sql, lock, async () => {
        const records = await heard();
        await assert.rejects(syncs({ ...world.config, databaseWaitSeconds: 1 }), /Immich is /);
        const before = records.length;
        syncing = syncs(world.config);
        await until('it has tried', () => records.length > before);
        assert.deepEqual([...await world.sql`SELECT to_regclass('immich_sidecar.link') AS ours`], [{ ours: null }]);
        assert.ok(records.length >= 2);
        assert.match(records[0]?.message.join('') ?? '', /^Immich is .*\. Trying again for up to 1 s\.$/);
      });
      await syncing;
      assert.deepEqual(await world.verify(verifyMirrors), []);
    },
  );
}

Deno.test(
  'Immich migrates in the middle of a cycle: the tables are read again, and what is new is copied too',
  {},
  async () => {
    await using world = await World.open('v3.1.0');
    await using proxy = new Proxy(world.config.database);
    let isMigrated = false;
    const migrate = () =>
      whileImmichHolds(world.sql, MIGRATIONS, async () => {
        await world.sql`ALTER TABLE asset_exif ADD COLUMN mood text NOT NULL DEFAULT 'serene'`;
        await world.sql`UPDATE asset_exif SET mood = 'gay' WHERE description <> ''`;
        await world.sql`ALTER TABLE asset_exif DROP COLUMN "projectionType"`;
        await world.sql`INSERT INTO kysely_migrations (name, timestamp) VALUES ('9999999999999-Mood', '2030-01-01')`;
      });
    proxy.begin(({ sql }) => {
      // The journal is written; the next transaction would copy the rows.
      if (isMigrated || !sql.startsWith('INSERT INTO immich_sidecar.link')) return undefined;
      isMigrated = true;
      // Our transaction keeps Immich out, so this goes on when it has ended.
      migrating = migrate();
      return undefined;
    });
    let migrating: Promise<void> = Promise.resolve();
    const config = { ...world.config, database: proxy.config };
    const records = await heard();
    await syncs(config);
    const told = records.map((record) => record.message.join('')).join('\n');
    assert.match(told, /Immich (has migrated|is starting and may be migrating) its database/);
    await migrating;
    await syncs(config);
    assert.ok(isMigrated);
    const moods = await world.sql<{ mood: string }[]>`
    SELECT DISTINCT e.mood FROM asset_exif e JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = e."assetId" ORDER BY 1`;
    assert.deepEqual(moods.map(({ mood }) => mood), ['gay', 'serene']);
    assert.deepEqual(await world.verify(verifyMirrors), []);
  },
);

Deno.test('a connection that breaks in the middle of a cycle: the cycle begins anew and completes', {}, async () => {
  await using world = await World.open('v3.1.0');
  await using proxy = new Proxy(world.config.database);
  let isCut = false;
  proxy.begin(({ sql }) => {
    if (isCut || !sql.startsWith('INSERT INTO "asset_exif"')) return undefined;
    isCut = true;
    return 'cut';
  });
  const records = await heard();
  const report = await syncs({ ...world.config, database: proxy.config });
  assert.ok(isCut);
  assert.equal(report.complete, true);
  assert.match(records.map((record) => record.message.join('')).join(), /Trying again for up to 60 s/);
  assert.deepEqual(await world.verify(verifyMirrors), []);
});

Deno.test('what no waiting mends is thrown at once', async () => {
  await using world = await World.open('v3.1.0');
  let attempts = 0;
  const failing = patiently(world.config, (sql) => {
    attempts++;
    return sql`SELECT 1 / 0`.execute();
  });
  await assert.rejects(failing, (error) => faultOf(error) === 'row');
  assert.equal(attempts, 1);
});
