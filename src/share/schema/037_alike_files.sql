-- The same of what was compared to know that a mirror's files are its source's. The files themselves are looked at each time.
ALTER TABLE immich_sidecar_alike.rows
  ALTER COLUMN versions DROP NOT NULL,
  ADD COLUMN files bigint;
