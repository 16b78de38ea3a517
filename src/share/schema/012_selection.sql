-- What the names in the configuration stood for when they were first looked up. It goes on by these ids: what is renamed stays selected, what
-- is deleted selects nothing, and something new of the same name does not take its place.
CREATE TABLE immich_sidecar_selection.name (
  kind     text NOT NULL CHECK (kind IN ('user', 'album', 'person', 'tag')),
  owner_id uuid NOT NULL, -- who calls it so; zeros for users
  written  text NOT NULL, -- as it stands in the configuration
  id       uuid NOT NULL,
  name     text NOT NULL, -- what Immich called it last
  since    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, owner_id, written, id)
);
