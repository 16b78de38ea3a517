-- Files that stood in the place of a mirror's original when that had to go, and may be the last copy of somebody's photo. A row is
-- committed before its file is moved; a row whose file is not there means nothing.
CREATE TABLE immich_sidecar_kept.file (
  id              uuid PRIMARY KEY,
  path            text NOT NULL, -- where it lies now, as Immich would see it
  photo           text, -- the source's original, as Immich sees it; NULL when its row is gone
  mirror_path     text NOT NULL, -- where the mirror's original lay
  source_asset_id uuid NOT NULL,
  target_user_id  uuid NOT NULL,
  job_name        text NOT NULL,
  bytes           double precision NOT NULL,
  reason          text NOT NULL CHECK (reason IN ('source-file-gone', 'another-file')),
  kept_at         timestamptz NOT NULL DEFAULT now()
);
