import { auditFunction } from './audit_functions.ts';
import { quoted, type SchemaDescription } from './schema.ts';

/**
 * Our own versions of Immich's database functions, written from their description in words; only those that
 * the release has. Helpers come first because defaults and indexes of the tables need them.
 *
 * Throws Error for a function name nobody wrote a body for.
 */
export function renderFunctions(schema: SchemaDescription): string[] {
  const helpers = schema.functions.filter((name) => name in HELPERS);
  const triggers = schema.functions.filter((name) => !(name in HELPERS));
  return [
    ...helpers.map((name) => HELPERS[name] ?? ''),
    ...triggers.map((name) => triggerFunction(name, triggerBody(schema, name))),
  ];
}

function triggerFunction(name: string, body: string): string {
  return `CREATE FUNCTION ${quoted(name)}() RETURNS trigger LANGUAGE plpgsql AS $body$\n${body}\n$body$`;
}

function triggerBody(schema: SchemaDescription, name: string): string {
  const body = TRIGGER_BODIES[name];
  if (body) return body(schema);
  const audit = auditFunction(schema, name);
  if (audit) return audit;
  throw new Error(`No body for Immich's function ${name} (${schema.release}).`);
}

const HELPERS: Readonly<Record<string, string>> = Object.freeze({
  /** 48 bits of milliseconds, version 7, the rest from a random v4: sortable to the millisecond, no further. */
  immich_uuid_v7: `CREATE FUNCTION immich_uuid_v7(p_timestamp timestamp with time zone DEFAULT clock_timestamp())
RETURNS uuid LANGUAGE sql VOLATILE AS $body$
  SELECT (
    lpad(to_hex(floor(extract(epoch FROM p_timestamp) * 1000)::bigint), 12, '0')
    || '7'
    || substr(replace(gen_random_uuid()::text, '-', ''), 14)
  )::uuid
$body$`,
  f_unaccent: `CREATE FUNCTION f_unaccent(text)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN unaccent('unaccent'::regdictionary, $1)`,
  f_concat_ws: `CREATE FUNCTION f_concat_ws(text, text[])
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$
  SELECT array_to_string($2, $1)
$body$`,
  /** Schema-qualified, so that it works with an empty search_path (restore of a dump). */
  ll_to_earth_public: `CREATE FUNCTION ll_to_earth_public(latitude double precision, longitude double precision)
RETURNS public.earth LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$
  SELECT public.cube(
    public.cube(
      public.cube(public.earth() * cos(radians(latitude)) * cos(radians(longitude))),
      public.earth() * cos(radians(latitude)) * sin(radians(longitude))
    ),
    public.earth() * sin(radians(latitude))
  )::public.earth
$body$`,
});

const TRIGGER_BODIES: Readonly<Record<string, (schema: SchemaDescription) => string>> = Object.freeze({
  /** The variable has no time zone, like Immich's: the instant makes a round trip through the session's TimeZone. */
  updated_at: () =>
    `DECLARE
  wall_clock timestamp without time zone := clock_timestamp();
BEGIN
  NEW."updatedAt" := wall_clock;
  NEW."updateId" := immich_uuid_v7(wall_clock);
  RETURN NEW;
END`,
  asset_edit_insert: () =>
    `BEGIN
  UPDATE asset
  SET "isEdited" = true
  FROM inserted_edit
  WHERE asset.id = inserted_edit."assetId"
    AND NOT asset."isEdited";
  RETURN NULL;
END`,
  asset_edit_delete: () =>
    `BEGIN
  UPDATE asset
  SET "isEdited" = false
  FROM deleted_edit
  WHERE asset.id = deleted_edit."assetId"
    AND asset."isEdited"
    AND NOT EXISTS (SELECT FROM asset_edit WHERE asset_edit."assetId" = asset.id);
  RETURN NULL;
END`,
  album_user_after_insert: (schema) => {
    const ownersAreMembers = 'album_user_role_enum' in schema.enums;
    const unlessOwner = ownersAreMembers ? "\n    AND NOT EXISTS (SELECT FROM inserted_rows WHERE role = 'owner')" : '';
    return `BEGIN
  UPDATE album
  SET "updatedAt" = clock_timestamp(), "updateId" = immich_uuid_v7(clock_timestamp())
  WHERE id IN (SELECT ${quoted(albumKey(schema))} FROM inserted_rows)${unlessOwner};
  RETURN NULL;
END`;
  },
  album_user_delete: () =>
    `BEGIN
  DELETE FROM album
  WHERE id = OLD."albumId"
    AND NOT EXISTS (SELECT FROM album_user WHERE "albumId" = OLD."albumId" AND role = 'owner');
  RETURN NULL;
END`,
  /** A user who loses their row of a person loses what others shared of it with them; what they gave goes by the foreign key. */
  person_delete_shares: () =>
    `BEGIN
  DELETE FROM person_user
  USING deleted_rows
  WHERE person_user."personGroupId" = deleted_rows."personGroupId"
    AND person_user."sharedWithId" = deleted_rows."ownerId";
  RETURN NULL;
END`,
  /** A receiver without a row of the group gets one; one that is there is only completed. Of several sharers a named one counts. */
  person_user_after_insert: () =>
    `BEGIN
  WITH offered AS (
    SELECT DISTINCT ON (share."sharedWithId", share."personGroupId")
      share."sharedWithId" AS receiver, share."personGroupId" AS person_group, sharer.name, sharer."birthDate" AS birth_date
    FROM inserted_rows share
    JOIN person sharer ON sharer."ownerId" = share."sharedById" AND sharer."personGroupId" = share."personGroupId"
    ORDER BY share."sharedWithId", share."personGroupId", sharer.name = '', sharer."birthDate" IS NULL
  )
  INSERT INTO person ("ownerId", "personGroupId", name, "birthDate")
  SELECT receiver, person_group, name, birth_date
  FROM offered
  ON CONFLICT ("ownerId", "personGroupId") DO UPDATE
  SET name = CASE WHEN person.name = '' THEN EXCLUDED.name ELSE person.name END,
      "birthDate" = coalesce(person."birthDate", EXCLUDED."birthDate")
  WHERE (person.name = '' AND EXCLUDED.name <> '')
    OR (person."birthDate" IS NULL AND EXCLUDED."birthDate" IS NOT NULL);
  RETURN NULL;
END`,
});

/** `albumsId` until v2.2, `albumId` since v2.4. */
function albumKey(schema: SchemaDescription): string {
  const columns = schema.tables['album_user']?.columns ?? [];
  return columns.some((column) => column.name === 'albumsId') ? 'albumsId' : 'albumId';
}
