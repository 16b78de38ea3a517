-- Why the original was left alone although it was to be written into, so that its sidecar has everything.
ALTER TABLE file ADD COLUMN instead TEXT;
