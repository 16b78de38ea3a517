import type { Sql } from '../postgres/connect.ts';
import { UserError } from '../errors.ts';
import { type Features, readSettings } from './settings.ts';

/** What this installation of Immich is and does. */
export interface ImmichInstance {
  /** The newest release that ever started on this database, or 'unknown'. */
  readonly version: string;
  /** Immich's media directory as Immich sees it, no trailing slash. */
  readonly mediaLocation: string;
  /** Which kinds of machine learning Immich runs. */
  readonly features: Features;
  /** Whether photos can be edited (since 2.5). */
  readonly canEdit: boolean;
}

/** The tables by which a database is recognised as Immich's; the rest is checked by requirements.ts, by name. */
const LANDMARKS: readonly string[] = ['asset', 'asset_exif', 'person', 'user'];

/** Throws UserError when the database is not Immich's, so that a wrong DB_DATABASE_NAME is told as such. Reads only. */
export async function assertImmichDatabase(sql: Sql): Promise<void> {
  const [row] = await sql<{ name: string; found: number }[]>`
    SELECT current_database() AS name, count(*)::int AS found
    FROM unnest(${LANDMARKS}::text[]) AS landmark
    WHERE to_regclass('public.' || quote_ident(landmark)) IS NOT NULL`;
  // One of them may be gone for another reason, which requirements.ts then names; a foreign database has none or one.
  if ((row?.found ?? 0) >= LANDMARKS.length - 1) return;
  throw new UserError(`The database ${JSON.stringify(row?.name)} is not an Immich database (2.0 or later).`, {
    problemCode: 'database-not-immich',
    remedy: 'Set DB_DATABASE_NAME to the value in the .env of Immich (usually "immich").',
  });
}

/** Reads what Immich says about itself. `mediaLocation` overrides what the database shows. Reads only. */
export async function readInstance(sql: Sql, mediaLocation: string | undefined): Promise<ImmichInstance> {
  return {
    version: await readVersion(sql),
    mediaLocation: mediaLocation ?? await readMediaLocation(sql),
    features: (await readSettings(sql)).features,
    canEdit: await readCanEdit(sql),
  };
}

async function readVersion(sql: Sql): Promise<string> {
  const [table] = await sql<{ found: boolean }[]>`SELECT to_regclass('public.version_history') IS NOT NULL AS found`;
  if (table?.found !== true) return 'unknown';
  const [row] = await sql<{ version: string }[]>`
    SELECT version
    FROM version_history
    ORDER BY "createdAt" DESC
    LIMIT 1`;
  return row?.version ?? 'unknown';
}

/**
 * The media location that the paths of generated files show; where there are none yet, the one that Immich has noted
 * (since 1.136), else its default.
 */
async function readMediaLocation(sql: Sql): Promise<string> {
  const [shown] = await sql<{ location: string }[]>`
    SELECT substring(sample.path FROM '^(/.+)/thumbs/[^/]+/../../[^/]+$') AS location
    FROM (SELECT path FROM asset_file WHERE type = 'thumbnail' LIMIT 100) AS sample
    WHERE sample.path ~ '^(/.+)/thumbs/[^/]+/../../[^/]+$'
    GROUP BY 1
    ORDER BY count(*) DESC
    LIMIT 1`;
  if (shown !== undefined) return shown.location;
  const [noted] = await sql<{ location: string | null }[]>`
    SELECT value->>'location' AS location
    FROM system_metadata
    WHERE key = 'MediaLocation'`;
  return noted?.location ?? '/data';
}

async function readCanEdit(sql: Sql): Promise<boolean> {
  const found = await sql`
    SELECT 1
    FROM pg_attribute
    WHERE attrelid = to_regclass('public.asset') AND attname = 'isEdited' AND NOT attisdropped`;
  return found.length > 0;
}
