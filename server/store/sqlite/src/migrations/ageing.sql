-- Its place in the queue, the lowest first: since when it waits, in milliseconds since 1970, less an hour for each of its priority. So whoever waits
-- gains one priority an hour, and the order between two never changes.
ALTER TABLE task ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
UPDATE task SET place = created_at - priority * 3600000 WHERE state IN ('queued', 'running');

DROP INDEX task_queue;
DROP INDEX task_waiting;
CREATE INDEX task_queue ON task (place, no) WHERE state = 'queued' AND waiting = 0;
CREATE INDEX task_waiting ON task (place, no) WHERE state = 'queued' AND waiting > 0;
