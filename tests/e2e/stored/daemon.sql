-- The database of a daemon that was killed, as version 11 of its tables had it (aiwg of 2026-11-29, before there were cursors), by
-- `sqlite3 .aiwg/daemon/daemon.db .dump`. Tasks are completed, failed, timed out, cancelled, running, queued, and waiting for another; a rule is
-- switched off, one has tripped, one waits with two matches; there are a schedule and a conversation. Where it was made and the configuration
-- that was in force are left out: see made_here.rs; the matches are due after a second, and not after the hour that the rule waited. The
-- commands were:
--   task submit "do: echo well" --env GREETING=hello, "do: exit 3", "do: sleep 1000" --timeout 0.02;
--   chat send "do: echo one" --conversation talk; event emit trip (twice); automation disable --rule off;
--   task submit "do: sleep 1000", "do: echo later", "do: echo first" --priority 9, "do: echo after" --after task-0006, "do: true";
--   task cancel task-0010; event emit deploy:done '{"version":"1.2"}'; event emit edit '{"file":"a"}' and "b"; schedule run yearly; kill -9.
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA user_version = 11;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE event (
    seq     INTEGER PRIMARY KEY,
    topic   TEXT NOT NULL,
    payload TEXT NOT NULL, -- JSON
    source  TEXT NOT NULL,
    at      INTEGER NOT NULL, -- milliseconds since 1970
    cause   TEXT -- JSON
);
INSERT INTO event VALUES(1,'task:queued','{"taskId":"task-0001","state":"queued","agent":null,"priority":0,"attempt":0}','supervisor',1795926124862,'{"task":"task-0001","depth":1}');
INSERT INTO event VALUES(2,'task:started','{"taskId":"task-0001","state":"running","agent":null,"priority":0,"attempt":1}','supervisor',1795926124862,'{"task":"task-0001","depth":1}');
INSERT INTO event VALUES(3,'task:completed','{"taskId":"task-0001","state":"completed","agent":null,"priority":0,"attempt":1,"durationMs":50,"exitCode":0,"processesEnded":0,"processesLeft":0}','supervisor',1795926124912,'{"task":"task-0001","depth":1}');
INSERT INTO event VALUES(4,'task:queued','{"taskId":"task-0002","state":"queued","agent":null,"priority":0,"attempt":0}','supervisor',1795926124924,'{"task":"task-0002","depth":1}');
INSERT INTO event VALUES(5,'task:started','{"taskId":"task-0002","state":"running","agent":null,"priority":0,"attempt":1}','supervisor',1795926124924,'{"task":"task-0002","depth":1}');
INSERT INTO event VALUES(6,'task:failed','{"taskId":"task-0002","state":"failed","agent":null,"priority":0,"attempt":1,"durationMs":39,"exitCode":3,"error":"the agent exited with code 3: stand-in agent: do: exit 3","processesEnded":0,"processesLeft":0}','supervisor',1795926124963,'{"task":"task-0002","depth":1}');
INSERT INTO event VALUES(7,'task:queued','{"taskId":"task-0003","state":"queued","agent":null,"priority":0,"attempt":0}','supervisor',1795926124968,'{"task":"task-0003","depth":1}');
INSERT INTO event VALUES(8,'task:started','{"taskId":"task-0003","state":"running","agent":null,"priority":0,"attempt":1}','supervisor',1795926124968,'{"task":"task-0003","depth":1}');
INSERT INTO event VALUES(9,'task:timeout','{"taskId":"task-0003","state":"timeout","agent":null,"priority":0,"attempt":1,"durationMs":1258,"signal":15,"error":"it ran longer than its time limit","processesEnded":2,"processesLeft":0}','supervisor',1795926126226,'{"task":"task-0003","depth":1}');
INSERT INTO event VALUES(10,'task:queued','{"taskId":"task-0004","state":"queued","agent":null,"priority":5,"attempt":0}','supervisor',1795926126233,'{"task":"task-0004","depth":1}');
INSERT INTO event VALUES(11,'task:started','{"taskId":"task-0004","state":"running","agent":null,"priority":5,"attempt":1}','supervisor',1795926126233,'{"task":"task-0004","depth":1}');
INSERT INTO event VALUES(12,'task:completed','{"taskId":"task-0004","state":"completed","agent":null,"priority":5,"attempt":1,"durationMs":32,"exitCode":0,"processesEnded":0,"processesLeft":0}','supervisor',1795926126265,'{"task":"task-0004","depth":1}');
INSERT INTO event VALUES(13,'trip','null','client',1795926128312,NULL);
INSERT INTO event VALUES(14,'task:queued','{"taskId":"task-0005","state":"queued","agent":null,"priority":0,"rule":"trips","attempt":0}','supervisor',1795926128312,'{"task":"task-0005","rule":"trips","event":13,"depth":1}');
INSERT INTO event VALUES(15,'task:started','{"taskId":"task-0005","state":"running","agent":null,"priority":0,"rule":"trips","attempt":1}','supervisor',1795926128312,'{"task":"task-0005","rule":"trips","event":13,"depth":1}');
INSERT INTO event VALUES(16,'task:completed','{"taskId":"task-0005","state":"completed","agent":null,"priority":0,"rule":"trips","attempt":1,"durationMs":50,"exitCode":0,"processesEnded":0,"processesLeft":0}','supervisor',1795926128362,'{"task":"task-0005","rule":"trips","event":13,"depth":1}');
INSERT INTO event VALUES(17,'trip','null','client',1795926129333,NULL);
INSERT INTO event VALUES(18,'automation:tripped','{"rule":"trips","firings":1,"minutes":10,"event":17}','automation',1795926129333,NULL);
INSERT INTO event VALUES(19,'automation:disabled','{"rule":"off"}','automation',1795926130357,NULL);
INSERT INTO event VALUES(20,'task:queued','{"taskId":"task-0006","state":"queued","agent":null,"priority":0,"attempt":0}','supervisor',1795926138742,'{"task":"task-0006","depth":1}');
INSERT INTO event VALUES(21,'task:started','{"taskId":"task-0006","state":"running","agent":null,"priority":0,"attempt":1}','supervisor',1795926138742,'{"task":"task-0006","depth":1}');
INSERT INTO event VALUES(22,'task:queued','{"taskId":"task-0007","state":"queued","agent":null,"priority":0,"attempt":0}','supervisor',1795926138772,'{"task":"task-0007","depth":1}');
INSERT INTO event VALUES(23,'task:queued','{"taskId":"task-0008","state":"queued","agent":null,"priority":9,"attempt":0}','supervisor',1795926138787,'{"task":"task-0008","depth":1}');
INSERT INTO event VALUES(24,'task:queued','{"taskId":"task-0009","state":"queued","agent":null,"priority":0,"attempt":0}','supervisor',1795926138792,'{"task":"task-0009","depth":1}');
INSERT INTO event VALUES(25,'task:queued','{"taskId":"task-0010","state":"queued","agent":null,"priority":0,"attempt":0}','supervisor',1795926138802,'{"task":"task-0010","depth":1}');
INSERT INTO event VALUES(26,'task:cancelled','{"taskId":"task-0010","state":"cancelled","agent":null,"priority":0,"attempt":0,"error":"cancelled before it was started"}','supervisor',1795926138806,'{"task":"task-0010","depth":1}');
INSERT INTO event VALUES(27,'deploy:done','{"version":"1.2"}','client',1795926138815,NULL);
INSERT INTO event VALUES(28,'task:queued','{"taskId":"task-0011","state":"queued","agent":null,"priority":0,"rule":"deployed","attempt":0}','supervisor',1795926138815,'{"task":"task-0011","rule":"deployed","event":27,"depth":1}');
INSERT INTO event VALUES(29,'edit','{"file":"a"}','client',1795926138827,NULL);
INSERT INTO event VALUES(30,'edit','{"file":"b"}','client',1795926138844,NULL);
INSERT INTO event VALUES(31,'schedule:yearly','{"job":"yearly","at":"2026-11-29T04:22:18.866Z","caughtUp":false,"manual":true}','scheduler',1795926138866,NULL);
INSERT INTO event VALUES(32,'task:queued','{"taskId":"task-0012","state":"queued","agent":null,"priority":0,"rule":"schedule:yearly","attempt":0}','supervisor',1795926138866,'{"task":"task-0012","rule":"schedule:yearly","event":31,"depth":1}');
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
, waiting INTEGER NOT NULL DEFAULT 0, after TEXT, signal INTEGER, processes_ended INTEGER, processes_left INTEGER, usage TEXT, event INTEGER, rule TEXT, conversation TEXT, retried_as INTEGER, in_vain_for INTEGER, place INTEGER NOT NULL DEFAULT 0);
INSERT INTO task VALUES(1,'completed','do: echo well',NULL,0,NULL,'{"GREETING":"hello"}','{}',NULL,1795926124862,1795926124862,1795926124912,1,1,NULL,0,NULL,replace('stand-in agent: do: echo well\nwell\n','\n',char(10)),0,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,1795926124862);
INSERT INTO task VALUES(2,'failed','do: exit 3',NULL,0,NULL,'{}','{}',NULL,1795926124924,1795926124924,1795926124963,1,1,NULL,3,'the agent exited with code 3: stand-in agent: do: exit 3',replace('stand-in agent: do: exit 3\n','\n',char(10)),0,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,1795926124924);
INSERT INTO task VALUES(3,'timeout','do: sleep 1000',NULL,0,1200,'{}','{}',NULL,1795926124968,1795926124968,1795926126226,1,1,'timeout',NULL,'it ran longer than its time limit',replace('stand-in agent: do: sleep 1000\n','\n',char(10)),0,NULL,15,2,0,NULL,NULL,NULL,NULL,NULL,NULL,1795926124968);
INSERT INTO task VALUES(4,'completed','do: echo one',NULL,5,NULL,'{}','{}',NULL,1795926126233,1795926126233,1795926126265,1,1,NULL,0,NULL,replace('stand-in agent: do: echo one\none\n','\n',char(10)),0,NULL,NULL,0,0,NULL,NULL,NULL,'talk',NULL,NULL,1795908126233);
INSERT INTO task VALUES(5,'completed','do: true',NULL,0,NULL,'{}','{}','{"rule":"trips","event":13,"depth":0}',1795926128312,1795926128312,1795926128362,1,1,NULL,0,NULL,replace('stand-in agent: do: true\nevent: {"seq":13,"topic":"trip","payload":null,"source":"client","at":"2026-11-29T04:22:08.312Z"}\n','\n',char(10)),0,NULL,NULL,0,0,NULL,13,'trips',NULL,NULL,NULL,1795926128312);
INSERT INTO task VALUES(6,'running','do: sleep 1000',NULL,0,NULL,'{}','{}',NULL,1795926138742,1795926138742,NULL,1,1,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795926138742);
INSERT INTO task VALUES(7,'queued','do: echo later',NULL,0,NULL,'{}','{}',NULL,1795926138772,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795926138772);
INSERT INTO task VALUES(8,'queued','do: echo first',NULL,9,NULL,'{}','{}',NULL,1795926138787,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795893738787);
INSERT INTO task VALUES(9,'queued','do: echo after',NULL,0,NULL,'{}','{}',NULL,1795926138792,NULL,NULL,0,0,NULL,NULL,NULL,NULL,1,'[6]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795926138792);
INSERT INTO task VALUES(10,'cancelled','do: true',NULL,0,NULL,'{}','{}',NULL,1795926138802,NULL,1795926138806,0,0,NULL,NULL,'cancelled before it was started',NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795926138802);
INSERT INTO task VALUES(11,'queued','do: echo deployed',NULL,0,NULL,'{}','{}','{"rule":"deployed","event":27,"depth":0}',1795926138815,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,27,'deployed',NULL,NULL,NULL,1795926138815);
INSERT INTO task VALUES(12,'queued','Carry out the action "do: true" for this project.',NULL,0,NULL,'{}','{}','{"rule":"schedule:yearly","event":31,"depth":0}',1795926138866,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,31,'schedule:yearly',NULL,NULL,NULL,1795926138866);
CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counter VALUES('aged',1795926126840);
INSERT INTO counter VALUES('cancelled',1);
INSERT INTO counter VALUES('completed',3);
INSERT INTO counter VALUES('failed',1);
INSERT INTO counter VALUES('last_event',12);
INSERT INTO counter VALUES('last_task',4);
INSERT INTO counter VALUES('queued',5);
INSERT INTO counter VALUES('running',1);
INSERT INTO counter VALUES('timeout',1);
CREATE TABLE dependency (
    task  INTEGER NOT NULL,
    after INTEGER NOT NULL,
    PRIMARY KEY (task, after)
) WITHOUT ROWID;
INSERT INTO dependency VALUES(9,6);
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
CREATE TABLE session (
    id       TEXT PRIMARY KEY,
    cost_usd REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE pending (
    rule     TEXT PRIMARY KEY,
    due_at   INTEGER, -- milliseconds since 1970; null: when the rule is no longer busy
    first_at INTEGER NOT NULL,
    matches  INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO pending VALUES('quiet',1795926139844,1795926138827,2);
CREATE TABLE pending_event (
    rule TEXT NOT NULL,
    seq  INTEGER NOT NULL, depth INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rule, seq)
) WITHOUT ROWID;
INSERT INTO pending_event VALUES('quiet',29,0);
INSERT INTO pending_event VALUES('quiet',30,0);
CREATE TABLE firing (
    id      INTEGER PRIMARY KEY,
    rule    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    event   INTEGER NOT NULL, -- the last one that led to it
    matches INTEGER NOT NULL,
    task    INTEGER NOT NULL,
    counts  INTEGER NOT NULL -- whether the circuit breaker counts it
);
INSERT INTO firing VALUES(1,'trips',1795926128312,13,1,5,1);
INSERT INTO firing VALUES(2,'deployed',1795926138815,27,1,11,0);
INSERT INTO firing VALUES(3,'schedule:yearly',1795926138866,31,1,12,0);
CREATE TABLE IF NOT EXISTS "schedule" (
    job TEXT PRIMARY KEY,
    at  INTEGER NOT NULL
, cron TEXT NOT NULL DEFAULT '', fired_at INTEGER) WITHOUT ROWID;
INSERT INTO schedule VALUES('yearly',1795926124842,'0 0 1 1 * UTC',NULL);
CREATE TABLE IF NOT EXISTS "rule_switch" (
    rule       TEXT PRIMARY KEY, -- '' stands for all of automation
    enabled    INTEGER,
    tripped_at INTEGER
) WITHOUT ROWID;
INSERT INTO rule_switch VALUES('off',0,NULL);
INSERT INTO rule_switch VALUES('trips',NULL,1795926129333);
CREATE TABLE files_told (
    id      INTEGER PRIMARY KEY CHECK (id = 0),
    at      INTEGER NOT NULL, -- milliseconds since 1970
    stopped INTEGER NOT NULL  -- whether the daemon was stopped then, and not to go on at once
);
CREATE TABLE resting (
    task INTEGER PRIMARY KEY
);
CREATE TABLE made_here (
    id    INTEGER PRIMARY KEY CHECK (id = 0),
    stamp TEXT NOT NULL -- JSON
);
CREATE TABLE config_in_force (
    id    INTEGER PRIMARY KEY CHECK (id = 0),
    named TEXT, -- the file that was named in place of the usual one
    text  TEXT  -- what the file said; none where there was none, and the defaults held
);
CREATE INDEX task_by_state ON task (state, no);
CREATE INDEX task_by_agent ON task (agent, no) WHERE agent IS NOT NULL;
CREATE INDEX dependency_of ON dependency (after, task);
CREATE INDEX task_by_end ON task (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX task_needs_event ON task (event) WHERE event IS NOT NULL AND state IN ('queued', 'running');
CREATE INDEX task_by_agent_and_state ON task (agent, state, no) WHERE agent IS NOT NULL;
CREATE INDEX task_of_busy_rule ON task (rule) WHERE rule IS NOT NULL AND state IN ('queued', 'running');
CREATE INDEX pending_due ON pending (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX firing_of_rule ON firing (rule, at);
CREATE INDEX task_of_conversation ON task (conversation, no) WHERE conversation IS NOT NULL;
CREATE INDEX pending_event_of_depth ON pending_event (rule, depth);
CREATE INDEX task_in_vain ON task (in_vain_for) WHERE in_vain_for IS NOT NULL;
CREATE INDEX task_queue ON task (place, no) WHERE state = 'queued' AND waiting = 0;
CREATE INDEX task_waiting ON task (place, no) WHERE state = 'queued' AND waiting > 0;
COMMIT;
