-- What a target has changed on a mirror and was written into its source: the values that were there before, and those that were written, as columns of
-- asset and asset_exif. A row is made before anything is written.
CREATE TABLE immich_sidecar_both_ways.written (
  id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  source_asset_id uuid NOT NULL,
  source_user_id  uuid NOT NULL,
  target_user_id  uuid NOT NULL,
  mirror_asset_id uuid NOT NULL,
  job_name        text NOT NULL,
  field           text NOT NULL,
  before          jsonb NOT NULL,
  after           jsonb NOT NULL,
  is_by_immich    boolean NOT NULL, -- through its API: then the sidecar says it, too
  written_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  undone_at       timestamptz -- when undo-merge has taken it back
);
CREATE INDEX written_source_asset_id_idx ON immich_sidecar_both_ways.written (source_asset_id, field, written_at);
CREATE INDEX written_written_at_idx ON immich_sidecar_both_ways.written (source_user_id, written_at);

-- Of jobs that go both ways: which fields did so when all that differed was decided, and how many photos wait until somebody confirms that they may be changed.
CREATE TABLE immich_sidecar_both_ways.job (
  job_name     text PRIMARY KEY,
  fields       text[] NOT NULL,
  held         integer NOT NULL, -- 0: nothing waits
  since        timestamptz NOT NULL DEFAULT now(),
  confirmed_at timestamptz
);
