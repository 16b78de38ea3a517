import assert from 'node:assert/strict';
import type { JobConfig } from '../../src/config/config.ts';
import type { World } from './world.ts';

/** Bob's uploads back to Alice, into a library of hers that is made for it. */
export async function bobToAlice(world: World): Promise<JobConfig> {
  const { alice, bob } = world.library.users;
  const [library] = await world.sql<{ id: string }[]>`
    INSERT INTO library (name, "ownerId", "importPaths", "exclusionPatterns")
    VALUES ('uploads of Bob', ${alice.id}, ${['/data/shared/alice']}, ${[]}::text[])
    RETURNING id`;
  const [, uploads] = world.config.jobs;
  assert.ok(library && uploads);
  return {
    ...uploads,
    name: 'bob to alice',
    sourceUserId: bob.id,
    targetUserId: alice.id,
    targetLibraryId: library.id,
    targetPathPrefix: '/data/shared/alice/.bob/',
    albumId: undefined,
  };
}
