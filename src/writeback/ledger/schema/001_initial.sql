-- Stamps and inodes are REAL: an inode may be larger than what JavaScript reads from an INTEGER.

CREATE TABLE file (
  path TEXT PRIMARY KEY,
  asset_id TEXT NOT NULL,
  -- The run that has last looked at it.
  run_id INTEGER NOT NULL,
  wanted TEXT NOT NULL,
  size REAL NOT NULL,
  mtime_ms REAL NOT NULL,
  inode REAL NOT NULL,
  sidecar_path TEXT,
  sidecar_size REAL,
  sidecar_mtime_ms REAL,
  sidecar_inode REAL,
  outcome TEXT NOT NULL,
  reason TEXT
) STRICT, WITHOUT ROWID;

-- Another asset with the same original, while the one in `file` has it.
CREATE TABLE second_asset (
  path TEXT NOT NULL,
  asset_id TEXT NOT NULL,
  PRIMARY KEY (path, asset_id)
) STRICT, WITHOUT ROWID;

-- What of a media file's or a sidecar's tags is ours.
CREATE TABLE own (
  path TEXT PRIMARY KEY,
  tags TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'interrupted', 'abandoned')),
  options TEXT NOT NULL,
  counts TEXT NOT NULL
) STRICT;

-- The assets that a run is done with, until it is finished: where `--resume` goes on.
CREATE TABLE checkpoint (
  run_id INTEGER NOT NULL REFERENCES run (id),
  asset_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  PRIMARY KEY (run_id, asset_id)
) STRICT, WITHOUT ROWID;

-- The undo journal: one row from before a file is replaced until it has been undone, and after.
CREATE TABLE change (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id INTEGER NOT NULL REFERENCES run (id),
  asset_id TEXT NOT NULL,
  path TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('begun', 'done', 'undone')),
  plan TEXT NOT NULL,
  temporary_path TEXT NOT NULL,
  own_before TEXT,
  -- A sidecar as it was; NULL for a media file and for a sidecar that was made.
  bytes_before BLOB,
  -- The file as we left it; NULL while the change is begun.
  written TEXT,
  -- The change that this one undoes. Such a row goes when that is done.
  undoes INTEGER REFERENCES change (id)
) STRICT;

CREATE INDEX change_by_run ON change (run_id);
CREATE INDEX change_by_path ON change (path);
CREATE INDEX change_begun ON change (id) WHERE state = 'begun';

-- At most one row.
CREATE TABLE album_cache (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  content TEXT NOT NULL
) STRICT;
