-- The work tree of a run, and what it has left there, as JSON; null for one in the project's own directory.
ALTER TABLE run ADD COLUMN tree TEXT;
