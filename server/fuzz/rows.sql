-- A row or more in each table, as a daemon leaves them.
INSERT INTO event (seq, topic, payload, source, at, cause) VALUES
    (1, 'a:b', '{"x":1}', 'client', 1000, NULL),
    (2, 'file:modified', '{"path":"src/a"}', 'watcher', 2000, NULL),
    (3, 'task:completed', '{}', 'supervisor', 3000, '{"task":"task-0001","rule":"a","event":1,"depth":1}');
INSERT INTO task (no, state, prompt, agent, priority, env, metadata, cause, created_at, started_at, completed_at, launch, attempts,
    exit_code, result, rule, waiting, after, usage, conversation, event) VALUES
    (1, 'completed', 'x', 'one', 0, '{}', '{}', '{"rule":"a","event":1,"depth":0}', 1000, 2000, 3000, 1, 1, 0, 'done', 'a', 0, NULL,
        '{"costUsd":0.5,"turns":1,"inputTokens":1,"outputTokens":1,"cacheReadTokens":1,"cacheCreationTokens":1}', NULL, 1),
    (2, 'failed', 'x', NULL, 0, '{}', '{}', NULL, 1000, 2000, 3000, 1, 1, 1, NULL, NULL, 0, NULL, NULL, 'talk', NULL),
    (3, 'running', 'x', NULL, 0, '{}', '{}', NULL, 1000, 2000, NULL, 1, 1, NULL, NULL, 'b', 0, NULL, NULL, NULL, NULL),
    (4, 'running', 'x', NULL, 0, '{}', '{}', NULL, 1000, 2000, NULL, 1, 1, NULL, NULL, NULL, 0, NULL, NULL, 'talk', NULL),
    (5, 'queued', 'x', NULL, 5, '{"A":"1"}', '{"n":1}', NULL, 1000, NULL, NULL, 0, 0, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL),
    (6, 'queued', 'x', NULL, 0, '{}', '{}', NULL, 1000, NULL, NULL, 0, 0, NULL, NULL, NULL, 1, '[5]', NULL, NULL, NULL),
    (7, 'queued', 'x', NULL, 0, '{}', '{}', NULL, 1000, NULL, NULL, 1, 1, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL),
    (8, 'cancelled', 'x', NULL, 0, '{}', '{}', NULL, 1000, NULL, 3000, 0, 0, NULL, NULL, NULL, 0, '[2]', NULL, NULL, NULL);
UPDATE task SET in_vain_for = 2 WHERE no = 8;
INSERT INTO run (task, n, kind, started_at, ended_at, reason, exit_code, signal, session, cost_usd, turns, input_tokens,
    output_tokens, cache_read_tokens, cache_creation_tokens, dir) VALUES
    (1, 1, 'agent', 2000, 3000, 'done', 0, NULL, 's', 0.5, 1, 1, 1, 1, 1, NULL),
    (3, 1, 'agent', 2000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, 1, 'agent', 2000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (7, 1, 'agent', 2000, 3000, 'lost', NULL, 9, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT OR REPLACE INTO counter (name, value) VALUES ('queued', 3), ('running', 2), ('completed', 1), ('failed', 1), ('cancelled', 1);
INSERT INTO hold (task, kind, key, until) VALUES (6, 'after', '5', NULL);
INSERT INTO hold (task, kind, key, until) VALUES (7, 'rest', '', 2000);
INSERT INTO approval (no, task, kind, state, summary, request, requested_at, expires_at, on_timeout, decision) VALUES
    (1, 7, 'task', 'pending', 'x', '{"prompt":"x"}', 1000, 2000, 'reject', NULL),
    (2, 3, 'question', 'approved', 'y', '{"question":"y"}', 1000, NULL, 'reject',
        '{"at":"2026-11-23T14:33:23.042Z","answer":"z","reason":null,"by":{"uid":1,"user":null,"program":null,"pid":2,"via":"cli"}}');
INSERT INTO rule_switch (rule, enabled, tripped_at) VALUES ('', 1, NULL), ('a', NULL, 1000);
INSERT INTO pending (rule, due_at, first_at, matches) VALUES ('a', 2000, 1000, 2), ('b', NULL, 1000, 1);
INSERT INTO pending_event (rule, seq, depth) VALUES ('a', 1, 0), ('a', 2, 1), ('b', 1, 0);
INSERT INTO firing (id, rule, at, event, matches, task, counts) VALUES (1, 'a', 1000, 1, 1, 1, 1);
INSERT INTO cursor (source, key, value, until) VALUES ('schedule', 'job', '{"cron":"* * * * *","at":1000,"firedAt":1000}', NULL);
INSERT INTO usage VALUES ('2026-11-23', 'a', 1, 0.5, 1, 1, 1, 1, 1);
INSERT INTO session (id, cost_usd) VALUES ('s', 0.5);
INSERT INTO cursor (source, key, value, until) VALUES ('files', '', '{"at":1000,"stopped":false}', 2000);
INSERT INTO spending (day, rule, agent, usd) VALUES ('2026-11-23', 'a', 'one', 0.5), ('2026-11-24', '', '', 1);
INSERT INTO rule_cost (rule, task, usd) VALUES ('a', 1, 0.5);
INSERT INTO outbox (no, platform, chat, thread, is_notice, content, about, state, created_at, due_at, expires_at, attempts, is_repeat, sent_as, error)
VALUES (1, 'telegram', '7', NULL, 1, '{"text":{"text":"x"}}', NULL, 'waiting', 1000, 1000, 2000, 0, 0, NULL, NULL),
    (2, 'telegram', '7', '3', 0, '{"text":{"text":"y"}}', 'approval-0001', 'sending', 1000, 1000, 2000, 1, 1, '9', 'e');
INSERT INTO answer VALUES (0, x'0061', 1000, zeroblob(16), '7'), (90000, x'0062', 1944000000000, x'00', '{');
