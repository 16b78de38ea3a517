-- Mirrors that were found to be as their sources are, and a digest of the versions of all rows that were compared then (alike.ts): while
-- those are the same there is nothing to compare. A full cycle writes them; what is lost is compared once more.
CREATE TABLE immich_sidecar_alike.rows (
  mirror_asset_id uuid PRIMARY KEY,
  versions        bigint NOT NULL
);
CREATE TABLE immich_sidecar_alike.embeddings (
  mirror_asset_id uuid PRIMARY KEY,
  versions        bigint NOT NULL
);
