import { availableVector, installImmichSchema } from '../../src/demo/schema/install.ts';
import { renderImmichSchema } from '../../src/demo/schema/render.ts';
import { RIGHTS } from '../../src/immich/rights.ts';
import type { Connection } from '../../src/postgres/connect.ts';
import { loadSchema, type Release } from './releases.ts';
import { ensureRole, grantRights } from './role.ts';
import { configOf, onServer } from './server_databases.ts';

/** Immich's own default inside its containers. */
export const MEDIA_LOCATION = '/data';

/** Any number that nothing else locks: one process at a time builds templates. */
const TEMPLATE_LOCK = 7_210_001;

const templates = new Map<string, Promise<string>>();

/**
 * The name of the server's template database for a release, building it first if this run has not yet.
 *
 * Processes that ask at the same moment wait for one another. The name ends in a hash of the SQL, so a server that
 * outlives the run never serves an outdated template.
 */
export function ensureTemplate(url: string, release: Release): Promise<string> {
  return remember(`${url} ${release}`, () =>
    onServer(url, 'postgres', async (sql) => {
      const name = `immich_${release.replaceAll('.', '_')}_${await fingerprint(sql, release)}`;
      await sql`SELECT pg_advisory_lock(${TEMPLATE_LOCK})`;
      const found = await sql`SELECT FROM pg_database WHERE datname = ${name}`;
      if (found.length === 0) await buildTemplate(url, sql, release, name);
      return name;
    }));
}

/** Renamed only when complete: a run that dies here leaves no half-built template behind. */
async function buildTemplate(url: string, sql: Connection, release: Release, name: string): Promise<void> {
  const unfinished = `${name}_unfinished`;
  await sql`DROP DATABASE IF EXISTS ${sql(unfinished)} WITH (FORCE)`;
  await sql`CREATE DATABASE ${sql(unfinished)}`;
  await ensureRole(sql, configOf(url, 'postgres'));
  await onServer(url, unfinished, async (target) => {
    await install(target, release);
    await grantRights(target);
  });
  await sql`ALTER DATABASE ${sql(unfinished)} RENAME TO ${sql(name)}`;
}

async function fingerprint(sql: Connection, release: Release): Promise<string> {
  const vector = await availableVector(sql);
  const statements = renderImmichSchema(await loadSchema(release), { vector, vectorIndexes: false });
  const text = [...statements, JSON.stringify(RIGHTS)].join(';');
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return new Uint8Array(hash).toHex().slice(0, 8);
}

/** Without vector indexes: each costs milliseconds per embedding, and nothing here searches by similarity. */
async function install(sql: Connection, release: Release): Promise<void> {
  const schema = await loadSchema(release);
  const vector = await availableVector(sql);
  await installImmichSchema(sql, schema, { vector, vectorIndexes: false, mediaLocation: MEDIA_LOCATION });
}

/** One attempt per key at a time; a failed one is forgotten. */
function remember(key: string, make: () => Promise<string>): Promise<string> {
  const made = templates.get(key) ?? make();
  templates.set(key, made);
  made.catch(() => templates.delete(key));
  return made;
}
