import type { Config, SharedAlbumsConfig } from '../../src/config/config.ts';
import { newMember } from '../../src/share/shared_albums/members.ts';
import type { World } from './world.ts';

export type UserKey = 'alice' | 'bob' | 'carol';

export const DIRECTORY = '/data/shared/';

/** What `shared_albums: {albums: all, directory: /data/shared}` means. */
export const ALL_ALBUMS: SharedAlbumsConfig = Object.freeze<SharedAlbumsConfig>({
  albums: 'all',
  exceptAlbums: [],
  members: 'all',
  exceptMembers: [],
  directories: [DIRECTORY],
  placement: 'hardlink',
  includeArchived: false,
  shareEdited: 'original',
  require: { clip: 'auto', faces: 'auto', ocr: 'auto' },
});

/** Nothing but what is in shared albums is shared. */
export function sharingAlbums(world: World, changes: Partial<SharedAlbumsConfig> = {}): Config {
  return { ...world.config, jobs: [], sharedAlbums: { ...ALL_ALBUMS, ...changes } };
}

/** The libraries for all pairs, as an administrator would have made them by hand. */
export async function makeLibraries(world: World, directories: readonly string[] = [DIRECTORY]): Promise<void> {
  const users = Object.values(world.library.users);
  for (const directory of directories) {
    for (const target of users) {
      for (const source of users.filter(({ id }) => id !== target.id)) {
        await world.sql`
          INSERT INTO library ("ownerId", name, "importPaths", "exclusionPatterns")
          VALUES (
            ${target.id}, ${`Shared by ${source.name}`},
            ${[`${directory}${newMember(target.id, target.name, []).directory}`]}, ${[]}
          )`;
      }
    }
  }
}

/** `alice/… → bob`: the keys of all that somebody has through sharing, by whose it is and who has it. */
export async function sharedBetween(world: World): Promise<Record<string, string[]>> {
  const rows = await world.sql<{ source: string; sourceOwner: string; target: string }[]>`
    SELECT source_asset_id AS source, source_user_id AS "sourceOwner", target_user_id AS target
    FROM immich_sidecar.asset_map`;
  const keyOf = (id: string) => world.library.assets.find((asset) => asset.id === id)?.key ?? id;
  const userOf = (id: string) => Object.entries(world.library.users).find(([, user]) => user.id === id)?.[0] ?? id;
  const pairs = Map.groupBy(rows, ({ sourceOwner, target }) => `${userOf(sourceOwner)} to ${userOf(target)}`);
  return Object.fromEntries(
    [...pairs].map(([pair, group]) => [pair, group.map(({ source }) => keyOf(source)).sort()] as const)
      .toSorted(([one], [other]) => one < other ? -1 : 1),
  );
}
