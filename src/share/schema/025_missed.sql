-- Since when Immich does not find the file of a mirror's source. Immich deletes what it has not found for a month: then the mirror's file may be the
-- last copy, which nothing else would tell from a photo that its owner has deleted.
ALTER TABLE immich_sidecar.asset_map ADD COLUMN missed_at timestamptz;
CREATE INDEX asset_map_missed_at_idx ON immich_sidecar.asset_map (source_asset_id) WHERE missed_at IS NOT NULL;
