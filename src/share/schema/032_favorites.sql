-- Whether a mirror was a favourite when that was last carried over, as an MD5 of a row: none was until now.
ALTER TABLE immich_sidecar.asset_map ADD COLUMN base_favorite uuid NOT NULL DEFAULT 'dcd750ca-3809-748e-061e-c3568c291694';
