-- As for all other fields, NULL: what both had last is not known, so what differs waits for a person.
ALTER TABLE immich_sidecar.asset_map ALTER COLUMN base_favorite DROP NOT NULL;
