-- The most that the agent of a run was given to spend, in US dollars: none of it is given to another while it runs.
ALTER TABLE run ADD COLUMN cap_usd REAL;
