-- The conversation that a task is a turn of.
ALTER TABLE task ADD COLUMN conversation TEXT;
CREATE INDEX task_of_conversation ON task (conversation, no) WHERE conversation IS NOT NULL;
