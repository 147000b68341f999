ALTER TABLE task ADD COLUMN rule TEXT;
UPDATE task SET rule = json_extract(cause, '$.rule') WHERE cause IS NOT NULL;
CREATE INDEX task_of_busy_rule ON task (rule) WHERE rule IS NOT NULL AND state IN ('queued', 'running');

-- When a rule tripped; it is out of force then, as if it were switched off.
ALTER TABLE rule_switch ADD COLUMN tripped_at INTEGER;

-- Matches that have not come to a task yet: a debounce that has not settled, or a rule that is busy.
CREATE TABLE pending (
    rule     TEXT PRIMARY KEY,
    due_at   INTEGER, -- milliseconds since 1970; null: when the rule is no longer busy
    first_at INTEGER NOT NULL,
    matches  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX pending_due ON pending (due_at) WHERE due_at IS NOT NULL;

-- The events that led to them: the latest, if there are very many.
CREATE TABLE pending_event (
    rule TEXT NOT NULL,
    seq  INTEGER NOT NULL,
    PRIMARY KEY (rule, seq)
) WITHOUT ROWID;

-- The tasks that rules have made lately.
CREATE TABLE firing (
    id      INTEGER PRIMARY KEY,
    rule    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    event   INTEGER NOT NULL, -- the last one that led to it
    matches INTEGER NOT NULL,
    task    INTEGER NOT NULL,
    counts  INTEGER NOT NULL -- whether the circuit breaker counts it
);
CREATE INDEX firing_of_rule ON firing (rule, at);

-- Up to which time a schedule has fired, so that no time fires twice.
CREATE TABLE schedule_fired (
    job TEXT PRIMARY KEY,
    at  INTEGER NOT NULL
) WITHOUT ROWID;
