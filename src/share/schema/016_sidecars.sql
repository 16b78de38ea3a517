-- What sidecars of a mirror have said without its owner having said it, as MD5s of field and text (src/share/mirrors/sidecars.ts): a sidecar that
-- Immich writes for the target keeps what was in ours before. NULL is nothing.
ALTER TABLE immich_sidecar.asset_map ADD COLUMN sidecar_said uuid[];
