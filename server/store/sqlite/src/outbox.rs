//! Messages to platforms.

use aiwg_model::{MessageCounts, MessageNo, MessageRow, MessageState, NewMessage, OutboxLane};
use aiwg_protocol::types::{Json, Timestamp};
use aiwg_store::Reports;
use rusqlite::{
    OptionalExtension, Row, params,
    types::{FromSql, FromSqlError, FromSqlResult, ValueRef},
};

use super::{
    lenient::{one, readable},
    read::SqliteReader,
    row::Millis,
    write::SqliteStore,
};

const COLUMNS: &str = "no, platform, chat, thread, is_notice, content, about, state, created_at, due_at, expires_at, attempts, is_repeat, \
                       sent_as, error, severity";

impl SqliteStore {
    /// Stores a message that waits, under the next number.
    pub(crate) fn add_message(&mut self, message: &NewMessage, at: Timestamp) -> rusqlite::Result<MessageNo> {
        let no = self.next_message()?;
        let row = MessageRow {
            no,
            message: message.clone(),
            state: MessageState::Waiting,
            created_at: at,
            attempts: 0,
            is_repeat: false,
            sent_as: None,
            error: None,
        };
        self.set_message(&row)?;
        Ok(no)
    }

    /// Stores a message as it stands now, in place of what is stored of it.
    pub(crate) fn set_message(&mut self, row: &MessageRow) -> rusqlite::Result<()> {
        let NewMessage { platform, chat, thread, is_notice, severity, content, about, due_at, expires_at } =
            &row.message;
        self.statement(
            "INSERT OR REPLACE INTO outbox (no, platform, chat, thread, is_notice, content, about, state, created_at, due_at, expires_at,
                 attempts, is_repeat, sent_as, error, severity) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            i64::try_from(row.no.0).unwrap_or(i64::MAX),
            platform,
            chat,
            thread,
            is_notice,
            content.as_str(),
            about,
            row.state.name(),
            Millis(row.created_at),
            Millis(*due_at),
            Millis(*expires_at),
            row.attempts,
            row.is_repeat,
            row.sent_as,
            row.error,
            severity,
        ])?;
        Ok(())
    }

    /// Forgets a message. False if there is none.
    pub(crate) fn remove_message(&mut self, no: MessageNo) -> rusqlite::Result<bool> {
        Ok(self.statement("DELETE FROM outbox WHERE no = ?")?.execute([key(no)])? > 0)
    }

    /// Forgets the messages that wait for a chat and are too old, except for notices below this severity, and for those about an approval. Returns
    /// their number.
    pub(crate) fn expire_messages(
        &mut self,
        platform: &str,
        chat: &str,
        now: Timestamp,
        least: u8,
    ) -> rusqlite::Result<usize> {
        let sql = format!(
            "DELETE FROM outbox WHERE state = 'waiting' AND platform = ? AND chat = ? AND due_at <= ?3 AND expires_at <= ?3
                 AND about IS NULL{}",
            and_severity(least)
        );
        self.statement(&sql)?.execute(params![platform, chat, Millis(now)])
    }

    /// Has the notices that wait be sent until this moment at least, if they can be.
    pub(crate) fn keep_notices(&mut self, until: Timestamp) -> rusqlite::Result<()> {
        self.statement(
            "UPDATE outbox SET expires_at = ?1 WHERE state = 'waiting' AND severity > 0 AND expires_at < ?1",
        )?
        .execute(params![Millis(until)])?;
        Ok(())
    }

    /// Gives the messages that wait for a chat to another one.
    pub(crate) fn move_messages(&mut self, platform: &str, chat: &str, to: &str) -> rusqlite::Result<()> {
        self.statement(
            "UPDATE outbox SET chat = ?3 WHERE state = 'waiting' AND platform = ?1 AND chat = ?2",
        )?
        .execute(params![platform, chat, to])?;
        Ok(())
    }

    /// Forgets the messages that do not wait any more and were stored before this moment, `limit` at the most. Returns their number.
    pub(crate) fn prune_messages(&mut self, before: Timestamp, limit: u64) -> rusqlite::Result<usize> {
        self.statement(
            "DELETE FROM outbox WHERE no IN (
                 SELECT no FROM outbox WHERE state IN ('sent', 'dead') AND created_at < ? LIMIT ?)",
        )?
        .execute(params![Millis(before), limit])
    }

    /// A message; none as well if its row cannot be read.
    pub(crate) fn message(&self, no: MessageNo) -> rusqlite::Result<Option<MessageRow>> {
        let found = self
            .statement(&format!("SELECT {COLUMNS} FROM outbox WHERE no = ?"))?
            .query_row([key(no)], read_message)
            .optional();
        Ok(one(found, &self.reports)?.flatten())
    }

    /// The messages for a chat that are due, in the order in which they are to be sent, without the notices below this severity.
    pub(crate) fn due_messages(
        &self,
        platform: &str,
        chat: &str,
        now: Timestamp,
        least: u8,
        limit: u32,
    ) -> rusqlite::Result<Vec<MessageRow>> {
        // Many may be held back: with the other index none of them is looked at.
        let index = if least > LOWEST { "outbox_severity" } else { "outbox_waiting" };
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox INDEXED BY {index}
             WHERE state = 'waiting' AND platform = ? AND chat = ? AND due_at <= ?{} ORDER BY due_at, no LIMIT ?",
            and_severity(least)
        );
        let mut select = self.statement(&sql)?;
        readable(select.query_map(params![platform, chat, Millis(now), limit], read_message)?, &self.reports)
    }

    /// The message for a chat that is due and asks for an approval: the first of these, from this severity on.
    pub(crate) fn next_asked(
        &self,
        platform: &str,
        chat: &str,
        now: Timestamp,
        least: u8,
    ) -> rusqlite::Result<Option<MessageRow>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox INDEXED BY outbox_asked
             WHERE state = 'waiting' AND about IS NOT NULL AND platform = ? AND chat = ? AND due_at <= ?{} ORDER BY due_at, no LIMIT 1",
            and_severity(least)
        );
        let mut select = self.statement(&sql)?;
        let found =
            readable(select.query_map(params![platform, chat, Millis(now)], read_message)?, &self.reports)?;
        Ok(found.into_iter().next())
    }

    /// True if this many messages, or more, wait for a chat.
    pub(crate) fn is_behind(&self, platform: &str, chat: &str, count: u32) -> rusqlite::Result<bool> {
        // Mostly it is seen at once: no more can wait than were stored since the first that does, of those that go before all others (they are due
        // since 1970), and of the others.
        let sql = "SELECT (SELECT max(no) FROM outbox) - no + 1 FROM outbox INDEXED BY outbox_waiting
                   WHERE state = 'waiting' AND platform = ? AND chat = ? AND due_at BETWEEN ? AND ? ORDER BY due_at, no LIMIT 1";
        let mut select = self.statement(sql)?;
        let mut since = |first: i64, last: i64| -> rusqlite::Result<i64> {
            let found = select.query_row(params![platform, chat, first, last], |row| row.get(0));
            Ok(found.optional()?.unwrap_or(0))
        };
        if since(i64::MIN, 0)?.saturating_add(since(1, i64::MAX)?) < i64::from(count) {
            return Ok(false);
        }
        drop(select);
        let sql = "SELECT count(*) >= ?1 FROM (SELECT 1 FROM outbox INDEXED BY outbox_waiting
                   WHERE state = 'waiting' AND platform = ?2 AND chat = ?3 LIMIT ?1)";
        self.statement(sql)?.query_row(params![count, platform, chat], |row| row.get(0))
    }

    /// The chats for which messages wait, each with the time at which the first of them is due.
    pub(crate) fn outbox_lanes(&self) -> rusqlite::Result<Vec<OutboxLane>> {
        // The index is asked for the first row of each chat: those behind them may be many.
        let mut select = self.statement(
            "SELECT platform, chat, due_at, is_notice AND NOT is_repeat AND attempts = 0, severity FROM outbox INDEXED BY outbox_waiting
             WHERE state = 'waiting' AND (platform, chat) > (?, ?) ORDER BY platform, chat, due_at, no LIMIT 1",
        )?;
        let (mut lanes, mut last): (Vec<OutboxLane>, _) = (Vec::new(), (String::new(), String::new()));
        let read = |row: &Row<'_>| {
            Ok(OutboxLane {
                platform: row.get(0)?,
                chat: row.get(1)?,
                due_at: row.get::<_, Millis>(2)?.0,
                is_new_notice: row.get(3)?,
                severity: row.get(4)?,
            })
        };
        while let Some(lane) = select.query_row(params![last.0, last.1], read).optional()? {
            last = (lane.platform.clone(), lane.chat.clone());
            lanes.push(lane);
        }
        Ok(lanes)
    }

    /// The messages that are being sent.
    pub(crate) fn messages_sending(&self) -> rusqlite::Result<Vec<MessageRow>> {
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE state = 'sending' ORDER BY no");
        let mut select = self.statement(&sql)?;
        readable(select.query_map([], read_message)?, &self.reports)
    }

    /// The platform's ids of the messages of a chat that were sent and are kept.
    pub(crate) fn messages_asking(&self, platform: &str, chat: &str) -> rusqlite::Result<Vec<String>> {
        let mut select = self.statement(
            "SELECT sent_as FROM outbox WHERE state = 'sent' AND sent_as IS NOT NULL AND platform = ? AND chat = ? ORDER BY no",
        )?;
        readable(select.query_map(params![platform, chat], |row| row.get(0))?, &self.reports)
    }

    /// The messages that ask for an approval.
    pub(crate) fn messages_about(&self, about: &str) -> rusqlite::Result<Vec<MessageRow>> {
        // '0' comes after '/'.
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox WHERE about = ?1 OR (about >= ?1 || '/' AND about < ?1 || '0') ORDER BY no"
        );
        let mut select = self.statement(&sql)?;
        readable(select.query_map([about], read_message)?, &self.reports)
    }
}

