//! Messages to platforms.

use aiwg_model::{MessageCounts, MessageNo, MessageRow, MessageState, NewMessage, OutboxLane};
use aiwg_protocol::types::{Json, Timestamp};
use aiwg_store::{Reports, Result};

use super::{
    driver::{Connection, Row, prepare},
    lenient::one,
    read::SqlReader,
    row::{Millis, unknown_word},
    value::{FromValue, ValueRef, unreadable, values},
    write::Writer,
};

const COLUMNS: &str = "no, platform, chat, thread, is_notice, content, about, state, created_at, due_at, expires_at, attempts, is_repeat, \
                       sent_as, error, severity";

impl<C: Connection> Writer<C> {
    /// Stores a message that waits, under the next number.
    pub fn add_message(&mut self, message: &NewMessage, at: Timestamp) -> Result<MessageNo> {
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
    pub fn set_message(&mut self, row: &MessageRow) -> Result<()> {
        let NewMessage { platform, chat, thread, is_notice, severity, content, about, due_at, expires_at } =
            &row.message;
        self.statement(
            "INSERT INTO outbox (no, platform, chat, thread, is_notice, content, about, state, created_at, due_at, expires_at,
                 attempts, is_repeat, sent_as, error, severity) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (no) DO UPDATE SET platform = excluded.platform, chat = excluded.chat, thread = excluded.thread,
                 is_notice = excluded.is_notice, content = excluded.content, about = excluded.about, state = excluded.state,
                 created_at = excluded.created_at, due_at = excluded.due_at, expires_at = excluded.expires_at,
                 attempts = excluded.attempts, is_repeat = excluded.is_repeat, sent_as = excluded.sent_as,
                 error = excluded.error, severity = excluded.severity",
        )?
        .execute(values![
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
    pub fn remove_message(&mut self, no: MessageNo) -> Result<bool> {
        Ok(self.statement("DELETE FROM outbox WHERE no = ?")?.execute(values![key(no)])? > 0)
    }

    /// Forgets the messages that wait for a chat and are too old, except for notices below this severity, and for those about an approval. Returns
    /// their number.
    pub fn expire_messages(
        &mut self,
        platform: &str,
        chat: &str,
        now: Timestamp,
        least: u8,
    ) -> Result<usize> {
        let sql = format!(
            "DELETE FROM outbox WHERE state = 'waiting' AND platform = ? AND chat = ? AND due_at <= ?3 AND expires_at <= ?3
                 AND about IS NULL{}",
            and_severity(least)
        );
        self.statement(&sql)?.execute(values![platform, chat, Millis(now)])
    }

    /// Has the notices that wait be sent until this moment at least, if they can be.
    pub fn keep_notices(&mut self, until: Timestamp) -> Result<()> {
        self.statement(
            "UPDATE outbox SET expires_at = ?1 WHERE state = 'waiting' AND severity > 0 AND expires_at < ?1",
        )?
        .execute(values![Millis(until)])?;
        Ok(())
    }

    /// Gives the messages that wait for a chat to another one.
    pub fn move_messages(&mut self, platform: &str, chat: &str, to: &str) -> Result<()> {
        self.statement(
            "UPDATE outbox SET chat = ?3 WHERE state = 'waiting' AND platform = ?1 AND chat = ?2",
        )?
        .execute(values![platform, chat, to])?;
        Ok(())
    }

    /// Forgets the messages that do not wait any more and were stored before this moment, `limit` at the most. Returns their number.
    pub fn prune_messages(&mut self, before: Timestamp, limit: u64) -> Result<usize> {
        self.statement(
            "DELETE FROM outbox WHERE no IN (
                 SELECT no FROM outbox WHERE state IN ('sent', 'dead') AND created_at < ? LIMIT ?)",
        )?
        .execute(values![Millis(before), limit])
    }

    /// A message; none as well if its row cannot be read.
    pub fn message(&self, no: MessageNo) -> Result<Option<MessageRow>> {
        let found = self
            .statement(&format!("SELECT {COLUMNS} FROM outbox WHERE no = ?"))?
            .first(values![key(no)], |row| read_message(row));
        Ok(one(found, &self.reports)?.flatten())
    }

    /// The messages for a chat that are due, in the order in which they are to be sent, without the notices below this severity.
    pub fn due_messages(
        &self,
        platform: &str,
        chat: &str,
        now: Timestamp,
        least: u8,
        limit: u32,
    ) -> Result<Vec<MessageRow>> {
        // Many may be held back: with the other index none of them is looked at.
        let index = if least > LOWEST { "outbox_severity" } else { "outbox_waiting" };
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox INDEXED BY {index}
             WHERE state = 'waiting' AND platform = ? AND chat = ? AND due_at <= ?{} ORDER BY due_at, no LIMIT ?",
            and_severity(least)
        );
        let mut select = self.statement(&sql)?;
        select.readable(values![platform, chat, Millis(now), limit], |row| read_message(row), &self.reports)
    }

    /// The message for a chat that is due and asks for an approval: the first of these, from this severity on.
    pub fn next_asked(
        &self,
        platform: &str,
        chat: &str,
        now: Timestamp,
        least: u8,
    ) -> Result<Option<MessageRow>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox INDEXED BY outbox_asked
             WHERE state = 'waiting' AND about IS NOT NULL AND platform = ? AND chat = ? AND due_at <= ?{} ORDER BY due_at, no LIMIT 1",
            and_severity(least)
        );
        let mut select = self.statement(&sql)?;
        let found =
            select.readable(values![platform, chat, Millis(now)], |row| read_message(row), &self.reports)?;
        Ok(found.into_iter().next())
    }

    /// True if this many messages, or more, wait for a chat.
    pub fn is_behind(&self, platform: &str, chat: &str, count: u32) -> Result<bool> {
        // Mostly it is seen at once: no more can wait than were stored since the first that does, of those that go before all others (they are due
        // since 1970), and of the others.
        let sql = "SELECT (SELECT max(no) FROM outbox) - no + 1 FROM outbox INDEXED BY outbox_waiting
                   WHERE state = 'waiting' AND platform = ? AND chat = ? AND due_at BETWEEN ? AND ? ORDER BY due_at, no LIMIT 1";
        let mut select = self.statement(sql)?;
        let mut since = |first: i64, last: i64| -> Result<i64> {
            let found = select.first(values![platform, chat, first, last], |row| row.get(0));
            Ok(found?.unwrap_or(0))
        };
        if since(i64::MIN, 0)?.saturating_add(since(1, i64::MAX)?) < i64::from(count) {
            return Ok(false);
        }
        drop(select);
        let sql = "SELECT count(*) >= ?1 FROM (SELECT 1 FROM outbox INDEXED BY outbox_waiting
                   WHERE state = 'waiting' AND platform = ?2 AND chat = ?3 LIMIT ?1) AS few";
        self.statement(sql)?.only(values![count, platform, chat], |row| row.get(0))
    }

    /// The chats for which messages wait, each with the time at which the first of them is due.
    pub fn outbox_lanes(&self) -> Result<Vec<OutboxLane>> {
        // The index is asked for the first row of each chat: those behind them may be many.
        let mut select = self.statement(
            "SELECT platform, chat, due_at, is_notice = 1 AND is_repeat = 0 AND attempts = 0, severity FROM outbox INDEXED BY outbox_waiting
             WHERE state = 'waiting' AND (platform, chat) > (?, ?) ORDER BY platform, chat, due_at, no LIMIT 1",
        )?;
        let (mut lanes, mut last): (Vec<OutboxLane>, _) = (Vec::new(), (String::new(), String::new()));
        while let Some(lane) = select.first(values![last.0, last.1], |row| read_lane(row))? {
            last = (lane.platform.clone(), lane.chat.clone());
            lanes.push(lane);
        }
        Ok(lanes)
    }

    /// The messages that are being sent.
    pub fn messages_sending(&self) -> Result<Vec<MessageRow>> {
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE state = 'sending' ORDER BY no");
        let mut select = self.statement(&sql)?;
        select.readable(&[], |row| read_message(row), &self.reports)
    }

    /// The platform's ids of the messages of a chat that were sent and are kept.
    pub fn messages_asking(&self, platform: &str, chat: &str) -> Result<Vec<String>> {
        let mut select = self.statement(
            "SELECT sent_as FROM outbox WHERE state = 'sent' AND sent_as IS NOT NULL AND platform = ? AND chat = ? ORDER BY no",
        )?;
        select.readable(values![platform, chat], |row| row.get(0), &self.reports)
    }

    /// The messages that ask for an approval.
    pub fn messages_about(&self, about: &str) -> Result<Vec<MessageRow>> {
        // '0' comes after '/'.
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox WHERE about = ?1 OR (about >= ?1 || '/' AND about < ?1 || '0') ORDER BY no"
        );
        let mut select = self.statement(&sql)?;
        select.readable(values![about], |row| read_message(row), &self.reports)
    }
}

