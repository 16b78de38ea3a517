/** WRITE_SCHEDULE=on-change: what somebody changes in Immich is in the file without a run over everything. */
import assert from 'node:assert/strict';
import { ServiceState } from '../../src/service/state.ts';
import { WriteSchedule } from '../../src/service/write_schedule.ts';
import { assetOf } from '../../src/demo/library_generator/result.ts';
import type { Config, WriteConfig } from '../../src/config/config.ts';
import { keyOf } from '../../src/immich/tables/tables.ts';
import type { Sql } from '../../src/postgres/connect.ts';
import { readCatalog } from '../../src/immich/catalog.ts';
import { libraryFromDatabase } from '../harness/fake_immich/from_database.ts';
import { FakeImmich } from '../harness/fake_immich/server.ts';
import { World } from '../share/world.ts';
import { configOf, SILENT } from '../writeback/run/helper.ts';

const NEVER = new AbortController().signal;

/** The longest that PostgreSQL may take to count a write. */
const COUNTED_WITHIN_MS = 60_000;

class Service implements AsyncDisposable {
  readonly state = new ServiceState();
  readonly clock = { ms: Date.parse('2026-03-01T12:00:00Z') };
  readonly schedule: WriteSchedule;

  constructor(readonly world: World, write: Partial<WriteConfig> = {}, immich: Partial<Config['immich']> = {}) {
    const base = configOf(world, {
      ...{ destination: 'sidecar', schedule: 'on-change', scheduleZone: 'UTC', settleSeconds: 0 },
      ...{ modules: ['people', 'caption', 'albums', 'tags', 'rating'] },
      ...write,
    });
    const config = { ...base, immich: { ...base.immich, ...immich } };
    this.schedule = new WriteSchedule(config, this.state, () => this.clock.ms);
  }

  /** One look, as between two cycles. Returns how many photos were written as they changed. */
  async look(): Promise<number> {
    const before = this.state.write.changes?.written ?? 0;
    while (await this.schedule.runIfDue(NEVER, SILENT));
    return (this.state.write.changes?.written ?? 0) - before;
  }

