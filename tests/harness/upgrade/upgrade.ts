import { availableVector } from '../../../src/demo/schema/install.ts';
import type { SchemaDescription } from '../../../src/demo/schema/schema.ts';
import type { Connection } from '../../../src/postgres/connect.ts';
import { loadSchema, type Release, RELEASES } from '../releases.ts';
import { grantRights } from '../role.ts';
import { schemaDifference } from './difference.ts';
import { ROW_MOVES } from './rows.ts';

/**
 * Makes a living database of one release that of a later one, release after release, as Immich does when it starts: in one transaction, under
 * its lock, with its migrations noted. The program's role is then given the rights that `doctor` would ask for.
 */
export async function upgradeImmich(sql: Connection, from: Release, to: Release): Promise<void> {
  const steps = RELEASES.slice(RELEASES.indexOf(from), RELEASES.indexOf(to) + 1);
  const vector = await availableVector(sql);
  await sql.begin(async (tx) => {
    await tx`SELECT pg_advisory_xact_lock(200)`;
    for (const [index, release] of steps.entries()) {
      const next = steps[index + 1];
      if (next === undefined) break;
      const schemas = { from: await loadSchema(release), to: await loadSchema(next) };
      for (const statement of statements(next, schemas, vector)) await tx.unsafe(statement);
      await noteMigrations(schemas);
    }

    async function noteMigrations({ from, to }: { from: SchemaDescription; to: SchemaDescription }) {
      const names = to.migrations.filter((name) => !from.migrations.includes(name));
      await tx`
        INSERT INTO kysely_migrations (name, timestamp)
        SELECT name, ${new Date().toISOString()} FROM unnest(${names}::text[]) AS name`;
      await tx`INSERT INTO version_history (version) VALUES (${to.release.replace(/^v/, '')})`;
    }
  });
  await grantRights(sql);
}

function statements(
  release: Release,
  schemas: { from: SchemaDescription; to: SchemaDescription },
  vector: 'pgvector' | 'stand-in',
): string[] {
  const moves = ROW_MOVES[release] ?? {};
  const difference = schemaDifference(schemas.from, schemas.to, moves, vector);
  return [
    ...difference.rename,
    ...difference.release,
    ...difference.add,
    ...difference.change,
    ...moves.fill ?? [],
    ...difference.settle,
    ...moves.afterwards ?? [],
    ...difference.constrain,
  ];
}
