-- What agents have written, in blocks: for the hosts that have not run them. A database in a file is one host's own, and has none but those of a store that was
-- moved here.
CREATE TABLE output (
    task    INTEGER NOT NULL, -- it is forgotten with its task
    n       INTEGER NOT NULL, -- the run
    stream  INTEGER NOT NULL, -- 1: standard output, 2: standard error
    start   INTEGER NOT NULL, -- the byte of the stream at which it begins
    bytes   BLOB NOT NULL,
    is_last INTEGER NOT NULL, -- 1: the stream ends with it
    PRIMARY KEY (task, n, stream, start)
) STRICT;
