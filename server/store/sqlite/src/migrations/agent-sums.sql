-- What agents used, summed up for ever, by the rule of their tasks and by agent. Both are empty for none.
CREATE TABLE agent_sum (
    rule                  TEXT NOT NULL,
    agent                 TEXT NOT NULL,
    tasks                 INTEGER NOT NULL,
    cost_usd              REAL NOT NULL,
    turns                 INTEGER NOT NULL,
    input_tokens          INTEGER NOT NULL,
    output_tokens         INTEGER NOT NULL,
    cache_read_tokens     INTEGER NOT NULL,
    cache_creation_tokens INTEGER NOT NULL,
    PRIMARY KEY (rule, agent)
) WITHOUT ROWID;

-- Of what was used so far only the rules are known.
INSERT INTO agent_sum
SELECT rule, '', CAST(min(total(tasks), 9007199254740991) AS INTEGER), total(cost_usd),
       CAST(min(total(turns), 9007199254740991) AS INTEGER), CAST(min(total(input_tokens), 9007199254740991) AS INTEGER),
       CAST(min(total(output_tokens), 9007199254740991) AS INTEGER),
       CAST(min(total(cache_read_tokens), 9007199254740991) AS INTEGER),
       CAST(min(total(cache_creation_tokens), 9007199254740991) AS INTEGER)
FROM usage WHERE typeof(rule) = 'text' GROUP BY rule;
