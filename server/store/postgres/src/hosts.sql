-- The host of a run, by its id; null: one of before there were hosts.
ALTER TABLE run ADD COLUMN host TEXT COLLATE "C";

-- The hosts that share the store, or have shared it.
CREATE TABLE host (
    id          TEXT COLLATE "C" PRIMARY KEY, -- a UUID
    instance    BIGINT NOT NULL, -- number of its start among those of all hosts: of two with one id the lower one can write no more
    name        TEXT COLLATE "C" NOT NULL, -- of its machine
    place       TEXT COLLATE "C" NOT NULL, -- where it is, for people
    labels      TEXT COLLATE "C" NOT NULL, -- JSON
    version     TEXT COLLATE "C" NOT NULL, -- of its aiwg
    started_at  BIGINT NOT NULL, -- milliseconds since 1970
    seen_at     BIGINT NOT NULL, -- when it was heard of last
    draining_at BIGINT, -- since when it is given no new tasks; null: it is
    lost_at     BIGINT, -- when it was given up; null: it was not, or has come back
    left_at     BIGINT, -- when it has ended in order; null: it has not
    committed   BIGINT NOT NULL DEFAULT 0 -- number of its last commit
);

-- The one that has the project, and what runs there.
INSERT INTO host (id, instance, name, place, labels, version, started_at, seen_at)
    SELECT owner, instance, coalesce(place, ''), coalesce(place, ''), '[]', '', 0, 0 FROM project WHERE owner IS NOT NULL;
UPDATE run SET host = (SELECT owner FROM project) WHERE ended_at IS NULL;
