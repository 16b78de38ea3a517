import type { DatabaseConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { servePGlite } from '../../src/demo/pglite.ts';
import { connect, type Connection, disconnect } from '../../src/postgres/connect.ts';

/** An embedded PostgreSQL for what needs pgvector, which the other servers of a run may not have. */
export interface PGliteDatabase extends AsyncDisposable {
  readonly config: DatabaseConfig;
  /** The only connection that may be at work: PGlite has one session for all of them. */
  readonly sql: Connection;
}

/** A database with nothing in it. */
export async function openPGlite(): Promise<PGliteDatabase> {
  await using opened = new AsyncDisposableStack();
  const { port } = opened.adopt(await servePGlite(), ({ close }) => close());
  const config: DatabaseConfig = {
    hostname: '127.0.0.1',
    port,
    username: 'postgres',
    password: new Secret('any'),
    name: 'postgres',
    maxConnections: 1,
  };
  const sql = opened.adopt(await connect(config), (one) => disconnect(one));
  const database = opened.move();
  return { config, sql, [Symbol.asyncDispose]: () => database.disposeAsync() };
}
