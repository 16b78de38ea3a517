-- Which file we put there, for originals: only that one is ever unlinked or replaced (src/share/kept/). NULL is unknown: a
-- generated file or a sidecar, or a row from before this column.
ALTER TABLE immich_sidecar.link
  ADD COLUMN device         double precision,
  ADD COLUMN inode          double precision,
  ADD COLUMN size           double precision,
  ADD COLUMN modified_at_ms double precision;
