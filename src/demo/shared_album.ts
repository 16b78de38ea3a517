import type { Config, SharedAlbumsConfig } from '../config/config.ts';
import type { Connection } from '../postgres/connect.ts';
import { newMember } from '../share/shared_albums/members.ts';
import { assetOf, type GeneratedLibrary } from './library_generator/result.ts';
import { MEDIA_LOCATION } from './roots.ts';

/** What became of an album that was shared in Immich while the program ran. */
export interface DemoAlbum {
  readonly name: string;
  /** Photos of Alice's that were put into it. */
  readonly photos: number;
  /** Those that Carol has a cycle later. */
  readonly shared: number;
}

const DIRECTORY = `${MEDIA_LOCATION}/shared/albums/`;

const SHARED_ALBUMS: SharedAlbumsConfig = Object.freeze<SharedAlbumsConfig>({
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

const NAME = 'Summer';

/** Alice makes an album in Immich and invites Carol. Returns the configuration with which it is shared. */
export async function shareAnAlbum(sql: Connection, library: GeneratedLibrary, config: Config): Promise<Config> {
  const users = Object.values(library.users);
  // Without Immich nobody makes libraries through its API.
  for (const target of users) {
    const { directory } = newMember(target.id, target.name, []);
    for (const source of users.filter(({ id }) => id !== target.id)) {
      await sql`
        INSERT INTO library ("ownerId", name, "importPaths", "exclusionPatterns")
        VALUES (${target.id}, ${`Shared by ${source.name}`}, ${[DIRECTORY + directory]}, '{}')`;
    }
  }
  const album = crypto.randomUUID();
  await sql.begin(async (tx) => {
    await tx`INSERT INTO album (id, "albumName") VALUES (${album}, ${NAME})`;
    await tx`
      INSERT INTO album_user ("albumId", "userId", role)
      VALUES (${album}, ${library.users.alice.id}, 'owner'), (${album}, ${library.users.carol.id}, 'viewer')`;
  });
  for (const key of PHOTOS) {
    await sql`INSERT INTO album_asset ("albumId", "assetId") VALUES (${album}, ${assetOf(library, key).id})`;
  }
  return { ...config, sharedAlbums: SHARED_ALBUMS };
}

const PHOTOS = ['family/harbour', 'family/portrait', 'uploads/cat'] as const;

/** What Carol has of it. */
export async function lookAtAlbum(sql: Connection, library: GeneratedLibrary): Promise<DemoAlbum> {
  const photos = PHOTOS.map((key) => assetOf(library, key).id);
  const [row] = await sql<{ shared: number }[]>`
    SELECT count(*)::int AS shared
    FROM immich_sidecar.asset_map
    WHERE target_user_id = ${library.users.carol.id}
      AND source_asset_id = ANY (${photos}::uuid[])`;
  return { name: NAME, photos: photos.length, shared: row?.shared ?? 0 };
}
