-- Stacks of the target that are rebuilt from stacks of a source, and the primary asset we gave them last: another one is the
-- target owner's choice and stays.
CREATE TABLE immich_sidecar.stack_map (
  source_stack_id  uuid NOT NULL,
  target_user_id   uuid NOT NULL,
  mirror_stack_id  uuid NOT NULL,
  primary_asset_id uuid NOT NULL,
  PRIMARY KEY (source_stack_id, target_user_id)
);
CREATE INDEX stack_map_mirror_stack_id_idx ON immich_sidecar.stack_map (mirror_stack_id);

-- The stack we put a mirror into. A mirror that is in another one, or in none, was put there by the target's owner.
ALTER TABLE immich_sidecar.asset_map ADD COLUMN stack_id uuid;
CREATE INDEX asset_map_stack_id_idx ON immich_sidecar.asset_map (stack_id) WHERE stack_id IS NOT NULL;
