-- How many bytes are not stored a second time, as this file is another name of one that is there; NULL for copies, and where nobody knows.
ALTER TABLE immich_sidecar.link ADD COLUMN saves double precision;
