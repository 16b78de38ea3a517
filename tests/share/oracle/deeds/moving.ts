import { uuidFor } from '../../../../src/demo/library_generator/media/random.ts';
import type { Household } from '../household.ts';
import { type Deeds, type Scene, traced } from './scene.ts';

/** Who takes no part in anything. */
const STRANGER = uuidFor(1, 'stranger');

/** Somebody moves a library, with what is in it, to an account of which nothing is shared, and back. Where the job follows it is in tests/share/owners.test.ts. */
export const MOVING_DEEDS: Deeds = {
  moveLibrary: traced(async (scene) => {
    const owner = scene.name();
    const user = scene.home.users[owner];
    const [library] = await scene.sql<
      { ownerId: string }[]
    >`SELECT "ownerId" FROM library WHERE id = ${user.libraryId}`;
    if (library?.ownerId !== user.id) return;
    await makeStranger(scene.home);
    await move(scene, user.libraryId, STRANGER);
    return `${owner}'s library is a stranger's now`;
  }),
  moveLibraryBack: traced(async (scene) => {
    const libraries = await scene.sql<{ id: string }[]>`
      SELECT id FROM library WHERE "ownerId" = ${STRANGER} ORDER BY id`;
    const library = scene.one(libraries);
    const user = Object.values(scene.home.users).find(({ libraryId }) => libraryId === library?.id);
    if (library === undefined || user === undefined) return;
    await move(scene, library.id, user.id);
    return `${user.name}'s library is theirs again`;
  }),
};

/** By SQL, as Immich itself has no way. Stacks are of one account. */
async function move({ sql }: Scene, libraryId: string, ownerId: string): Promise<void> {
  await sql.begin(async (tx) => {
    const stacks = await tx<{ id: string }[]>`
      SELECT DISTINCT "stackId" AS id FROM asset WHERE "libraryId" = ${libraryId} AND "stackId" IS NOT NULL`;
    const ids = stacks.map(({ id }) => id);
    await tx`UPDATE asset SET "stackId" = NULL WHERE "stackId" = ANY (${ids}::uuid[])`;
    await tx`DELETE FROM stack WHERE id = ANY (${ids}::uuid[])`;
    await tx`UPDATE library SET "ownerId" = ${ownerId} WHERE id = ${libraryId}`;
    await tx`UPDATE asset SET "ownerId" = ${ownerId} WHERE "libraryId" = ${libraryId}`;
  });
}

async function makeStranger(home: Household): Promise<void> {
  if ((await home.sql`SELECT FROM "user" WHERE id = ${STRANGER}`).length > 0) return;
  const [group] = home.isGrouped
    ? await home.sql<{ id: string }[]>`SELECT "clusterGroupId" AS id FROM "user" WHERE id = ${home.users.carol.id}`
    : [];
  await home.insert('user', {
    id: STRANGER,
    name: 'stranger',
    email: 'stranger@example.com',
    password: '',
    ...group === undefined ? {} : { clusterGroupId: group.id },
  });
}
