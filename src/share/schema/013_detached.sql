-- Mirrors that were left to the target for good: no mirrors any more, and not to be taken for some when our tables are compared with the
-- hidden directories. `immich-sidecar forget` lifts it, and the mirror is recognised again.
CREATE TABLE immich_sidecar_detached.mirror (
  mirror_asset_id uuid PRIMARY KEY,
  source_asset_id uuid NOT NULL,
  target_user_id  uuid NOT NULL,
  detached_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX mirror_source_asset_id_idx ON immich_sidecar_detached.mirror (source_asset_id, target_user_id);
