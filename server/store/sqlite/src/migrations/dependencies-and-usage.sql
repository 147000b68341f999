-- How many of the tasks that it waits for have not completed. It is in the queue only with 0.
ALTER TABLE task ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task ADD COLUMN after TEXT; -- JSON: the numbers of those that it was to wait for
ALTER TABLE task ADD COLUMN signal INTEGER;
ALTER TABLE task ADD COLUMN processes_ended INTEGER;
ALTER TABLE task ADD COLUMN processes_left INTEGER;
ALTER TABLE task ADD COLUMN usage TEXT; -- JSON

DROP INDEX task_queue;
CREATE INDEX task_queue ON task (priority DESC, no) WHERE state = 'queued' AND waiting = 0;
CREATE INDEX task_waiting ON task (priority DESC, no) WHERE state = 'queued' AND waiting > 0;

-- Which task waits for which.
CREATE TABLE dependency (
    task  INTEGER NOT NULL,
    after INTEGER NOT NULL,
    PRIMARY KEY (task, after)
) WITHOUT ROWID;
CREATE INDEX dependency_of ON dependency (after, task);

-- What agents used, summed up, since the tasks themselves are pruned.
CREATE TABLE usage (
    day                   TEXT NOT NULL, -- in UTC: 2026-11-23
    rule                  TEXT NOT NULL, -- '' for the tasks that no rule made
    tasks                 INTEGER NOT NULL,
    cost_usd              REAL NOT NULL,
    turns                 INTEGER NOT NULL,
    input_tokens          INTEGER NOT NULL,
    output_tokens         INTEGER NOT NULL,
    cache_read_tokens     INTEGER NOT NULL,
    cache_creation_tokens INTEGER NOT NULL,
    PRIMARY KEY (day, rule)
) WITHOUT ROWID;

-- What an agent's session has cost so far: it tells the sum of all its tasks, and each is to have its own part.
CREATE TABLE session (
    id       TEXT PRIMARY KEY,
    cost_usd REAL NOT NULL
) WITHOUT ROWID;
