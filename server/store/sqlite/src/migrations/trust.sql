-- Lanes, and the group of a task in the queue: tasks of one group start in their order, and what keeps one of them from
-- starting (a full lane, a budget that is used up, an agent's limit) keeps all of them.
ALTER TABLE task ADD COLUMN lane TEXT;
ALTER TABLE task ADD COLUMN lane_priority INTEGER NOT NULL DEFAULT 0; -- the part of its priority that its lane has added
ALTER TABLE task ADD COLUMN class TEXT NOT NULL DEFAULT '';
DROP INDEX task_queue;
CREATE INDEX task_queue ON task (class, place, no) WHERE state = 'queued' AND waiting = 0;

-- The terms on which a task runs and counts as done, as JSON; null: the usual ones.
ALTER TABLE task ADD COLUMN terms TEXT;
-- The end of the time in which a queued task is wanted, in milliseconds since 1970; null: it has none.
ALTER TABLE task ADD COLUMN expires_at INTEGER;
CREATE INDEX task_expires ON task (expires_at) WHERE expires_at IS NOT NULL AND state = 'queued';
-- Why it ended, by the vocabulary of its runs; null before its end, and for tasks of older daemons.
ALTER TABLE task ADD COLUMN reason TEXT;

-- What a run has left besides its exit and usage, as JSON.
ALTER TABLE run ADD COLUMN detail TEXT;
-- The profile by which a run's agent was started; null: the section "agent".
ALTER TABLE run ADD COLUMN profile TEXT;
-- The expected cost that is set aside for a run while it is under way, in US dollars.
ALTER TABLE run ADD COLUMN reserved_usd REAL;

-- Switches of the whole queue that outlast restarts, such as 'paused': those that are on.
CREATE TABLE queue_switch (
    name TEXT PRIMARY KEY,
    at   INTEGER NOT NULL -- since when, in milliseconds since 1970
) WITHOUT ROWID;

-- The cost of a run that was counted against the budgets, in US dollars; null while it runs, or where nothing was.
ALTER TABLE run ADD COLUMN charged_usd REAL;

-- Money that was spent, by the days of the budgets' time zone. Rule and agent are empty for none.
CREATE TABLE spending (
    day   TEXT NOT NULL,
    rule  TEXT NOT NULL,
    agent TEXT NOT NULL,
    usd   REAL NOT NULL, -- US dollars
    PRIMARY KEY (day, rule, agent)
) WITHOUT ROWID;

-- The costs of the latest tasks of each rule, of which the cost of its next one is expected.
CREATE TABLE rule_cost (
    rule TEXT NOT NULL,
    task INTEGER NOT NULL,
    usd  REAL NOT NULL, -- US dollars
    PRIMARY KEY (rule, task)
) WITHOUT ROWID;

-- What people are asked for, and what they have decided. A number is never given again: see the counter 'last_approval'.
CREATE TABLE approval (
    no           INTEGER PRIMARY KEY,
    task         INTEGER NOT NULL, -- which waits for it; it is forgotten with its task
    kind         TEXT NOT NULL, -- 'task', 'permission', 'question'
    state        TEXT NOT NULL, -- 'pending', 'approved', 'rejected', 'timeout', 'withdrawn'
    summary      TEXT NOT NULL, -- in one line, safe to print
    request      TEXT NOT NULL, -- as JSON
    requested_at INTEGER NOT NULL, -- milliseconds since 1970
    expires_at   INTEGER, -- until when it can be decided; null: for ever
    on_timeout   TEXT NOT NULL, -- what it counts as then: 'reject', 'approve'
    decision     TEXT, -- as JSON: when, by whom, the reason and the answer; null where nobody has decided
    used_by      TEXT, -- the use of a tool for which a permission was used up; null: it was not used
    tool_use     TEXT -- the use of a tool that a permission holds up or lets through just now: its run, '/', its name; null: none
);
CREATE INDEX approval_of ON approval (task, no);
CREATE INDEX approval_pending ON approval (expires_at) WHERE state = 'pending';

-- Those at the other ends of the connections that events and tasks came from: a row for each connection that has sent any.
CREATE TABLE origin (
    id  INTEGER PRIMARY KEY,
    who TEXT NOT NULL -- JSON
);
-- The rules as they were when tasks were made of them: a row for each change of a rule.
CREATE TABLE rule_revision (
    id         INTEGER PRIMARY KEY,
    rule       TEXT NOT NULL,
    n          INTEGER NOT NULL, -- the number among those of its rule, from 1
    at         INTEGER NOT NULL, -- when it first made a task, in milliseconds since 1970
    definition TEXT NOT NULL -- the rule as JSON
);
CREATE INDEX rule_revision_of ON rule_revision (rule, id);
-- The matches that made no task of their own: those that were refused, and those that went into a task with others.
CREATE TABLE decision (
    event    INTEGER NOT NULL,
    rule     TEXT NOT NULL,
    decision TEXT NOT NULL, -- 'gathered', or why it was refused, in a word
    at       INTEGER NOT NULL, -- in milliseconds since 1970
    reason   TEXT, -- why it was refused, for people
    task     INTEGER, -- the task that it went into
    PRIMARY KEY (event, rule)
) WITHOUT ROWID;
CREATE INDEX decision_of_task ON decision (task) WHERE task IS NOT NULL;

ALTER TABLE event ADD COLUMN origin INTEGER;
CREATE INDEX event_of_origin ON event (origin) WHERE origin IS NOT NULL;
ALTER TABLE event ADD COLUMN task INTEGER; -- that of its cause
UPDATE event SET task = CAST(substr(cause ->> '$.task', 6) AS INTEGER)
WHERE iif(typeof(cause) = 'text' AND json_valid(cause), cause ->> '$.task', NULL) GLOB 'task-[0-9]*';
CREATE INDEX event_of_task ON event (task) WHERE task IS NOT NULL;

ALTER TABLE task ADD COLUMN origin INTEGER;
CREATE INDEX task_of_origin ON task (origin) WHERE origin IS NOT NULL;
ALTER TABLE task ADD COLUMN revision INTEGER; -- of its rule
ALTER TABLE task ADD COLUMN retry_of INTEGER;
UPDATE task SET retry_of = old.no FROM (SELECT no, retried_as FROM task WHERE retried_as IS NOT NULL) AS old
WHERE task.no = old.retried_as;
ALTER TABLE task ADD COLUMN parent INTEGER; -- the task of its cause
UPDATE task SET parent = CAST(substr(cause ->> '$.task', 6) AS INTEGER)
WHERE iif(typeof(cause) = 'text' AND json_valid(cause), cause ->> '$.task', NULL) GLOB 'task-[0-9]*';
CREATE INDEX task_of_parent ON task (parent) WHERE parent IS NOT NULL;
CREATE INDEX task_of_event ON task (event) WHERE event IS NOT NULL AND rule IS NOT NULL;
