-- The table that 004_stacks.sql put into the first schema, for the same reason.
CREATE TABLE immich_sidecar_stacks.stack_map (
  source_stack_id  uuid NOT NULL,
  target_user_id   uuid NOT NULL,
  mirror_stack_id  uuid NOT NULL,
  primary_asset_id uuid NOT NULL,
  PRIMARY KEY (source_stack_id, target_user_id)
);
CREATE INDEX stack_map_mirror_stack_id_idx ON immich_sidecar_stacks.stack_map (mirror_stack_id);

DO $$
BEGIN
  IF to_regclass('immich_sidecar.stack_map') IS NOT NULL THEN
    INSERT INTO immich_sidecar_stacks.stack_map (source_stack_id, target_user_id, mirror_stack_id, primary_asset_id)
    SELECT source_stack_id, target_user_id, mirror_stack_id, primary_asset_id FROM immich_sidecar.stack_map;
    DROP TABLE immich_sidecar.stack_map;
  END IF;
END
$$;
