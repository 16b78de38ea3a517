-- What a migration that made a schema has noted there, too. They differ when an older backup was restored, which does not know
-- that schema and leaves it as it was (src/postgres/migrate.ts).
ALTER TABLE immich_sidecar.migration ADD COLUMN lineage uuid;
