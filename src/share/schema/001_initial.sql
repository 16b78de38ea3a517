-- What immich-sidecar remembers. Lives in Immich's database, outside Immich's own schema, so that Immich's drift check
-- stays clean. No foreign keys and no views into Immich's tables: both would take part in Immich's migrations and
-- deletions. Ids of Immich rows are therefore plain uuids, checked for existence where they are used.
CREATE SCHEMA immich_sidecar;

CREATE TABLE immich_sidecar.migration (
  version    integer PRIMARY KEY,
  name       text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

-- One row for each mirror. A source has at most one mirror in each target account, however many jobs select it.
CREATE TABLE immich_sidecar.asset_map (
  mirror_asset_id uuid PRIMARY KEY,
  source_asset_id uuid NOT NULL,
  source_user_id  uuid NOT NULL,
  target_user_id  uuid NOT NULL,
  job_name        text NOT NULL, -- the job that made it; any job that selects the source keeps it
  created_at      timestamptz NOT NULL DEFAULT now(),
  UNIQUE (source_asset_id, target_user_id)
);

-- One row for each mirrored face. `person_id` and `source_update_id` are what we wrote last: a mirror face is changed
-- again only when its source has changed since, so what the target's owner did to it stays.
CREATE TABLE immich_sidecar.face_map (
  source_face_id   uuid NOT NULL,
  mirror_asset_id  uuid NOT NULL,
  mirror_face_id   uuid NOT NULL,
  person_id        uuid,
  source_update_id uuid NOT NULL,
  PRIMARY KEY (mirror_asset_id, source_face_id)
);

-- One row for each person a target sees through sharing. The origin is the first person of a chain of mirrors, never a
-- mirror itself. The last five columns are what we wrote last, field by field.
CREATE TABLE immich_sidecar.person_map (
  origin_person_id uuid NOT NULL,
  origin_owner_id  uuid NOT NULL,
  target_user_id   uuid NOT NULL,
  mirror_person_id uuid NOT NULL,
  is_ours          boolean NOT NULL, -- false: the target had this person already; we neither change nor delete it
  name             text,
  is_hidden        boolean,
  birth_date       date,
  color            text,
  cover_face_id    uuid, -- the mirrored face that the source's own cover shows; null while the target cannot see it
  PRIMARY KEY (origin_person_id, target_user_id)
);
CREATE INDEX person_map_mirror_person_id_idx ON immich_sidecar.person_map (mirror_person_id);

-- The journal of files: a row is committed before its file is linked, and goes after its file is removed. A row whose
-- mirror is in neither map is unfinished work; the next start removes the file and the row.
CREATE TABLE immich_sidecar.link (
  mirror_id uuid NOT NULL, -- an asset's or a person's
  path      text NOT NULL, -- as Immich sees it
  keep      text NOT NULL -- directories above the path that became empty are removed up to this one
);
-- Not unique with the path, which would cost as much as the table.
CREATE INDEX link_mirror_id_idx ON immich_sidecar.link (mirror_id);

-- What we put into albums, so that a mirror that the target's owner takes out of an album stays out.
CREATE TABLE immich_sidecar.album_entry (
  mirror_asset_id uuid NOT NULL,
  album_id        uuid NOT NULL,
  PRIMARY KEY (mirror_asset_id, album_id)
);

-- Sources that could not or must not be mirrored.
CREATE TABLE immich_sidecar.skipped (
  source_asset_id  uuid NOT NULL,
  target_user_id   uuid NOT NULL,
  reason           text NOT NULL,
  detail           text NOT NULL,
  retry            text NOT NULL CHECK (retry IN ('every-cycle', 'when-changed', 'never')),
  source_update_id uuid NOT NULL,
  since            timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source_asset_id, target_user_id)
);

-- Mirrors that the target's owner trashed or deleted: not made again until they ask for it.
CREATE TABLE immich_sidecar.withdrawn (
  source_asset_id uuid NOT NULL,
  target_user_id  uuid NOT NULL,
  reason          text NOT NULL,
  withdrawn_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source_asset_id, target_user_id)
);

-- Cycles that changed something or failed.
CREATE TABLE immich_sidecar.run (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  started_at  timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  version     text NOT NULL,
  report      jsonb NOT NULL
);
