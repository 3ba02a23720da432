PRAGMA application_id = 0x4c796365; -- applicationID in schema.go

-- One row for each room's log. Records name their room by this number.
CREATE TABLE rooms (
  id    INTEGER PRIMARY KEY,
  name  TEXT NOT NULL UNIQUE,
  epoch TEXT NOT NULL
) STRICT;

-- The logs. The primary key is the fence: a position can be written once.
CREATE TABLE records (
  room INTEGER NOT NULL REFERENCES rooms (id),
  seq  INTEGER NOT NULL CHECK (seq > 0),
  v    INTEGER NOT NULL,
  at   INTEGER NOT NULL, -- Unix milliseconds, as everywhere here
  kind TEXT NOT NULL,
  by   TEXT NOT NULL,
  key  TEXT NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

-- The newest state of each room, to fold from.
CREATE TABLE snapshots (
  room INTEGER PRIMARY KEY REFERENCES rooms (id),
  seq  INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

CREATE TABLE cursors (
  follower TEXT NOT NULL,
  room     TEXT NOT NULL,
  seq      INTEGER NOT NULL,
  PRIMARY KEY (follower, room)
) STRICT, WITHOUT ROWID;

-- People's keys. Rows are only ever added at the end and overwritten in
-- place by as many zeros, never moved and never deleted, so that no page can
-- keep an old copy of a key that was destroyed.
CREATE TABLE keys (
  id  INTEGER PRIMARY KEY,
  key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;

CREATE TABLE key_owners (
  user TEXT NOT NULL PRIMARY KEY,
  key  INTEGER NOT NULL UNIQUE REFERENCES keys (id)
) STRICT, WITHOUT ROWID;

-- Points. Lines are never changed, and the trigger keeps each balance equal
-- to the sum of its lines whoever writes them.
CREATE TABLE ledger (
  id     INTEGER PRIMARY KEY,
  key    TEXT NOT NULL UNIQUE,
  user   TEXT NOT NULL,
  points INTEGER NOT NULL,
  rule   TEXT NOT NULL,
  room   TEXT NOT NULL,
  seq    INTEGER NOT NULL,
  at     INTEGER NOT NULL
) STRICT;

CREATE INDEX ledger_user ON ledger (user, id);

CREATE TABLE balances (
  user   TEXT NOT NULL PRIMARY KEY,
  points INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER ledger_added AFTER INSERT ON ledger BEGIN
  INSERT INTO balances (user, points) VALUES (new.user, new.points)
  ON CONFLICT (user) DO UPDATE SET points = points + excluded.points;
END;

CREATE TRIGGER ledger_kept BEFORE UPDATE ON ledger BEGIN
  SELECT raise(ABORT, 'the ledger is append-only');
END;

CREATE TRIGGER ledger_whole BEFORE DELETE ON ledger BEGIN
  SELECT raise(ABORT, 'the ledger is append-only');
END;

-- Behaviours in the order of their arrival. AUTOINCREMENT: a number is never
-- used again, or a reader that is past it would miss the second one.
CREATE TABLE behaviors (
  n      INTEGER PRIMARY KEY AUTOINCREMENT,
  id     TEXT NOT NULL UNIQUE,
  person TEXT NOT NULL,
  item   TEXT NOT NULL,
  kind   TEXT NOT NULL,
  weight REAL NOT NULL,
  at     INTEGER NOT NULL,
  room   TEXT NOT NULL
) STRICT;

CREATE TABLE models (
  name TEXT PRIMARY KEY NOT NULL,
  at   INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

PRAGMA user_version = 1;
