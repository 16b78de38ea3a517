import assert from 'node:assert/strict';
import type { Connection } from '../../src/postgres/connect.ts';
import { migrate, type Migration, newestVersion, schemasOf, schemaVersion } from '../../src/postgres/migrate.ts';
import { MIGRATIONS } from '../../src/share/schema/migrations.ts';
import { type ImmichDatabase, withImmich } from '../harness/database.ts';
import { backUp, restore, RESTORERS } from '../harness/immich_backup.ts';
import { onBackups } from './on_backups.ts';

/** As a later version may have them: with tables of its own, changed once more by the version after. */
const LATER: readonly Migration[] = [
  ...MIGRATIONS,
  {
    version: MIGRATIONS.length + 1,
    name: 'later',
    schema: 'immich_sidecar_later',
    sql: `
      CREATE TABLE immich_sidecar_later.thing (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        mirror_asset_id uuid NOT NULL
      );
      CREATE INDEX thing_mirror_asset_id_idx ON immich_sidecar_later.thing (mirror_asset_id)`,
  },
  {
    version: MIGRATIONS.length + 2,
    name: 'later still',
    schema: 'immich_sidecar_later',
    sql: 'ALTER TABLE immich_sidecar_later.thing ADD COLUMN note text',
  },
];

/** Each version that somebody may have a backup of. */
const OLDER = LATER.map(({ version }) => version);

async function bring(sql: Connection, version: number): Promise<void> {
  await sql.begin((tx) => migrate(tx, LATER.slice(0, version)));
}

async function things(sql: Connection): Promise<number> {
  const [row] = await sql<{ count: number }[]>`SELECT count(*)::int AS count FROM immich_sidecar_later.thing`;
  return row?.count ?? 0;
}

async function addThing(sql: Connection): Promise<void> {
  await sql`INSERT INTO immich_sidecar_later.thing (mirror_asset_id) VALUES (gen_random_uuid())`;
}

onBackups(
  `Immich ${
    RESTORERS.join(' and ')
  }: a backup made with any older version of our tables is restored, and brought up to date`,
  async (db, bin) => {
    for (const older of OLDER) await restoreOlder(db, bin, older);
  },
);

/** The backup is made by the older version; then the newest has worked. */
async function restoreOlder({ sql, superuser: config }: ImmichDatabase, bin: string, older: number) {
  for (const schema of schemasOf(LATER)) await sql`DROP SCHEMA IF EXISTS ${sql(schema)} CASCADE`;
  await bring(sql, older);
  const hasThings = older > MIGRATIONS.length;
  if (hasThings) await addThing(sql);
  const dump = await backUp(bin, config);
  for (const restorer of RESTORERS) {
    await bring(sql, LATER.length);
    await addThing(sql);

    await restore(bin, config, dump, restorer);
    assert.equal(await schemaVersion(sql, LATER), older, `after a backup of version ${older}, by Immich ${restorer}`);
    await bring(sql, LATER.length);
    assert.equal(await schemaVersion(sql, LATER), newestVersion(LATER));
    assert.equal(await things(sql), hasThings ? 1 : 0, `what a backup of version ${older} has, and nothing else`);
  }
}

onBackups(
  'a table in a schema that a backup knows already keeps Immich from restoring it',
  async ({ sql, superuser: config }, bin) => {
    await bring(sql, MIGRATIONS.length);
    const dump = await backUp(bin, config);
    await sql`CREATE TABLE immich_sidecar.thing ()`;
    await assert.rejects(restore(bin, config, dump, '3.0'), /cannot drop schema immich_sidecar because other objects/);
  },
);

onBackups(
  'of a backup in which only the first schema was restored by hand nothing else is believed',
  async ({ sql, superuser: config }, bin) => {
    await bring(sql, LATER.length);
    await addThing(sql);
    const dump = await backUp(bin, config);
    await sql`DROP SCHEMA immich_sidecar_later CASCADE`;
    await bring(sql, LATER.length); // made anew, as it was missing
    await addThing(sql);
    await addThing(sql);
    const other = dump.replaceAll('immich_sidecar_later', 'immich_sidecar_elsewhere');
    await restore(bin, config, other, '3.0');
    assert.equal(await schemaVersion(sql, LATER), MIGRATIONS.length, 'what comes after does not belong to it');
    await bring(sql, LATER.length);
    assert.equal(await things(sql), 0);
    assert.equal(await schemaVersion(sql, LATER), newestVersion(LATER));
  },
);

