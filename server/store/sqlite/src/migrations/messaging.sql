-- Messages to platforms: a row for each part of one, from the transaction that decides on it until it was sent. A number is never given again:
-- see the counter 'last_message'.
CREATE TABLE outbox (
    no         INTEGER PRIMARY KEY,
    platform   TEXT NOT NULL, -- 'slack', 'discord', 'telegram'
    chat       TEXT NOT NULL,
    thread     TEXT, -- null for the chat itself
    is_notice  INTEGER NOT NULL, -- 1: it may go into one message with others
    content    TEXT NOT NULL, -- as JSON
    about      TEXT, -- the approval that it asks for; null for none
    state      TEXT NOT NULL, -- 'waiting', 'sending', 'sent', 'dead'
    created_at INTEGER NOT NULL, -- milliseconds since 1970
    due_at     INTEGER NOT NULL, -- from when it is to be sent
    expires_at INTEGER NOT NULL, -- from when it is not sent any more
    attempts   INTEGER NOT NULL,
    is_repeat  INTEGER NOT NULL, -- 1: an earlier attempt may have had an effect
    sent_as    TEXT, -- the platform's id of it
    error      TEXT -- why it was not sent
);
CREATE INDEX outbox_waiting ON outbox (platform, chat, due_at, no) WHERE state = 'waiting';
CREATE INDEX outbox_asked ON outbox (platform, chat, due_at, no) WHERE state = 'waiting' AND about IS NOT NULL;
CREATE INDEX outbox_other ON outbox (state, created_at) WHERE state <> 'waiting';
CREATE INDEX outbox_about ON outbox (about) WHERE about IS NOT NULL;
