-- Up to when changes of files have been told: one row, or none where no files were watched.
CREATE TABLE files_told (
    id      INTEGER PRIMARY KEY CHECK (id = 0),
    at      INTEGER NOT NULL, -- milliseconds since 1970
    stopped INTEGER NOT NULL  -- whether the daemon was stopped then, and not to go on at once
);
