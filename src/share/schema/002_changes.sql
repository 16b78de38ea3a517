-- What a mirror was given last, by field group (src/share/mirrors/fields.ts): the MD5 of the source's values as PostgreSQL writes them. A
-- group whose mirror still has it follows the source; one that differs was changed by the target's owner and is theirs. NULL is
-- unknown: what differs from the source is then taken for theirs.
ALTER TABLE immich_sidecar.asset_map
  ADD COLUMN base_description uuid,
  ADD COLUMN base_date uuid,
  ADD COLUMN base_position uuid,
  ADD COLUMN base_rating uuid,
  ADD COLUMN base_tags uuid,
  ADD COLUMN base_locks uuid,
  ADD COLUMN base_visibility uuid,
  ADD COLUMN base_edits uuid;

-- Read in every cycle.
CREATE INDEX skipped_every_cycle_idx ON immich_sidecar.skipped (source_asset_id) WHERE retry = 'every-cycle';
