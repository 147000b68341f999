-- The severity of notices that wait: whether they are held back is decided when they are sent.
ALTER TABLE outbox ADD COLUMN severity INTEGER NOT NULL DEFAULT 0; -- 1 to 3: info, warning, critical; 0 for what is never held back
UPDATE outbox SET severity = 2 WHERE is_notice OR about IS NOT NULL;
UPDATE outbox SET due_at = created_at WHERE state = 'waiting' AND severity > 0 AND due_at > created_at + 3600000;
CREATE INDEX outbox_severity ON outbox (platform, chat, severity, due_at, no) WHERE state = 'waiting';