  /** Looks until something was written. */
  async untilWritten(): Promise<number> {
    const end = Date.now() + COUNTED_WITHIN_MS;
    for (;;) {
      const written = await this.look();
      if (written > 0 || Date.now() > end) return written;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  get last() {
    return this.state.write.last;
  }

  async sidecarOf(key: string): Promise<string> {
    return await Deno.readTextFile(`${assetOf(this.world.library, key).localPath}.xmp`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.schedule[Symbol.asyncDispose]();
  }
}

for (const release of ['v2.0.0', 'v3.3.0'] as const) {
  Deno.test(`${release}: what changes is written, and nothing else is looked at`, async (t) => {
    await using world = await World.open(release);
    const { sql } = world;
    const catalog = await readCatalog(sql);
    await using service = new Service(world);
    await service.look();
    const { last } = service.state.write;
    assert.ok((last?.outcomes.written ?? 0) > 0, 'it begins with everything');
    // Rows of a library that was made a moment ago may be counted late.
    while (await service.look() > 0);
    const beach = world.id('family/beach');

    const step = async (
      name: string,
      deed: (sql: Sql) => Promise<unknown>,
      key: string,
      wanted: RegExp,
      isThere = true,
    ) => {
      await t.step(name, async () => {
        await sql.begin(async (tx) => {
          await deed(tx);
          // Else it would be counted up to ten seconds later.
          await tx`SELECT pg_stat_force_next_flush()`;
        });
        const written = await service.untilWritten();
        assert.ok(written > 0, 'it was written');
        assert.equal(wanted.test(await service.sidecarOf(key)), isThere, await service.sidecarOf(key));
        assert.equal(service.state.write.last, last, 'without a run over everything');
        assert.equal(service.state.write.error, undefined);
      });
    };
    const captioned = (sql: Sql) =>
      sql`UPDATE asset_exif SET description = 'Written at once' WHERE "assetId" = ${beach}`;
    await step('a description', captioned, 'family/beach', /Written at once/);
    await step(
      'a person who is renamed',
      (sql) => sql`UPDATE person SET name = 'Dora Renamed' WHERE name = 'Dora Example'`,
      'family/beach',
      /Dora Renamed/,
    );
    await step(
      'a person who is hidden',
      (sql) => sql`UPDATE person SET "isHidden" = true WHERE name = 'Dora Renamed'`,
      'family/beach',
      /Dora Renamed/,
      false,
    );
    await step(
      'an album that is renamed',
      (sql) => sql`UPDATE album SET "albumName" = 'Renamed album' WHERE "albumName" = 'Holiday, 2023'`,
      'family/beach',
      /Renamed album/,
    );
    await step(
      'an album that is deleted',
      (sql) => sql`DELETE FROM album WHERE "albumName" = 'Renamed album'`,
      'family/beach',
      /Renamed album/,
      false,
    );
    await step(
      'a tag that is renamed',
      (sql) => sql`UPDATE tag SET value = 'renamed-tag' WHERE value = 'holiday'`,
      'family/beach',
      /renamed-tag/,
    );
    const [tagKey, assetKey] = [keyOf(catalog, 'tag_asset', 'tag'), keyOf(catalog, 'tag_asset', 'asset')];
    await step(
      'a tag that is taken off',
      (sql) =>
        sql`
        DELETE FROM tag_asset
        WHERE ${sql(assetKey)} = ${beach}
          AND ${sql(tagKey)} IN (SELECT id FROM tag WHERE value = 'renamed-tag')`,
      'family/beach',
      /renamed-tag/,
      false,
    );
    await step(
      'a face that is deleted',
      (sql) => sql`DELETE FROM asset_face WHERE "assetId" = ${beach}`,
      'family/beach',
      /Emil, Jr\./,
      false,
    );

    await t.step('where nothing changes nothing is done', async () => {
      while (await service.look() > 0);
      service.state.enter('waiting');
      await service.look();
      assert.equal(service.state.phase, 'waiting');
    });
  });
}

Deno.test('changes wait for the window, and for a file that is at rest', async (t) => {
  await using world = await World.open('v3.1.0');
  const cat = world.id('uploads/cat');
  await using service = new Service(world, { window: { from: 60, to: 300 }, settleSeconds: 3_600 });
  await service.look();
  assert.equal(service.state.write.last, undefined, 'nothing at noon');
  service.clock.ms = Date.parse('2026-03-02T01:00:00Z');
  await service.look();
  assert.equal(service.last?.outcomes.written, 0);
  assert.ok((service.last?.outcomes['still-changing'] ?? 0) > 0, 'everything was copied a moment ago');

  await t.step('it is written when it is at rest', async () => {
    const { localPath } = assetOf(world.library, 'uploads/cat');
    await Deno.utime(localPath, new Date(0), new Date(0));
    // Another name: the time at which its attributes changed says nothing then.
    await Deno.link(localPath, `${world.directory}/other-name.jpg`);
    await world.sql`UPDATE asset_exif SET description = 'At rest' WHERE "assetId" = ${cat}`;
    service.clock.ms = Date.parse('2026-03-02T00:30:00Z');
    assert.equal(await service.look(), 0, 'before the window');
    service.clock.ms = Date.parse('2026-03-02T02:00:01Z');
    await service.untilWritten();
    assert.match(await service.sidecarOf('uploads/cat'), /At rest/);
  });
});

Deno.test('when the connection is lost, everything is looked at once it is back', async () => {
  await using world = await World.open('v3.1.0');
  await using service = new Service(world);
  await service.look();
  await world.sql`
    SELECT pg_terminate_backend(pid)
    FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'sidecar' AND pid <> pg_backend_pid()`;
  await world.sql`UPDATE asset_exif SET description = 'Meanwhile' WHERE "assetId" = ${world.id('uploads/cat')}`;
  await service.look();
  assert.match(service.state.write.error?.what ?? '', /connection/i);
  service.clock.ms += 60_000;
  await service.look();
  assert.equal(service.state.write.error, undefined);
  assert.match(await service.sidecarOf('uploads/cat'), /Meanwhile/);
});

Deno.test('from the API: it is asked once a minute for what was changed, and everything is looked at each night', async () => {
  await using world = await World.open('v2.7.5');
  const library = await libraryFromDatabase(world.sql, world.library.users.alice.id);
  await using fake = new FakeImmich({ dialect: '2.7.5', library });
  await using service = new Service(world, { source: 'api' }, { url: fake.url, apiKey: fake.apiKey });
  await service.look();
  const { last, nextRunAt } = service.state.write;
  assert.ok((last?.outcomes.written ?? 0) > 0, 'it begins with everything');
  assert.equal(nextRunAt, '2026-03-02T03:00:00.000Z');
  const cat = library.assets.find(({ id }) => id === world.id('uploads/cat'));
  assert.ok(cat?.exif);
  cat.exif.description = 'Told by the API';
  cat.updatedAt = new Date(service.clock.ms + 1_000).toISOString();
  const asked = fake.requests.length;
  await service.look();
  assert.equal(fake.requests.length, asked, 'not before a minute has passed');
  service.clock.ms += 60_000;
  assert.equal(await service.look(), 1);
  assert.match(await service.sidecarOf('uploads/cat'), /Told by the API/);
  assert.equal(service.state.write.last, last);
});
