-- Questions that teachers keep (quiz/bank). AUTOINCREMENT: an id that a page
-- still shows never means another question.
CREATE TABLE bank_questions (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  owner  TEXT NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32), -- of what is asked and what is right
  type   TEXT NOT NULL,
  at     INTEGER NOT NULL, -- when it was last written
  search TEXT NOT NULL,    -- what people read of it, folded
  data   BLOB NOT NULL,
  UNIQUE (owner, digest)
) STRICT;

CREATE INDEX bank_owner ON bank_questions (owner, id);

CREATE TABLE bank_tags (
  question INTEGER NOT NULL REFERENCES bank_questions (id),
  owner    TEXT NOT NULL,
  folded   TEXT NOT NULL, -- what it is compared by
  tag      TEXT NOT NULL,
  PRIMARY KEY (question, folded)
) STRICT, WITHOUT ROWID;

CREATE INDEX bank_tag ON bank_tags (owner, folded, question);

PRAGMA user_version = 3;
