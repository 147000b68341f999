-- Where this database was made, so that one that came from elsewhere is known as such.
CREATE TABLE made_here (
    id    INTEGER PRIMARY KEY CHECK (id = 0),
    stamp TEXT NOT NULL -- JSON
);

-- The configuration that is in force, whatever its file says by now.
CREATE TABLE config_in_force (
    id    INTEGER PRIMARY KEY CHECK (id = 0),
    named TEXT, -- the file that was named in place of the usual one
    text  TEXT  -- what the file said; none where there was none, and the defaults held
);