impl<C: Connection> SqlReader<C> {
    /// Numbers of the messages to each platform that has any.
    pub fn message_counts(&self) -> Result<Vec<MessageCounts>> {
        self.with(|connection| {
            let mut select = prepare(
                connection,
                "SELECT platform, count(*) FILTER (WHERE state IN ('waiting', 'sending')),
                     count(*) FILTER (WHERE is_repeat = 1 AND state IN ('waiting', 'sending')), count(*) FILTER (WHERE state = 'dead')
                 FROM outbox GROUP BY platform ORDER BY platform",
            )?;
            let mut counts = select.readable(
                &[],
                |row| {
                    Ok(MessageCounts {
                        latest_dead: None,
                        platform: row.get(0)?,
                        waiting: row.get(1)?,
                        unknown: row.get(2)?,
                        dead: row.get(3)?,
                    })
                },
                &Reports::default(),
            )?;
            drop(select);
            for of_one in counts.iter_mut().filter(|of_one| of_one.dead > 0) {
                // What cannot be read is not worth more than the rest.
                of_one.latest_dead = latest_dead(connection, &of_one.platform).unwrap_or_default();
            }
            Ok(counts)
        })
    }
}

/// What is said of the latest message to a platform that could not be sent.
fn latest_dead<C: Connection>(connection: &C, platform: &str) -> Result<Option<String>> {
    let mut select = prepare(
        connection,
        "SELECT created_at, chat, error, content FROM outbox
         WHERE state = 'dead' AND platform = ? ORDER BY created_at DESC, no DESC LIMIT 1",
    )?;
    select.first(values![platform], |row| {
        let second: String =
            row.get::<Millis>(0)?.0.to_string().chars().take("2026-11-23T10:20:30".len()).collect();
        let (chat, why): (String, Option<String>) = (row.get(1)?, row.get(2)?);
        let why = why.as_deref().unwrap_or("for no known reason");
        let content: serde_json::Value = serde_json::from_str(&row.get::<String>(3)?).unwrap_or_default();
        let text = content.pointer("/text/text").and_then(|text| text.as_str()).unwrap_or_default();
        let begins: String = text.chars().take(60).collect();
        Ok(format!("a message of {second}Z to the chat {chat} could not be sent ({begins:?}): {why}"))
    })
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

fn read_lane(row: &impl Row) -> Result<OutboxLane> {
    Ok(OutboxLane {
        platform: row.get(0)?,
        chat: row.get(1)?,
        due_at: row.get::<Millis>(2)?.0,
        is_new_notice: row.get(3)?,
        severity: row.get(4)?,
    })
}

fn key(no: MessageNo) -> i64 {
    i64::try_from(no.0).unwrap_or(i64::MAX)
}

fn read_message(row: &impl Row) -> Result<MessageRow> {
    Ok(MessageRow {
        no: MessageNo(row.get(0)?),
        message: NewMessage {
            platform: row.get(1)?,
            chat: row.get(2)?,
            thread: row.get(3)?,
            is_notice: row.get(4)?,
            severity: row.get(15)?,
            content: row.get::<Text>(5)?.0,
            about: row.get(6)?,
            due_at: row.get::<Millis>(9)?.0,
            expires_at: row.get::<Millis>(10)?.0,
        },
        state: row.get::<State>(7)?.0,
        created_at: row.get::<Millis>(8)?.0,
        attempts: row.get(11)?,
        is_repeat: row.get(12)?,
        sent_as: row.get(13)?,
        error: row.get(14)?,
    })
}

/// JSON as it was stored.
struct Text(Json);

impl FromValue for Text {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        Json::from_text(value.as_str()?).map(Self).map_err(|error| unreadable(error.to_string()))
    }
}

/// A state by its name.
struct State(MessageState);

impl FromValue for State {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        let name = value.as_str()?;
        let found = MessageState::ALL.into_iter().find(|state| state.name() == name);
        found.map(Self).ok_or_else(|| unknown_word(value))
    }
}
