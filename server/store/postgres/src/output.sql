-- What agents have written, in blocks: for the hosts that have not run them.
CREATE TABLE output (
    task    BIGINT NOT NULL, -- it is forgotten with its task
    n       BIGINT NOT NULL, -- the run
    stream  BIGINT NOT NULL, -- 1: standard output, 2: standard error
    start   BIGINT NOT NULL, -- the byte of the stream at which it begins: a multiple of 16384
    bytes   BYTEA NOT NULL,
    is_last BIGINT NOT NULL, -- 1: the stream ends with it
    PRIMARY KEY (task, n, stream, start)
);
