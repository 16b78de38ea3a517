/** The declarations of src/immich/tables say what the releases of Immich are like, and nothing stands outside of them. */
import assert from 'node:assert/strict';
import { type Catalog, readCatalog } from '../../src/immich/catalog.ts';
import { missingFrom, requiredTriggers } from '../../src/immich/requirements.ts';
import type { TableDeclaration, User, Version } from '../../src/immich/tables/declaration.ts';
import { FEATURES } from '../../src/immich/tables/features.ts';
import { TABLE_NAMES, TABLES } from '../../src/immich/tables/tables.ts';
import type { Sql } from '../../src/postgres/connect.ts';
import type { SchemaDescription, TableSchema } from '../../src/demo/schema/schema.ts';
import { type Release, RELEASES, withImmich } from '../harness/database.ts';
import { loadSchema } from '../harness/releases.ts';

const USERS: readonly User[] = ['sharing', 'locking', 'writeBack'];

const schemas = new Map<Release, SchemaDescription>();
for (const release of RELEASES) schemas.set(release, await loadSchema(release));

/** The schemas that have a table, with it. */
function having(name: string): { release: Release; table: TableSchema }[] {
  return [...schemas].flatMap(([release, { tables }]) => {
    const table = tables[name];
    return table === undefined ? [] : [{ release, table }];
  });
}

function hasColumn(table: TableSchema | undefined, column: string): boolean {
  return table?.columns.some(({ name }) => name === column) ?? false;
}

/** Whether a release belongs to the line `version`, or to one after it. */
function isFrom(release: Release, version: Version): boolean {
  const [major = 0, minor = 0] = release.slice(1).split('.').map(Number);
  const [fromMajor = 0, fromMinor = 0] = version.split('.').map(Number);
  return major > fromMajor || (major === fromMajor && minor >= fromMinor);
}

Deno.test('every table of every release is declared, from the release on that it came with', () => {
  const known = new Set([...schemas.values()].flatMap(({ tables }) => Object.keys(tables)));
  assert.deepEqual([...known].sort(), [...TABLE_NAMES].sort());
  for (const name of TABLE_NAMES) {
    const { from } = TABLES[name];
    const expected = RELEASES.filter((release) => from === undefined || isFrom(release, from));
    assert.deepEqual(having(name).map(({ release }) => release), expected, name);
  }
});

Deno.test('columns that are needed are in every release that has the table, and so is one name of each key', () => {
  for (const name of TABLE_NAMES) {
    for (const { release, table } of having(name)) {
      const { needed, keys = {} } = TABLES[name];
      const missing = USERS.flatMap((user) => needed[user] ?? []).filter((column) => !hasColumn(table, column));
      assert.deepEqual(missing, [], `${release} ${name}`);
      for (const [referenced, names] of Object.entries(keys)) {
        const found = names.filter((column) => hasColumn(table, column));
        assert.equal(found.length, 1, `${release} ${name} to ${referenced}`);
      }
    }
  }
});

/** Of these a statement asks what they say now, and not since when. */
const ASKED_AS_IT_IS: ReadonlySet<string> = new Set(['ocr_search']);

Deno.test('how a table is watched fits what every release gives it: updateId, its index, its trigger, its audit table', () => {
  for (const name of TABLE_NAMES) {
    const { watched } = TABLES[name];
    for (const { release, table } of having(name)) {
      const what = `${release} ${name}`;
      const isStamped = hasColumn(table, 'updateId');
      const isIndexed = table.indexes.some(({ definition }) => definition.endsWith('("updateId")'));
      const hasTrigger = table.triggers.some((trigger) => trigger.function === 'updated_at');
      if (watched.by === 'count') assert.ok(!isStamped, `${what} has an updateId`);
      if (watched.by === 'update-id' && isStamped) {
        assert.ok(hasColumn(table, watched.asset), what);
        if (watched.isIndexed) assert.ok(isIndexed, `${what}: no index`);
        if (watched.hasTrigger) assert.ok(hasTrigger, `${what}: no trigger`);
      }
      if (watched.by === 'audit') assert.ok(hasColumn(table, 'id') && hasColumn(table, 'assetId'), what);
      if (watched.by === 'statement' && watched.of === undefined) {
        const isDated = isStamped && hasTrigger && (watched.isCounted || isIndexed);
        assert.ok(isDated || (ASKED_AS_IT_IS.has(name) && watched.isCounted), what);
      }
      const source = watched.by === 'audit' || watched.by === 'statement' ? watched.of : undefined;
      if (source === undefined) continue;
      const triggers = schemas.get(release)?.tables[source]?.triggers ?? [];
      assert.ok(triggers.some((trigger) => trigger.function === ('function' in watched ? watched.function : '')), what);
    }
  }
  // In some release there must be a reason to take it for worse than it is.
  for (const name of TABLE_NAMES) {
    const { watched } = TABLES[name];
    if (watched.by !== 'update-id') continue;
    const stamped = having(name).filter(({ table }) => hasColumn(table, 'updateId'));
    const isIndexed = ({ table }: typeof stamped[number]) =>
      table.indexes.some(({ definition }) => definition.endsWith('("updateId")'));
    const hasTrigger = ({ table }: typeof stamped[number]) =>
      table.triggers.some((trigger) => trigger.function === 'updated_at');
    assert.equal(watched.isIndexed && watched.hasTrigger, stamped.every(isIndexed) && stamped.every(hasTrigger), name);
  }
});

