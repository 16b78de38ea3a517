-- The last attempt at a thumbnail that failed (src/share/people/find_covers.ts, `attemptOf`): what failed once is not tried again in each cycle.
ALTER TABLE immich_sidecar.person_map ADD COLUMN uncut text;
