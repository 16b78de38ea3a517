-- The tables that 003_brake.sql put into the first schema, which backups from before it know without them. Made anew rather
-- than moved, as this is also run when an older backup was restored, and the first schema has none of them then.
CREATE TABLE immich_sidecar_decisions.brake (
  job_name     text PRIMARY KEY,
  since        timestamptz NOT NULL DEFAULT now(),
  mirrors      integer NOT NULL,
  total        integer NOT NULL,
  reasons      jsonb NOT NULL,
  confirmed_at timestamptz
);

CREATE TABLE immich_sidecar_decisions.recheck (
  source_asset_id uuid PRIMARY KEY
);

CREATE TABLE immich_sidecar_decisions.wanted (
  source_asset_id uuid NOT NULL,
  target_user_id  uuid NOT NULL,
  PRIMARY KEY (source_asset_id, target_user_id)
);

DO $$
BEGIN
  IF to_regclass('immich_sidecar.brake') IS NOT NULL THEN
    INSERT INTO immich_sidecar_decisions.brake (job_name, since, mirrors, total, reasons, confirmed_at)
    SELECT job_name, since, mirrors, total, reasons, confirmed_at FROM immich_sidecar.brake;
    INSERT INTO immich_sidecar_decisions.recheck (source_asset_id)
    SELECT source_asset_id FROM immich_sidecar.recheck;
    INSERT INTO immich_sidecar_decisions.wanted (source_asset_id, target_user_id)
    SELECT source_asset_id, target_user_id FROM immich_sidecar.wanted;
    DROP TABLE immich_sidecar.brake, immich_sidecar.recheck, immich_sidecar.wanted;
  END IF;
END
$$;
