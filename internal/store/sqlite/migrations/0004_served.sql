-- How a suggestion came about (recommend.Served as JSON), with the impression
-- of it; '' for every other behaviour.
ALTER TABLE behaviors ADD COLUMN served TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 4;
