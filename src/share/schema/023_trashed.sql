-- What a target has done to a mirror, as far as a cycle has seen it. In their trash since: when it is gone from there they did not want it, however
-- long ago that was. Gone past the trash since: a brake may hold that as an accident for longer than Immich's audit lasts; -infinity when somebody
-- has asked for it to be shared again.
ALTER TABLE immich_sidecar.asset_map
  ADD COLUMN trashed_at timestamptz,
  ADD COLUMN deleted_at timestamptz;
