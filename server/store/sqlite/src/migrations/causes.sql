-- How deep in a chain of tasks each waiting match is: the task that comes of them all is as deep as the deepest.
ALTER TABLE pending_event ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
CREATE INDEX pending_event_of_depth ON pending_event (rule, depth);

-- A rule that trips is not thereby switched on: null where nobody has switched it.
CREATE TABLE switch_of_rule (
    rule       TEXT PRIMARY KEY, -- '' stands for all of automation
    enabled    INTEGER,
    tripped_at INTEGER
) WITHOUT ROWID;
INSERT INTO switch_of_rule (rule, enabled, tripped_at)
SELECT rule, CASE WHEN tripped_at IS NULL OR NOT enabled THEN enabled END, tripped_at FROM rule_switch;
DROP TABLE rule_switch;
ALTER TABLE switch_of_rule RENAME TO rule_switch;
