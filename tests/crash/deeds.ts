import type { World } from '../share/world.ts';
import type { Ground } from './ground.ts';

/** How many thumbnails Immich makes anew in a change. */
const RENEWED = 5;

/** The source's owner renames, describes and removes faces; Immich makes some thumbnails anew. `round` makes it news. */
export async function changeSource(world: World, ground: Ground, round: number): Promise<void> {
  const { sql, library } = world;
  const { alice } = library.users;
  await sql`
    UPDATE person SET name = ${`round ${round}`}
    WHERE "ownerId" = ${alice.id} AND name <> ''`;
  await sql`
    UPDATE asset_exif SET description = ${`said in round ${round}`}
    WHERE "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${alice.id})`;
  await sql`
    UPDATE asset_face SET "deletedAt" = CASE WHEN hashtext(id::text || ${round}) % 10 = 0 THEN now() END
    WHERE hashtext(id::text || ${round}) % 5 = 0
      AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${alice.id})`;
  await renewThumbnails(world, ground, round);
}

/** About half of what is shared becomes private. */
export async function lockHalf({ sql, library }: World): Promise<void> {
  await sql`
    UPDATE asset SET visibility = 'locked'
    WHERE "ownerId" = ${library.users.alice.id} AND visibility = 'timeline' AND id::text < '8'`;
}

/** Undoes lockHalf. */
export async function unlock({ sql, library }: World): Promise<void> {
  await sql`
    UPDATE asset SET visibility = 'timeline'
    WHERE "ownerId" = ${library.users.alice.id} AND visibility = 'locked' AND "originalFileName" <> 'locked.jpg'`;
}

/** As Immich does it: another file under the same name. */
async function renewThumbnails(world: World, ground: Ground, round: number): Promise<void> {
  const files = await world.sql<{ id: string; path: string }[]>`
    SELECT f.id, f.path
    FROM asset_file f
    JOIN asset a ON a.id = f."assetId"
    WHERE a."ownerId" = ${world.library.users.alice.id} AND f.type = 'thumbnail'
    ORDER BY f.path
    LIMIT ${RENEWED}`;
  const paths = files.map(({ path }) => world.local(path));
  for (const path of paths) {
    Deno.writeTextFileSync(`${path}.new`, `thumbnail of round ${round}`);
    Deno.renameSync(`${path}.new`, path);
  }
  await world.sql`UPDATE asset_file SET path = path WHERE id = ANY (${files.map(({ id }) => id)}::uuid[])`;
  ground.replaced(paths);
}