Deno.test('what came together is there together, from the release on that is named', () => {
  for (const { name, from, tables, isReplaced } of FEATURES) {
    for (const release of RELEASES) {
      const parts = Object.entries(tables).flatMap(([table, columns]) => columns.map((column) => ({ table, column })));
      const found = parts.filter(({ table, column }) => hasColumn(schemas.get(release)?.tables[table], column));
      const isWhole = found.length === parts.length;
      if (isReplaced === undefined) assert.equal(isWhole, isFrom(release, from), `${release}: ${name}`);
      assert.ok(isWhole || found.length === 0, `${release}: ${name} in part`);
    }
  }
});

for (const release of RELEASES) {
  Deno.test(`${release}: nothing is missing, and each required trigger is missed when it is gone or disabled`, async () => {
    await withImmich(release, async ({ sql }) => {
      const catalog = await readCatalog(sql);
      for (const user of USERS) assert.deepEqual(missingFrom(catalog, user), []);
      const triggers = requiredTriggers(catalog);
      assert.ok(triggers.length >= 8, `${triggers.length} triggers`);
      for (const required of triggers) {
        const name = await nameOf(sql, required.table, required.function);
        for (const how of ['DROP TRIGGER %t ON %s', 'ALTER TABLE %s DISABLE TRIGGER %t']) {
          const ddl = how.replace('%t', `"${name}"`).replace('%s', `"${required.table}"`);
          const missing = missingFrom(await catalogAfter(sql, ddl), 'sharing');
          const what =
            `the ${required.timing} ${required.event} trigger on ${required.table} that calls ${required.function}()`;
          assert.equal(missing.length, 1, ddl);
          assert.ok(missing[0]?.startsWith(what), `${ddl}: ${missing[0]}`);
        }
      }
    });
  });
}

async function nameOf(sql: Sql, table: string, functionName: string): Promise<string> {
  const [row] = await sql<{ name: string }[]>`
    SELECT tgname AS name
    FROM pg_trigger t
    JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = to_regclass(quote_ident(${table})) AND p.proname = ${functionName}`;
  if (row === undefined) throw new Error(`${table} has no trigger that calls ${functionName}`);
  return row.name;
}

/** The catalog as it would be after a statement. */
async function catalogAfter(
  sql: Parameters<Parameters<typeof withImmich>[1]>[0]['sql'],
  ddl: string,
): Promise<Catalog> {
  let catalog: Catalog | undefined;
  const rollback = new Error('rolled back on purpose');
  await sql.begin(async (tx) => {
    await tx.unsafe(ddl);
    catalog = await readCatalog(tx);
    throw rollback;
  }).catch((error) => {
    if (error !== rollback) throw error;
  });
  if (catalog === undefined) throw new Error('the transaction ended before its end');
  return catalog;
}

Deno.test('no statement names a table of Immich that nobody is declared to need', async () => {
  const declared = new Set<string>(
    // Or that somebody may read who does without where it is missing.
    TABLE_NAMES.filter((name) => {
      const { needed, rights = [] }: TableDeclaration = TABLES[name];
      return rights.length > 0 || USERS.some((user) => needed[user] !== undefined);
    }),
  );
  const wrong: string[] = [];
  for await (const path of sources(new URL('../../src/', import.meta.url))) {
    const text = await Deno.readTextFile(path);
    for (
      const [, quoted, plain] of text.matchAll(/\b(?:FROM|JOIN|INTO|UPDATE|USING) (?:"(\w+)"|([a-z_]+))(?![\w.])/g)
    ) {
      const name = quoted ?? plain ?? '';
      if (name in TABLES && !declared.has(name)) wrong.push(`${path.pathname} names ${name}`);
    }
  }
  assert.deepEqual(wrong, []);
});

/** The modules that talk to Immich's database: not the generator of the demo, which makes one. */
async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const entry of Deno.readDir(folder)) {
    const url = new URL(entry.isDirectory ? `${entry.name}/` : entry.name, folder);
    if (entry.isDirectory && entry.name !== 'demo') yield* sources(url);
    else if (entry.name.endsWith('.ts')) yield url;
  }
}
