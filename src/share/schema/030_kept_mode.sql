-- Who may read a kept file when it is restored: while it is kept only its owner may. NULL when it was kept by an earlier version.
ALTER TABLE immich_sidecar_kept.file ADD COLUMN mode integer;
