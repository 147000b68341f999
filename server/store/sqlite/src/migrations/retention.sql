-- What is pruned first.
CREATE INDEX task_by_end ON task (completed_at) WHERE completed_at IS NOT NULL;

-- The event that led to the task: it is not pruned before the task has started with it.
ALTER TABLE task ADD COLUMN event INTEGER;
UPDATE task SET event = json_extract(cause, '$.event') WHERE cause IS NOT NULL;
CREATE INDEX task_needs_event ON task (event) WHERE event IS NOT NULL AND state IN ('queued', 'running');

-- A list by both, among a million.
CREATE INDEX task_by_agent_and_state ON task (agent, state, no) WHERE agent IS NOT NULL;
