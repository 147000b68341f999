-- The answers to calls with keys.
CREATE TABLE answer (
    span   INTEGER NOT NULL, -- that in which `until` is, of 6 hours each since 1970: what is over is at the beginning
    id     BLOB NOT NULL, -- the caller and the key: 1 and 16 bytes for a key of 32 figures of base 16, 2 and 16 for a UUID, or 0 and a text
    until  INTEGER NOT NULL, -- from when the key stands for nothing any more, in milliseconds since 1970
    call   BLOB NOT NULL, -- the digest of the params, 16 bytes, and the method: nothing for event.emit
    answer TEXT NOT NULL, -- JSON
    PRIMARY KEY (span, id)
) STRICT, WITHOUT ROWID;

-- Until now they were cursors. What cannot be read was never an answer.
INSERT OR REPLACE INTO answer (span, id, until, call, answer)
SELECT
    until / 21600000,
    CASE
        WHEN key NOT GLOB '*[^0-9a-f -]*' AND key GLOB ' ????????-????-????-????-????????????' AND length(unhex(substr(key, 2), '-')) = 16
            THEN CAST(x'02' || unhex(substr(key, 2), '-') AS BLOB)
        WHEN key NOT GLOB '*[^0-9a-f ]*' AND length(key) = 33 AND substr(key, 1, 1) = ' ' AND length(unhex(substr(key, 2))) = 16
            THEN CAST(x'01' || unhex(substr(key, 2)) AS BLOB)
        ELSE CAST(x'00' || CAST(key AS BLOB) AS BLOB)
    END,
    until,
    CAST(unhex(substr(call, -64, 32)) || iif(method = 'event.emit', x'', CAST(method AS BLOB)) AS BLOB),
    answer
FROM (
    SELECT key, until, call, substr(call, 1, length(call) - 65) AS method, answer
    FROM (
        SELECT key, until, value ->> '$.call' AS call, value -> '$.answer' AS answer
        FROM cursor
        WHERE source = 'answer' AND typeof(key) = 'text' AND typeof(until) = 'integer' AND until >= 0
            AND iif(typeof(value) = 'text', json_valid(value), 0)
    )
    WHERE typeof(call) = 'text' AND typeof(answer) = 'text' AND length(unhex(substr(call, -64))) = 32
);

-- To make the table anew is faster than to delete most of it.
ALTER TABLE cursor RENAME TO cursor_before;
CREATE TABLE cursor (
    source TEXT NOT NULL,
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    until  INTEGER, -- when it may be forgotten, in milliseconds since 1970; null: never
    PRIMARY KEY (source, key)
) WITHOUT ROWID;
INSERT INTO cursor (source, key, value, until) SELECT source, key, value, until FROM cursor_before WHERE source <> 'answer';
DROP TABLE cursor_before;
CREATE INDEX cursor_until ON cursor (until) WHERE until IS NOT NULL;
