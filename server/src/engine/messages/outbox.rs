//! The messages that wait to be sent.

use aiwg_messaging::{
    Place, Platform,
    notice::{Severity, fold},
    part::Part,
    text::Styled,
};
use aiwg_model::{MessageNo, MessageRow, MessageState};
use aiwg_protocol::types::{ApprovalState, Json, Timestamp};

use super::{super::transaction::Transaction, Out, asked::decided};
use crate::telemetry::Note;

/// The most notices that are looked at for one message: more never fit.
const MOST_FOLDED: u32 = 100;

/// Time for which messages are kept that do not wait any more, in milliseconds: a week.
const KEPT_MS: i64 = 7 * 24 * 3_600_000;

/// A message on its way to a platform.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outgoing {
    /// Its number, which no other message ever has.
    pub(crate) no: MessageNo,
    /// The place to which it goes.
    pub(crate) place: Place,
    /// Its content.
    pub(crate) part: Part,
    /// True if an earlier attempt may have had an effect.
    pub(crate) is_repeat: bool,
    /// Number of times that it was, or may have been, given to the platform before.
    pub(crate) attempts: u32,
    /// Time at which it was decided on.
    pub(crate) created_at: Timestamp,
    /// The ids of the messages of its chat that ask for something, if it does as well and may have been sent before.
    pub(crate) asking: Vec<String>,
}

impl Outgoing {
    /// The message of a row; none if the row's content is none.
    pub(super) fn of(row: &MessageRow) -> Option<Self> {
        Some(Self {
            no: row.no,
            place: Place {
                platform: Platform::named(&row.message.platform)?,
                chat: row.message.chat.clone(),
                thread: row.message.thread.clone(),
            },
            part: serde_json::from_str(row.message.content.as_str()).ok()?,
            is_repeat: row.is_repeat,
            attempts: row.attempts,
            created_at: row.created_at,
            asking: Vec::new(),
        })
    }
}

