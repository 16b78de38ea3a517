-- What people are called in the names of directories and jobs, since they first had to do with shared albums: what is renamed in Immich moves no file.
CREATE TABLE immich_sidecar_albums.member (
  user_id   uuid PRIMARY KEY,
  label     text NOT NULL UNIQUE,
  directory text NOT NULL UNIQUE -- below the configured one
);

-- The libraries that hold what members of shared albums get from one another, for each of the configured directories.
CREATE TABLE immich_sidecar_albums.library (
  source_user_id uuid NOT NULL,
  target_user_id uuid NOT NULL,
  directory      text NOT NULL,
  library_id     uuid NOT NULL,
  PRIMARY KEY (source_user_id, target_user_id, directory)
);

-- Why a mirror is there: the albums, people, tags and paths that select its source, with the moment at which that was noticed. The rows of a
-- mirror that nothing selects any more stay until it is removed, as a deleted album leaves no other trace of what was in it.
CREATE TABLE immich_sidecar_albums.reason (
  mirror_asset_id uuid NOT NULL,
  criterion       text NOT NULL,
  thing           text NOT NULL, -- an id, or a path; empty for favourites
  since           timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (mirror_asset_id, criterion, thing)
);
CREATE INDEX reason_thing_idx ON immich_sidecar_albums.reason (thing);
