import type { Connection } from '../../../src/postgres/connect.ts';
import { editAsset } from '../immich_jobs/metadata.ts';
import { capture, type Dialect, type Json } from './captures.ts';
import type { FakeAnswer, FakeRequest } from './routes.ts';

/** Whose key a request came with. */
export interface FakeKey {
  readonly userId: string;
  readonly permissions: readonly string[];
}

/** The part of Immich that administrators use, on the tables of a real database: what is created here can be shared into. */
export interface FakeAdministration {
  readonly sql: Connection;
  readonly dialect: Dialect;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly permission: string;
  readonly isForAdmins: boolean;
  readonly answer: (
    administration: FakeAdministration,
    request: FakeRequest,
    context: { readonly id: string; readonly userId: string },
  ) => Promise<FakeAnswer>;
}

const ok = (body: unknown): FakeAnswer => ({ status: 200, body });
const created = (body: unknown): FakeAnswer => ({ status: 201, body });
const gone: FakeAnswer = { status: 204, body: null };

const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/users\/me$/,
    permission: 'user.read',
    isForAdmins: false,
    answer: async ({ sql, dialect }, _, { userId }) => {
      const [me] = await usersIn(sql, userId);
      return ok({ ...capture<Json>(dialect, 'users-me.admin'), ...me });
    },
  },
  {
    // Not captured. From: AssetController.updateAsset, AssetService.update (v2.7.5, v3.1.0).
    method: 'PUT',
    path: /^\/assets\/([^/]+)$/,
    permission: 'asset.update',
    isForAdmins: false,
    answer: async ({ sql, dialect }, { body }, { id, userId }) => {
      const [own] = await sql`SELECT FROM asset WHERE id = ${id} AND "ownerId" = ${userId}`;
      if (own === undefined) return { status: 400, body: capture<Json>(dialect, 'error-unknown-asset') };
      const { dateTimeOriginal, ...rest } = body;
      await editAsset({ sql, local: (path) => path }, id, {
        ...rest,
        ...typeof dateTimeOriginal === 'string' ? { dateTimeOriginal: new Date(dateTimeOriginal) } : {},
      });
      return ok({ id });
    },
  },
  {
    method: 'GET',
    path: /^\/admin\/users$/,
    permission: 'adminUser.read',
    isForAdmins: true,
    answer: async ({ sql, dialect }) => {
      const [template] = capture<readonly Json[]>(dialect, 'admin-users');
      return ok((await usersIn(sql)).map((user) => ({ ...template, ...user })));
    },
  },
  {
    method: 'GET',
    path: /^\/libraries$/,
    permission: 'library.read',
    isForAdmins: true,
    answer: async ({ sql, dialect }) => ok((await librariesIn(sql)).map((library) => libraryJson(dialect, library))),
  },
  {
    method: 'POST',
    path: /^\/libraries$/,
    permission: 'library.create',
    isForAdmins: true,
    answer: async ({ sql, dialect }, { body }) => {
      // A library that is made without a word about it gets these.
      const usual = capture<{ exclusionPatterns: string[] }>(dialect, 'library').exclusionPatterns
        .filter((pattern) => pattern !== '**/excluded/**');
      const [row] = await sql<{ id: string }[]>`
        INSERT INTO library ("ownerId", name, "importPaths", "exclusionPatterns")
        VALUES (
          ${String(body.ownerId)},
          ${String(body.name ?? 'New External Library')},
          ${(body.importPaths ?? []) as string[]},
          ${(body.exclusionPatterns ?? usual) as string[]}
        )
        RETURNING id`;
      const [library] = await librariesIn(sql, row?.id);
      return created(libraryJson(dialect, library ?? {}));
    },
  },
  {
    method: 'PUT',
    path: /^\/libraries\/([^/]+)$/,
    permission: 'library.update',
    isForAdmins: true,
    answer: async ({ sql, dialect }, { body }, { id }) => {
      const importPaths = body.importPaths as string[] | undefined;
      const inside = importPaths?.find((path) => `${path}/`.startsWith('/data/'));
      if (inside !== undefined) {
        return {
          status: 400,
          body: {
            ...capture<Json>(dialect, 'error-403-not-admin'),
            message: 'Invalid import path: Cannot use media upload folder for external libraries',
            statusCode: 400,
          },
        };
      }
      await sql`
        UPDATE library
        SET
          "importPaths" = coalesce(${importPaths ?? null}::text[], "importPaths"),
          "exclusionPatterns" = coalesce(${
        (body.exclusionPatterns as string[] | undefined) ?? null
      }::text[], "exclusionPatterns")
        WHERE id = ${id}`;
      const [library] = await librariesIn(sql, id);
      return ok(libraryJson(dialect, library ?? {}));
    },
  },
  {
    method: 'DELETE',
    path: /^\/libraries\/([^/]+)$/,
    permission: 'library.delete',
    isForAdmins: true,
    answer: async ({ sql }, _, { id }) => {
      await sql`DELETE FROM library WHERE id = ${id}`;
      return gone;
    },
  },
  {
    method: 'GET',
    path: /^\/libraries\/([^/]+)\/statistics$/,
    permission: 'library.statistics',
    isForAdmins: true,
    answer: async ({ sql, dialect }, _, { id }) => {
      const [row] = await sql<{ total: number }[]>`SELECT count(*)::int AS total FROM asset WHERE "libraryId" = ${id}`;
      return ok({ ...capture<Json>(dialect, 'library-statistics'), photos: row?.total, videos: 0, total: row?.total });
    },
  },
  {
    method: 'GET',
    path: /^\/albums$/,
    permission: 'album.read',
    isForAdmins: false,
    answer: async ({ sql, dialect }, _, { userId }) => {
      const ids = await ownAlbumIds(sql, userId);
      return ok(await Promise.all(ids.map((id) => albumJson(sql, dialect, id, userId))));
    },
  },
  {
    method: 'POST',
    path: /^\/albums$/,
    permission: 'album.create',
    isForAdmins: false,
    answer: async ({ sql, dialect }, { body }, { userId }) => {
      const id = crypto.randomUUID();
      const name = String(body.albumName);
      if (await hasOwnerColumn(sql)) {
        await sql`INSERT INTO album (id, "ownerId", "albumName") VALUES (${id}, ${userId}, ${name})`;
      } else {
        await sql`INSERT INTO album (id, "albumName") VALUES (${id}, ${name})`;
        await sql`INSERT INTO album_user ("albumId", "userId", role) VALUES (${id}, ${userId}, 'owner')`;
      }
      return created(await albumJson(sql, dialect, id, userId));
    },
  },
  {
    method: 'DELETE',
    path: /^\/albums\/([^/]+)$/,
    permission: 'album.delete',
    isForAdmins: false,
    answer: async ({ sql }, _, { id }) => {
      await sql`DELETE FROM album WHERE id = ${id}`;
      return gone;
    },
  },
];

