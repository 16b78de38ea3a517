-- By whose row of `person` somebody is shown: that of the user who shares them. NULL is unknown, from before this column: their origin's. What that
-- row said when we looked at it last stands beside it; where we have written into it ourselves since, also that counts as seen.
ALTER TABLE immich_sidecar.person_map
  ADD COLUMN seen_user_id uuid,
  ADD COLUMN seen_name text,
  ADD COLUMN seen_is_hidden boolean,
  ADD COLUMN seen_birth_date date,
  ADD COLUMN seen_color text;
