import { connect } from '../../src/postgres/connect.ts';
import { planOnly } from '../../src/share/plan_only.ts';
import { readShareStatus, type ShareStatus } from '../../src/status/share.ts';
import type { World } from '../share/world.ts';

/** What `status` reads of sharing, with a connection of its own. */
export async function look(world: World): Promise<ShareStatus> {
  const sql = await connect(world.config.database);
  try {
    return await planOnly(sql, world.config, undefined, readShareStatus);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
