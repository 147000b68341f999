-- `at` is the time up to which a job needs no more looking at: it has fired for it, missed it, or was not known before.
-- When its times were others, or it was switched off, that begins anew: `cron` tells what the times were.
ALTER TABLE schedule_fired RENAME TO schedule;
ALTER TABLE schedule ADD COLUMN cron TEXT NOT NULL DEFAULT '';
ALTER TABLE schedule ADD COLUMN fired_at INTEGER; -- for which it fired last; null if it never has
UPDATE schedule SET fired_at = at;
