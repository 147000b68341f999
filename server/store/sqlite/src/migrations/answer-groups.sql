-- The answers to calls with keys that are stored together: those of a transaction to events that no rule has matched.
CREATE TABLE answer_group (
    no      INTEGER PRIMARY KEY, -- the time that the first key begins with, in milliseconds since 1970, and 4 bits more: which one of that time
    until   INTEGER NOT NULL, -- from when the keys stand for nothing any more, in milliseconds since 1970
    answers BLOB NOT NULL -- for each, in the order of the keys: its 17 bytes as in `answer`, the digest of the params, 16, and the event's number, 8
) STRICT;
