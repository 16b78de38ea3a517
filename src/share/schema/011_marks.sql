-- The moment up to which the last cycle has followed Immich, so that the next process need not look at everything. At most one row. It
-- goes before a cycle writes anything else, and comes back when that cycle has ended well.
CREATE TABLE immich_sidecar_marks.mark (
  is_only    boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  number     uuid NOT NULL, -- also in a file: a database that was rolled back has another one
  identity   text NOT NULL, -- digest of everything that has to be the same for the mark to count
  statistics text NOT NULL, -- since when PostgreSQL counts: other counts are not compared
  at_ms      double precision NOT NULL, -- milliseconds since the epoch, by the database's clock
  full_at_ms double precision NOT NULL, -- when everything was looked at the last time
  mark       jsonb NOT NULL,
  waiting    uuid[] NOT NULL -- selected sources that were not ready
);
