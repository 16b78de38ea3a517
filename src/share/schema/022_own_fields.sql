-- Field groups that the target's owner has changed, each with the MD5 of their values: what an extraction by Immich has written is not among them. What a
-- mirror's sidecar says cannot be asked while it is withdrawn because its source was locked.
ALTER TABLE immich_sidecar.asset_map ADD COLUMN own_fields jsonb;
