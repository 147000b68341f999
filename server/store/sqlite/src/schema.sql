CREATE TABLE event (
    seq     INTEGER PRIMARY KEY,
    topic   TEXT NOT NULL,
    payload TEXT NOT NULL, -- JSON
    source  TEXT NOT NULL,
    at      INTEGER NOT NULL, -- milliseconds since 1970
    cause   TEXT -- JSON
);

CREATE TABLE task (
    no           INTEGER PRIMARY KEY,
    state        TEXT NOT NULL,
    prompt       TEXT NOT NULL,
    agent        TEXT,
    priority     INTEGER NOT NULL,
    timeout_ms   INTEGER,
    env          TEXT NOT NULL, -- JSON; ${NAME} as written, never resolved
    metadata     TEXT NOT NULL, -- JSON
    cause        TEXT, -- JSON
    created_at   INTEGER NOT NULL,
    started_at   INTEGER,
    completed_at INTEGER,
    launch       INTEGER NOT NULL DEFAULT 0, -- how often a shim was ordered; the shim's attempt number
    attempts     INTEGER NOT NULL DEFAULT 0, -- how often an agent was started
    ending       TEXT, -- why a running task is being ended
    exit_code    INTEGER,
    error        TEXT,
    result       TEXT
);

-- The queue: the first row of it is the next task to start.
CREATE INDEX task_queue ON task (priority DESC, no) WHERE state = 'queued';
CREATE INDEX task_by_state ON task (state, no);
CREATE INDEX task_by_agent ON task (agent, no) WHERE agent IS NOT NULL;

-- Kept by the writer, since counting a million rows takes too long.
CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE rule_switch (
    rule    TEXT PRIMARY KEY, -- '' stands for all of automation
    enabled INTEGER NOT NULL
) WITHOUT ROWID;
