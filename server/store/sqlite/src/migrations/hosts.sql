-- The host of a run; null where only one has the store.
ALTER TABLE run ADD COLUMN host TEXT;

-- The hosts that share the store. A database in a file is one host's own, and has none.
CREATE TABLE host (
    id          TEXT PRIMARY KEY, -- a UUID
    instance    INTEGER NOT NULL, -- number of its start among those of all hosts: of two with one id the lower one can write no more
    name        TEXT NOT NULL, -- of its machine
    place       TEXT NOT NULL, -- where it is, for people
    labels      TEXT NOT NULL, -- JSON
    version     TEXT NOT NULL, -- of its aiwg
    started_at  INTEGER NOT NULL, -- milliseconds since 1970
    seen_at     INTEGER NOT NULL, -- when it was heard of last
    draining_at INTEGER, -- since when it is given no new tasks; null: it is
    lost_at     INTEGER, -- when it was given up; null: it was not, or has come back
    left_at     INTEGER, -- when it has ended in order; null: it has not
    committed   INTEGER NOT NULL DEFAULT 0 -- number of its last commit
) STRICT, WITHOUT ROWID;
