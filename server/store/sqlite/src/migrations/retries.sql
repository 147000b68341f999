-- The last task that was made of this one's order again: many are retried at once, but not twice.
ALTER TABLE task ADD COLUMN retried_as INTEGER;

-- The task that it was to start after, and whose end has cancelled it: when that one is retried, it comes back.
ALTER TABLE task ADD COLUMN in_vain_for INTEGER;
CREATE INDEX task_in_vain ON task (in_vain_for) WHERE in_vain_for IS NOT NULL;

-- Tasks whose agent was lost, and that are not to be started again before their time. Each counts in `waiting` as one more that it waits for.
CREATE TABLE resting (
    task INTEGER PRIMARY KEY
);
