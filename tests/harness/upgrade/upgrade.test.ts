import assert from 'node:assert/strict';
import { availableVector } from '../../../src/demo/schema/install.ts';
import { comparable, withStandIn } from '../compare_schema.ts';
import { openImmich, RELEASES } from '../database.ts';
import { readTables } from '../read_schema.ts';
import { loadSchema } from '../releases.ts';
import { upgradeImmich } from './upgrade.ts';

Deno.test('an upgrade makes of the tables of each release those of the next, to the last trigger', async () => {
  const { sql, close } = await openImmich('v2.0.0');
  try {
    const vector = await availableVector(sql);
    for (const [index, release] of RELEASES.entries()) {
      const next = RELEASES[index + 1];
      if (next === undefined) break;
      await upgradeImmich(sql, release, next);
      const schema = await loadSchema(next);
      const expected = vector === 'pgvector' ? schema.tables : withStandIn(schema);
      const live = await readTables(sql);
      assert.deepEqual(Object.keys(live), Object.keys(expected).sort(), next);
      for (const [name, table] of Object.entries(expected)) {
        // A column that came later is behind the others, and no template has indexes of vectors.
        const [is, shall] = [live[name], table].map((it) =>
          comparable(
            it && {
              ...it,
              columns: it.columns.toSorted((a, b) => a.name < b.name ? -1 : 1),
              indexes: it.indexes.filter(({ definition }) => !definition.includes(' USING hnsw ')),
            },
          )
        );
        assert.deepEqual(is, shall, `${next} ${name}`);
      }
      const functions = await sql<{ name: string }[]>`
        SELECT proname AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype`;
      const missing = functions.filter(({ name }) => !schema.functions.includes(name));
      assert.deepEqual(missing, [], next);
    }
  } finally {
    await close();
  }
});
