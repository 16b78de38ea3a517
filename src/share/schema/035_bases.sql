-- What the fields that are the target's were worth when they were written last, each as an MD5 (asset_map.base_…): what the source says when the photo comes back need not be that. NULL, or without a field: nobody
-- knows, as it was withdrawn by an earlier version, or locked by its owner, of whom nothing is kept then.
ALTER TABLE immich_sidecar_remembered.photo ADD COLUMN bases jsonb;
