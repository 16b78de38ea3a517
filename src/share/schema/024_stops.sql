-- In which library the mirrors of each job are, and since when it has been deleted in Immich: its owner's "no" to the whole share, until
-- `immich-sidecar reshare --job` lifts it.
CREATE TABLE immich_sidecar_stops.share (
  job_name       text PRIMARY KEY,
  source_user_id uuid NOT NULL,
  target_user_id uuid NOT NULL,
  library_id     uuid NOT NULL,
  stopped_at     timestamptz
);