impl SqliteReader {
    /// Numbers of the messages to each platform that has any.
    pub(crate) fn message_counts(&self) -> rusqlite::Result<Vec<MessageCounts>> {
        self.with(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT platform, sum(state IN ('waiting', 'sending')), sum(is_repeat AND state IN ('waiting', 'sending')), sum(state = 'dead')
                 FROM outbox GROUP BY platform",
            )?;
            let mut latest = connection.prepare_cached(
                "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', created_at / 1000, 'unixepoch'), chat, coalesce(error, 'for no known reason'),
                     substr(CASE WHEN json_valid(content) THEN coalesce(content ->> '$.text.text', '') ELSE '' END, 1, 60)
                 FROM outbox WHERE state = 'dead' AND platform = ? ORDER BY created_at DESC, no DESC LIMIT 1",
            )?;
            let mut latest_dead = |platform: &str| {
                let read = |row: &Row<'_>| {
                    let texts: [String; 4] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
                    let [at, chat, why, begins] = texts;
                    Ok(format!("a message of {at} to the chat {chat} could not be sent ({begins:?}): {why}"))
                };
                // What cannot be read is not worth more than the rest.
                latest.query_row([platform], read).ok()
            };
            let rows = select.query_map([], |row| {
                Ok(MessageCounts {
                    latest_dead: match row.get::<_, u64>(3)? {
                        0 => None,
                        _ => latest_dead(&row.get::<_, String>(0)?),
                    },
                    platform: row.get(0)?,
                    waiting: row.get(1)?,
                    unknown: row.get(2)?,
                    dead: row.get(3)?,
                })
            })?;
            readable(rows, &Reports::default())
        })
    }
}

