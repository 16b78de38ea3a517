-- Albums of a member of shared albums, with the name of a shared one, into which what they get through it is put (`into: same-name`).
CREATE TABLE immich_sidecar_same_name.album (
  target_user_id  uuid NOT NULL,
  shared_album_id uuid NOT NULL,
  album_id        uuid NOT NULL, -- theirs; one that they have deleted is not made again
  name            text NOT NULL, -- of the shared album, as it was followed last
  is_made         boolean NOT NULL, -- by us: it goes when it is empty
  is_filled       boolean NOT NULL, -- what comes from now on is all that is to be put into it
  PRIMARY KEY (target_user_id, shared_album_id)
);
CREATE INDEX album_album_id_idx ON immich_sidecar_same_name.album (album_id);
