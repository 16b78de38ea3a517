-- What the source said of a face when it was last looked at, as an MD5 (src/share/people/face_keys.ts): a migration of Immich's, or a person who
-- is deleted, moves the updateId of faces of which nothing has changed. NULL is unknown.
ALTER TABLE immich_sidecar.face_map ADD COLUMN source_sum uuid;
