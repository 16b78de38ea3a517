-- Jobs whose mirrors are kept although their sources say that they should go, because it would be too many at once. A row
-- goes when its withdrawals were made or are no longer due.
CREATE TABLE immich_sidecar.brake (
  job_name     text PRIMARY KEY, -- the job that made the mirrors; it may be configured no longer
  since        timestamptz NOT NULL DEFAULT now(),
  mirrors      integer NOT NULL, -- how many would go
  total        integer NOT NULL, -- of how many
  reasons      jsonb NOT NULL, -- how many of them for which reason
  confirmed_at timestamptz -- a person has said that this many may go
);

-- Sources about which something was decided outside of a cycle: the next one looks at them, whether they changed or not.
CREATE TABLE immich_sidecar.recheck (
  source_asset_id uuid PRIMARY KEY
);

-- Sources that are to be shared although the target's owner has the same picture already.
CREATE TABLE immich_sidecar.wanted (
  source_asset_id uuid NOT NULL,
  target_user_id  uuid NOT NULL,
  PRIMARY KEY (source_asset_id, target_user_id)
);
