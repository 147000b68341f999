-- Each run of a task: what was started for it, how that ended, and what it cost.
CREATE TABLE run (
    task       INTEGER NOT NULL,
    n          INTEGER NOT NULL, -- from 1; the shim's attempt number
    kind       TEXT NOT NULL, -- 'agent'
    started_at INTEGER NOT NULL, -- milliseconds since 1970
    ended_at   INTEGER, -- null while it runs
    reason     TEXT, -- why it ended
    exit_code  INTEGER,
    signal     INTEGER,
    session    TEXT,
    cost_usd   REAL, -- this run alone; null where it has reported no usage
    turns      INTEGER,
    input_tokens          INTEGER,
    output_tokens         INTEGER,
    cache_read_tokens     INTEGER,
    cache_creation_tokens INTEGER,
    dir        TEXT, -- its directory, relative to the task's; null: that itself
    PRIMARY KEY (task, n)
) WITHOUT ROWID;

-- Of tasks so far the last run alone is known; of one that was queued again after it, and of what was taken over, not even that.
INSERT INTO run (task, n, kind, started_at, ended_at, reason, exit_code, signal, session, cost_usd, turns, input_tokens,
                 output_tokens, cache_read_tokens, cache_creation_tokens)
SELECT no, launch, 'agent', started_at, completed_at,
       CASE WHEN state = 'running' THEN NULL
            WHEN ending IN ('cancel', 'timeout', 'stalled', 'stop') AND state <> 'completed' THEN ending
            WHEN state = 'completed' THEN 'done'
            WHEN state = 'timeout' THEN 'timeout'
            WHEN state = 'cancelled' THEN 'cancel'
            ELSE 'failed' END,
       exit_code, signal, used ->> '$.sessionId', used ->> '$.costUsd', min(used ->> '$.turns', 9007199254740991),
       min(used ->> '$.inputTokens', 9007199254740991), min(used ->> '$.outputTokens', 9007199254740991),
       min(used ->> '$.cacheReadTokens', 9007199254740991), min(used ->> '$.cacheCreationTokens', 9007199254740991)
FROM (SELECT *, iif(typeof(usage) = 'text' AND json_valid(usage), usage, NULL) AS used FROM task)
WHERE typeof(no) = 'integer' AND typeof(launch) = 'integer' AND launch > 0 AND typeof(started_at) = 'integer'
      AND (state = 'running') = (completed_at IS NULL);
