-- When a source is to be looked at again: at once, or when it has been offline for long enough. Nothing else would say so then.
ALTER TABLE immich_sidecar_decisions.recheck ADD COLUMN due_at timestamptz NOT NULL DEFAULT '-infinity';
CREATE INDEX recheck_due_at_idx ON immich_sidecar_decisions.recheck (due_at);
