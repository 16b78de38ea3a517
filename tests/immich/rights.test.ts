import assert from 'node:assert/strict';
import { readCatalog } from '../../src/immich/catalog.ts';
import { neededRights, type Right } from '../../src/immich/rights.ts';
import type { Verb } from '../../src/immich/tables/declaration.ts';
import type { Sql } from '../../src/postgres/connect.ts';
import { RELEASES, withImmich } from '../harness/database.ts';

interface Trigger {
  readonly table: string;
  readonly event: Verb;
  /** The deepest level of cascades at which it still runs. */
  readonly maxLevel: number;
  readonly body: string;
}

interface ForeignKey {
  readonly table: string;
  readonly parent: string;
  /** What happens to the row when its parent is deleted. */
  readonly effect: Verb;
}

for (const release of RELEASES) {
  Deno.test(`${release}: what Immich's triggers read and write when we write is among the rights`, () =>
    withImmich(release, async ({ sql }) => {
      const rights = neededRights(await readCatalog(sql));
      const has = ({ table, verb }: Right) => rights.some((right) => right.table === table && right.verb === verb);
      const tables = await sql<{ name: string }[]>`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`;
      const used = (await usedByTriggers(sql, rights)).filter(({ table }) => tables.some(({ name }) => name === table));
      assert.ok(used.length > 5, 'the functions are read');
      assert.deepEqual(used.filter((right) => !has(right)), []);
    }));
}

/** Triggers run as whoever has written; those after a cascade do, too. */
async function usedByTriggers(sql: Sql, rights: readonly Right[]): Promise<Right[]> {
  const [triggers, keys] = [await readTriggers(sql), await readKeys(sql)];
  const found = new Map<string, Right>();
  const seen = new Set<string>();
  const follow = (table: string, verb: Verb, level: number): void => {
    if (seen.has(`${table} ${verb} ${level}`) || level > 3) return;
    seen.add(`${table} ${verb} ${level}`);
    for (const trigger of triggers) {
      if (trigger.table !== table || trigger.event !== verb || level > trigger.maxLevel) continue;
      for (const written of statementsOf(trigger.body)) {
        found.set(`${written.table} ${written.verb}`, written);
        if (written.verb !== 'INSERT') found.set(`${written.table} SELECT`, { table: written.table, verb: 'SELECT' });
        follow(written.table, written.verb, level + 1);
      }
    }
    if (verb !== 'DELETE') return;
    for (const key of keys.filter(({ parent }) => parent === table)) follow(key.table, key.effect, level + 1);
  };
  for (const { table, verb } of rights) if (verb !== 'SELECT') follow(table, verb, 0);
  return [...found.values()];
}

/** What a function reads and writes, of anything that may be a table. */
function statementsOf(body: string): Right[] {
  const words =
    /\b(INSERT) INTO\s+"?(\w+)|\b(DELETE) FROM\s+"?(\w+)|\b(UPDATE)\s+"?(\w+)|\b(?:FROM|JOIN|USING)\s+"?(\w+)/g;
  return [...body.matchAll(words)].map((match) => ({
    table: match[2] ?? match[4] ?? match[6] ?? match[7] ?? '',
    verb: (match[1] ?? match[3] ?? match[5] ?? 'SELECT') as Verb,
  }));
}

async function readTriggers(sql: Sql): Promise<Trigger[]> {
  const rows = await sql<
    { table: string; insert: boolean; delete: boolean; update: boolean; definition: string; body: string }[]
  >`
    SELECT
      c.relname AS "table",
      tgtype & 4 <> 0 AS insert,
      tgtype & 8 <> 0 AS delete,
      tgtype & 16 <> 0 AS update,
      pg_get_triggerdef(t.oid) AS definition,
      p.prosrc AS body
    FROM pg_trigger t
    JOIN pg_class c ON c.oid = tgrelid
    JOIN pg_proc p ON p.oid = tgfoid
    WHERE NOT tgisinternal`;
  return rows.flatMap((row) => {
    const guard = /pg_trigger_depth\(\) (<=|=) (\d)/.exec(row.definition)?.[2];
    const trigger = { table: row.table, maxLevel: guard === undefined ? Infinity : Number(guard), body: row.body };
    const events: Verb[] = [
      ...row.insert ? ['INSERT' as const] : [],
      ...row.delete ? ['DELETE' as const] : [],
      ...row.update ? ['UPDATE' as const] : [],
    ];
    return events.map((event) => ({ ...trigger, event }));
  });
}

async function readKeys(sql: Sql): Promise<ForeignKey[]> {
  return await sql<ForeignKey[]>`
    SELECT
      conrelid::regclass::text AS "table",
      confrelid::regclass::text AS parent,
      CASE confdeltype WHEN 'c' THEN 'DELETE' ELSE 'UPDATE' END AS effect
    FROM pg_constraint
    WHERE contype = 'f' AND confdeltype IN ('c', 'n')`;
}
