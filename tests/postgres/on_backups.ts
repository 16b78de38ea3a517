import { type ImmichDatabase, openImmich } from '../harness/database.ts';
import { findClients } from '../harness/immich_backup.ts';

const CLIENTS = await findClients();

/** A test with a database on a server whose programs for backups are here; `bin` is where. Left out without them. */
export function onBackups(name: string, use: (db: ImmichDatabase, bin: string) => Promise<void>): void {
  Deno.test({
    name,
    ignore: CLIENTS === undefined,
    fn: async () => {
      if (CLIENTS === undefined) return;
      const db = await openImmich('v3.1.0', { server: CLIENTS.server });
      try {
        await use(db, CLIENTS.bin);
      } finally {
        await db.close();
      }
    },
  });
}
