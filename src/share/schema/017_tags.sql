-- Tags that we made in a target's account, because a mirror has them. One that the target renames is theirs from then on; one that they delete is
-- not made again, for which its row stays.
CREATE TABLE immich_sidecar_tags.tag (
  tag_id         uuid PRIMARY KEY,
  target_user_id uuid NOT NULL,
  value          text NOT NULL,
  UNIQUE (target_user_id, value)
);
