-- The oldest position that a room's log still has, or would have next.
ALTER TABLE rooms ADD COLUMN first INTEGER NOT NULL DEFAULT 1;

-- What was appended and is not in records yet, in the order of its arrival:
-- one row for what one transaction brought, of all rooms. See tail.go. Whatever
-- records has, or had before it was trimmed, counts there and no longer here.
CREATE TABLE tail (
  n       INTEGER PRIMARY KEY,
  records BLOB NOT NULL
) STRICT;

-- Keys of the commands that a snapshot covers and the one before it does not.
CREATE TABLE command_keys (
  id   INTEGER PRIMARY KEY,
  room INTEGER NOT NULL REFERENCES rooms (id),
  seq  INTEGER NOT NULL, -- of the snapshot
  keys BLOB NOT NULL,
  UNIQUE (room, seq)
) STRICT;

PRAGMA user_version = 2;
