-- What the target's owner had done to a mirror that was withdrawn, and is given back when its source is shared again. It holds what they said, and
-- ids of theirs, and nothing of the source's. A row goes when it was given back, when the source is deleted for good, and with `unshare`. Where they
-- had done nothing there is none.
CREATE TABLE immich_sidecar_remembered.photo (
  source_asset_id uuid NOT NULL,
  target_user_id  uuid NOT NULL,
  job_name        text NOT NULL, -- the job that had made it
  is_favorite     boolean NOT NULL,
  own             jsonb NOT NULL, -- field groups that are theirs (src/share/mirrors/fields.ts), each with the MD5 of its values
  asset           jsonb NOT NULL, -- the values: columns of asset,
  exif            jsonb NOT NULL, -- of asset_exif, with the locks that keep them theirs,
  edits           jsonb, -- and rows of asset_edit; NULL when these are not theirs
  albums          uuid[] NOT NULL, -- that it was in, other than through us
  covers          uuid[] NOT NULL, -- of which it was the cover
  entries         uuid[] NOT NULL, -- that we do not put it into again (album_entry): they had taken it out
  tags            uuid[] NOT NULL, -- that its metadata do not name
  memories        uuid[] NOT NULL,
  links           uuid[] NOT NULL, -- shared links
  stack_id        uuid, -- a stack of theirs
  is_primary      boolean NOT NULL, -- of that stack
  heir_id         uuid, -- what we made the primary asset in its place
  left_stack_id   uuid, -- a stack of ours that they had taken it out of
  withdrawn_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source_asset_id, target_user_id)
);
CREATE INDEX photo_stack_id_idx ON immich_sidecar_remembered.photo (stack_id) WHERE stack_id IS NOT NULL;

-- Stacks of theirs that were dissolved because fewer than two members were left.
CREATE TABLE immich_sidecar_remembered.stack (
  stack_id         uuid PRIMARY KEY,
  target_user_id   uuid NOT NULL,
  members          uuid[] NOT NULL, -- what was left of it
  primary_asset_id uuid -- if that was left
);
