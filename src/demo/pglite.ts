import { PGlite } from '@electric-sql/pglite';
import { cube } from '@electric-sql/pglite/contrib/cube';
import { earthdistance } from '@electric-sql/pglite/contrib/earthdistance';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import { unaccent } from '@electric-sql/pglite/contrib/unaccent';
import { uuid_ossp } from '@electric-sql/pglite/contrib/uuid_ossp';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

/** An embedded PostgreSQL that answers on a port of 127.0.0.1, empty or as one of its data directories was dumped. */
export interface ServedPGlite {
  readonly database: PGlite;
  readonly port: number;
  close(): Promise<void>;
}

export async function servePGlite(dump?: Blob): Promise<ServedPGlite> {
  const database = await PGlite.create({
    extensions: { cube, earthdistance, pg_trgm, unaccent, uuid_ossp, vector },
    ...(dump ? { loadDataDir: dump } : {}),
  });
  // More than one connection may be open, though only one may be at work: see the docstring of openImmich.
  const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0, maxConnections: 64 });
  await server.start();
  return {
    database,
    port: Number(server.getServerConn().split(':').at(-1)),
    close: async () => {
      await server.stop();
      await database.close();
    },
  };
}