onBackups(
  'a backup without comments, as `--no-comments` makes it, has lost nothing, and says again what belongs together',
  async ({ sql, superuser: config }, bin) => {
    await bring(sql, LATER.length);
    await addThing(sql);
    await keepFile(sql);
    const dump = (await backUp(bin, config)).replaceAll(/^COMMENT ON SCHEMA immich_sidecar.*$/gm, '');
    await addThing(sql);
    await restore(bin, config, dump, '3.0');
    assert.equal(await schemaVersion(sql, LATER), newestVersion(LATER));
    await bring(sql, LATER.length);
    assert.deepEqual([await things(sql), await keptFiles(sql)], [1, 1]);
    const [said] = await sql<{ remark: string | null }[]>`
      SELECT obj_description('immich_sidecar_later'::regnamespace, 'pg_namespace') AS remark`;
    assert.match(said?.remark ?? '', /Lineage: [-0-9a-f]{36}$/);
  },
);

onBackups(
  'where the last copies of photos lie is still known after an older backup, which does not know them, was restored',
  async ({ sql, superuser: config }, bin) => {
    await bring(sql, 8);
    const dump = await backUp(bin, config);
    await bring(sql, LATER.length);
    await keepFile(sql);
    await addThing(sql);
    await restore(bin, config, dump, '3.0');
    await bring(sql, LATER.length);
    assert.deepEqual([await things(sql), await keptFiles(sql)], [0, 1]);
  },
);

async function keepFile(sql: Connection): Promise<void> {
  await sql`
    INSERT INTO immich_sidecar_kept.file
      (id, path, mirror_path, source_asset_id, target_user_id, job_name, bytes, reason)
    VALUES (gen_random_uuid(), '/a', '/b', gen_random_uuid(), gen_random_uuid(), 'job', 7, 'another-file')`;
}

async function keptFiles(sql: Connection): Promise<number> {
  return (await sql`SELECT FROM immich_sidecar_kept.file WHERE path = '/a' AND bytes = 7 AND photo IS NULL`).length;
}

Deno.test('a backup of any version knows every table of the schemas that it knows', () =>
  withImmich('v3.1.0', async ({ sql }) => {
    const known = new Map<string, string[]>();
    for (const { version } of LATER) {
      await bring(sql, version);
      for (const [schema, objects] of await objectsOf(sql)) known.set(`${version} ${schema}`, objects);
    }
    const newest = await objectsOf(sql);
    for (const [key, before] of known) {
      const [version, schema = ''] = key.split(' ');
      const added = (newest.get(schema) ?? []).filter((object) => !before.includes(object));
      assert.deepEqual(added, [], `in ${schema}, which was there in version ${version}`);
    }
  }));

/** What keeps DROP SCHEMA from dropping one of ours, by schema: all that does not go with a table of its own accord. */
async function objectsOf(sql: Connection): Promise<Map<string, string[]>> {
  const rows = await sql<{ schema: string; objects: string[] }[]>`
    SELECT n.nspname AS schema, array_agg(pg_describe_object(d.classid, d.objid, 0) ORDER BY 1) AS objects
    FROM pg_depend d
    JOIN pg_namespace n ON n.oid = d.refobjid
    WHERE d.refclassid = 'pg_namespace'::regclass
      AND starts_with(n.nspname, 'immich_sidecar')
      AND NOT EXISTS (
        SELECT FROM pg_depend AS owned
        WHERE owned.classid = d.classid AND owned.objid = d.objid AND owned.deptype IN ('a', 'i') AND owned.refclassid = 'pg_class'::regclass
      )
    GROUP BY n.nspname`;
  return new Map(rows.map(({ schema, objects }) => [schema, objects]));
}
