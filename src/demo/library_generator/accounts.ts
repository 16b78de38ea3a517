export interface UserSpec {
  readonly name: string;
  readonly email: string;
  readonly storageLabel: string | null;
  readonly isAdmin: boolean;
}

export const USERS = Object.freeze(
  {
    admin: { name: 'Admin', email: 'admin@example.com', storageLabel: 'admin', isAdmin: true },
    alice: { name: 'Alice', email: 'alice@example.com', storageLabel: 'alice', isAdmin: false },
    bob: { name: 'Bob', email: 'bob@example.com', storageLabel: null, isAdmin: false },
    carol: { name: 'Carol', email: 'carol@example.com', storageLabel: null, isAdmin: false },
  } as const satisfies Record<string, UserSpec>,
);
export type UserKey = keyof typeof USERS;
export const USER_KEYS = Object.keys(USERS) as UserKey[];

export interface LibrarySpec {
  readonly owner: UserKey;
  readonly name: string;
  /** Which root the import path is relative to. */
  readonly root: 'external' | 'media';
  readonly importPath: string;
}

/** Sources and targets. Links are made below a hidden directory (`.alice`) of the target's import path. */
export const LIBRARIES = Object.freeze(
  {
    alice: { owner: 'alice', name: 'Alice external', root: 'external', importPath: 'alice' },
    bobShared: { owner: 'bob', name: 'shared from Alice', root: 'external', importPath: 'bob_shared' },
    bobUploads: { owner: 'bob', name: 'uploads of Alice', root: 'media', importPath: 'shared/bob' },
    carolShared: { owner: 'carol', name: 'shared from Alice', root: 'external', importPath: 'carol_shared' },
    carolUploads: { owner: 'carol', name: 'uploads of Alice', root: 'media', importPath: 'shared/carol' },
  } as const satisfies Record<string, LibrarySpec>,
);
export type LibraryKey = keyof typeof LIBRARIES;
export const LIBRARY_KEYS = Object.keys(LIBRARIES) as LibraryKey[];

/** What Immich gives a new library. Those that receive mirrors have none, as `**\/._*` would take all of them offline. */
export const EXCLUSION_PATTERNS = Object.freeze(['**/@eaDir/**', '**/._*', '**/#recycle/**', '**/#snapshot/**']);

export interface AlbumSpec {
  readonly owner: UserKey;
  readonly name: string;
  readonly description: string;
  readonly members: Readonly<Partial<Record<UserKey, 'editor' | 'viewer'>>>;
  /** Keys; the first one is the cover. */
  readonly assets: readonly string[];
}

export const ALBUMS = Object.freeze(
  {
    /** The album that a share fills. */
    fromAlice: {
      owner: 'bob',
      name: 'From Alice',
      description: '',
      members: { carol: 'viewer' },
      assets: ['bob/dog'],
    },
    holiday: {
      owner: 'alice',
      name: 'Holiday, 2023',
      description: 'The best ones',
      members: { bob: 'editor' },
      assets: ['family/beach', 'family/clip', 'uploads/cat'],
    },
  } as const satisfies Record<string, AlbumSpec>,
);
export type AlbumKey = keyof typeof ALBUMS;
export const ALBUM_KEYS = Object.keys(ALBUMS) as AlbumKey[];

/** Alice's tag tree; parents before children. */
export const GENERATED_TAGS = Object.freeze(['family', 'family/kids', 'holiday']);
