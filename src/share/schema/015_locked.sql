-- The rows of a mirror went before its files, as its source was locked: this is that source. The files go as soon as they can.
ALTER TABLE immich_sidecar.link ADD COLUMN locked_source_id uuid;
CREATE INDEX link_locked_source_id_idx ON immich_sidecar.link (mirror_id) WHERE locked_source_id IS NOT NULL;
