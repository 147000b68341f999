-- What keeps queued tasks from starting. How many hold a task is in its `waiting`: it is in the queue only with 0.
CREATE TABLE hold (
    task  INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    key   TEXT NOT NULL, -- what releases it, among its kind: of 'after' the number of the other task
    until INTEGER, -- when it is released by itself, in milliseconds since 1970; null: never
    PRIMARY KEY (task, kind, key)
) WITHOUT ROWID;
CREATE INDEX hold_of ON hold (kind, key, task);
CREATE INDEX hold_until ON hold (until) WHERE until IS NOT NULL;

INSERT INTO hold (task, kind, key)
SELECT task, 'after', CAST(after AS TEXT) FROM dependency
WHERE typeof(after) = 'integer' AND task IN (SELECT no FROM task WHERE state = 'queued');
INSERT INTO hold (task, kind, key)
SELECT task, 'rest', '' FROM resting WHERE task IN (SELECT no FROM task WHERE state = 'queued');
UPDATE task SET waiting = (SELECT count(*) FROM hold WHERE hold.task = no) WHERE state = 'queued' AND waiting <> 0;

DROP TABLE dependency;
DROP TABLE resting;
