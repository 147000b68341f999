-- How far each source of events has come, in its own words, by its own keys: files up to when changes were published, schedules up to which of
-- their times, messages which of them were taken in.
CREATE TABLE cursor (
    source TEXT NOT NULL,
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    until  INTEGER, -- when it may be forgotten, in milliseconds since 1970; null: never
    PRIMARY KEY (source, key)
) WITHOUT ROWID;
CREATE INDEX cursor_until ON cursor (until) WHERE until IS NOT NULL;

-- What holds anything else is left behind, as it was before.
INSERT INTO cursor (source, key, value)
SELECT 'files', '', json_object('at', at, 'stopped', json(iif(stopped, 'true', 'false'))) FROM files_told
WHERE typeof(at) = 'integer';
INSERT INTO cursor (source, key, value)
SELECT 'schedule', job, json_object('cron', cron, 'at', at, 'firedAt', fired_at) FROM schedule
WHERE typeof(job) = 'text' AND typeof(cron) = 'text' AND typeof(at) = 'integer' AND typeof(fired_at) IN ('integer', 'null');

DROP TABLE files_told;
DROP TABLE schedule;