/// The lowest severity of a notice, and the highest.
const LOWEST: u8 = 1;
const HIGHEST: u8 = 3;

/// The condition of a statement that leaves the notices below this severity out.
fn and_severity(least: u8) -> String {
    if least <= LOWEST {
        return String::new();
    }
    let sent: Vec<String> = std::iter::once(0).chain(least..=HIGHEST).map(|one| one.to_string()).collect();
    format!(" AND severity IN ({})", sent.join(", "))
}

fn key(no: MessageNo) -> i64 {
    i64::try_from(no.0).unwrap_or(i64::MAX)
}

fn read_message(row: &Row<'_>) -> rusqlite::Result<MessageRow> {
    Ok(MessageRow {
        no: MessageNo(row.get(0)?),
        message: NewMessage {
            platform: row.get(1)?,
            chat: row.get(2)?,
            thread: row.get(3)?,
            is_notice: row.get(4)?,
            severity: row.get(15)?,
            content: row.get::<_, Text>(5)?.0,
            about: row.get(6)?,
            due_at: row.get::<_, Millis>(9)?.0,
            expires_at: row.get::<_, Millis>(10)?.0,
        },
        state: row.get::<_, State>(7)?.0,
        created_at: row.get::<_, Millis>(8)?.0,
        attempts: row.get(11)?,
        is_repeat: row.get(12)?,
        sent_as: row.get(13)?,
        error: row.get(14)?,
    })
}

/// JSON as it was stored.
struct Text(Json);

impl FromSql for Text {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Json::from_text(value.as_str()?)
            .map(Self)
            .map_err(|error| FromSqlError::Other(error.to_string().into()))
    }
}

/// A state by its name.
struct State(MessageState);

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = value.as_str()?;
        let found = MessageState::ALL.into_iter().find(|state| state.name() == name);
        found.map(Self).ok_or(FromSqlError::InvalidType)
    }
}