/** The answer to a request that only this part knows, or undefined for all others. */
export async function administrationAnswer(
  administration: FakeAdministration,
  request: FakeRequest,
  key: FakeKey | undefined,
): Promise<FakeAnswer | undefined> {
  const { dialect, sql } = administration;
  for (const route of ROUTES) {
    const match = route.method === request.method ? route.path.exec(request.path) : null;
    if (match === null) continue;
    if (key === undefined) return { status: 401, body: capture<Json>(dialect, 'error-401-wrong-key') };
    if (!key.permissions.includes('all') && !key.permissions.includes(route.permission)) {
      const body = capture<Json>(dialect, 'error-403-missing-permission');
      return { status: 403, body: { ...body, message: String(body.message).replace('album.read', route.permission) } };
    }
    const [user] = await usersIn(sql, key.userId);
    if (route.isForAdmins && user?.isAdmin !== true) {
      return { status: 403, body: capture<Json>(dialect, 'error-403-not-admin') };
    }
    return await route.answer(administration, request, { id: match[1] ?? '', userId: key.userId });
  }
  return undefined;
}

async function usersIn(sql: Connection, id?: string): Promise<readonly Json[]> {
  return await sql<Record<string, unknown>[]>`
    SELECT id, name, email, "isAdmin", "storageLabel", "deletedAt"
    FROM "user"
    ${id === undefined ? sql`` : sql`WHERE id = ${id}`}
    ORDER BY "createdAt" DESC, id`;
}

async function librariesIn(sql: Connection, id?: string): Promise<readonly Json[]> {
  return await sql<Record<string, unknown>[]>`
    SELECT id, "ownerId", name, "importPaths", "exclusionPatterns"
    FROM library
    WHERE "deletedAt" IS NULL ${id === undefined ? sql`` : sql`AND id = ${id}`}
    ORDER BY name`;
}

function libraryJson(dialect: Dialect, library: Json): Json {
  return { ...capture<Json>(dialect, 'library'), ...library, assetCount: 0 };
}

async function hasOwnerColumn(sql: Connection): Promise<boolean> {
  const rows = await sql`
    SELECT 1 FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = 'album' AND column_name = 'ownerId'`;
  return rows.length > 0;
}

async function ownAlbumIds(sql: Connection, userId: string): Promise<readonly string[]> {
  const rows = await hasOwnerColumn(sql)
    ? await sql<{ id: string }[]>`SELECT id FROM album WHERE "ownerId" = ${userId} AND "deletedAt" IS NULL`
    : await sql<{ id: string }[]>`
      SELECT al.id
      FROM album al
      JOIN album_user u ON u."albumId" = al.id
      WHERE u."userId" = ${userId} AND u.role = 'owner' AND al."deletedAt" IS NULL`;
  return rows.map(({ id }) => id);
}

/** With its owner as the release tells it: a field of its own until 2.7, one of the members since. */
async function albumJson(sql: Connection, dialect: Dialect, id: string, userId: string): Promise<Json> {
  const [row] = await sql<{ name: string }[]>`SELECT "albumName" AS name FROM album WHERE id = ${id}`;
  const [me] = await usersIn(sql, userId);
  const owner = dialect === '2.7.5'
    ? { ownerId: userId, owner: me, albumUsers: [] }
    : { albumUsers: [{ user: me, role: 'owner' }] };
  return { ...capture<Json>(dialect, 'album'), ...owner, id, albumName: row?.name, assetCount: 0 };
}