impl Transaction<'_> {
    /// The next message for a chat that is due. Notices that wait behind it go into it, as many as fit.
    pub(super) fn take_to_send(
        &mut self,
        platform: Platform,
        chat: &str,
    ) -> aiwg_store::Result<Option<Outgoing>> {
        if !self.state.hosts.leads() {
            // Another host sends.
            return Ok(None);
        }
        let least = self.held_back().least;
        self.leave_out_expired(platform, chat)?;
        loop {
            // Someone waits for a decision: nothing that others have asked for goes before it.
            let rows = match self.store.next_asked(platform.name(), chat, self.now, least)? {
                Some(asked) => vec![asked],
                None => self.store.due_messages(platform.name(), chat, self.now, least, MOST_FOLDED)?,
            };
            let Some(first) = rows.first() else { return Ok(None) };
            let Some(outgoing) = Outgoing::of(first) else {
                self.bury(first, "what it says cannot be read")?;
                continue;
            };
            // All that is no notice goes before it.
            if is_new_notice(first) && !self.may_give_notice(&outgoing.place)? {
                return Ok(None);
            }
            let mut outgoing = self.folded(outgoing, &rows)?;
            if outgoing.is_repeat && !outgoing.part.buttons.is_empty() {
                outgoing.asking = self.store.messages_asking(platform.name(), chat)?;
            }
            let mut row = first.clone();
            row.message.content = Json::new(&outgoing.part).unwrap_or_default();
            row.state = MessageState::Sending;
            row.attempts = row.attempts.saturating_add(1);
            self.store.set_message(&row)?;
            return Ok(Some(outgoing));
        }
    }

    /// Puts the notices that follow the first message into it.
    fn folded(&mut self, first: Outgoing, rows: &[MessageRow]) -> aiwg_store::Result<Outgoing> {
        // Without a window nothing is gathered, whatever it has waited for.
        if self.state.config.messaging.as_ref().is_some_and(|setup| setup.pace.window_ms == 0) {
            return Ok(first);
        }
        let same = |row: &&MessageRow| row.message.thread == first.place.thread;
        let notices: Vec<&MessageRow> =
            rows.iter().take_while(|row| is_new_notice(row) && same(row)).collect();
        let parts: Vec<Part> =
            notices.iter().map_while(|row| Outgoing::of(row)).map(|out| out.part).collect();
        let Some((part, count)) = fold(first.place.platform, &parts) else { return Ok(first) };
        for row in notices.iter().take(count).skip(1) {
            self.store.remove_message(row.no)?;
        }
        Ok(Outgoing { part, ..first })
    }

    /// Puts one line in the place of the messages that are too old.
    fn leave_out_expired(&mut self, platform: Platform, chat: &str) -> aiwg_store::Result<()> {
        let place = Place { platform, chat: chat.to_owned(), thread: None };
        let held = self.held_back();
        let expired = self.store.expire_messages(platform.name(), chat, self.now, held.least)? as u64;
        // More may be left out until notices are sent.
        let left_out = if held.is_any() { 0 } else { self.take_left_out(&place)? };
        let lines = [
            (expired, "older message", "left out: nobody could be reached in time"),
            (left_out, "notice", "left out: too many were waiting"),
        ];
        for (count, what, why) in lines.into_iter().filter(|(count, ..)| *count > 0) {
            let whats = if count == 1 { format!("1 {what} was") } else { format!("{count} {what}s were") };
            let text = Styled::plain(&format!("{whats} {why}."));
            let out = Out { is_notice: true, severity: Some(Severity::Info), ..Out::now(self.now) };
            self.put_out(&place, &Part::of(text), out)?;
        }
        Ok(())
    }

    pub(super) fn message_sent(&mut self, no: MessageNo, sent_as: Option<&str>) -> aiwg_store::Result<()> {
        let Some(row) = self.store.message(no)? else { return Ok(()) };
        self.effects.notes.push(Note::Message { platform: row.message.platform.clone(), is_sent: true });
        let asks = row.message.about.as_ref().and_then(|about| about.parse().ok());
        let (Some(approval), Some(sent_as)) = (asks, sent_as) else {
            return self.store.remove_message(no).map(drop);
        };
        let row =
            MessageRow { state: MessageState::Sent, sent_as: Some(sent_as.to_owned()), error: None, ..row };
        // Someone may have decided while it was being sent.
        match self.store.approval(approval)? {
            Some(asked) if asked.state == ApprovalState::Pending => self.store.set_message(&row),
            asked => self.replace_asked(&row, &decided(asked.as_ref())),
        }
    }

    pub(super) fn send_again(
        &mut self,
        no: MessageNo,
        is_unknown: bool,
        why: &str,
    ) -> aiwg_store::Result<()> {
        let Some(row) = self.store.message(no)?.filter(|row| row.state == MessageState::Sending) else {
            return Ok(());
        };
        self.effects.messages = true;
        self.store.set_message(&MessageRow {
            state: MessageState::Waiting,
            is_repeat: row.is_repeat || is_unknown,
            attempts: if is_unknown { row.attempts } else { row.attempts.saturating_sub(1) },
            error: Some(why.to_owned()),
            ..row
        })
    }

    pub(super) fn message_failed(&mut self, no: MessageNo, why: &str) -> aiwg_store::Result<()> {
        let row = self.store.message(no)?.filter(|row| row.state == MessageState::Sending);
        row.map_or(Ok(()), |row| self.bury(&row, why))
    }

    /// Forgets what does not wait any more and is old, and what has waited in vain: also where nothing can be sent, so that nobody takes it there.
    pub(in crate::engine) fn prune_messages(&mut self, limit: u64) -> aiwg_store::Result<usize> {
        for lane in self.store.outbox_lanes()? {
            let platform = Platform::named(&lane.platform).filter(|platform| {
                self.state.config.messaging.as_ref().is_some_and(|setup| setup.platforms.contains(platform))
            });
            match platform {
                Some(platform) => self.leave_out_expired(platform, &lane.chat)?,
                None => {
                    let least = Severity::Info.level();
                    self.store.expire_messages(&lane.platform, &lane.chat, self.now, least).map(drop)?;
                }
            }
        }
        let before = self.now.as_millis().saturating_sub(KEPT_MS);
        self.store.prune_messages(Timestamp::from_millis(before), limit)
    }

    fn bury(&mut self, row: &MessageRow, why: &str) -> aiwg_store::Result<()> {
        self.effects.notes.push(Note::Message { platform: row.message.platform.clone(), is_sent: false });
        let error = Some(why.to_owned());
        self.store.set_message(&MessageRow { state: MessageState::Dead, error, ..row.clone() })
    }
}

/// True for a notice that cannot have been sent: what may have been stays as it was.
pub(super) fn is_new_notice(row: &MessageRow) -> bool {
    row.message.is_notice && !row.is_repeat && row.attempts == 0
}
