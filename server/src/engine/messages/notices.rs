//! Notices: decided in the transaction of their event, as rules are.

use aiwg_messaging::{
    Place, Platform,
    notice::{Notice, notice, requested},
    part::Part,
    split::split,
    text::Styled,
};
use aiwg_model::{ApprovalRow, TaskNo};
use aiwg_protocol::types::Event;
use serde_json::{Value, json};

use super::{super::transaction::Transaction, Out, place_of};
use crate::messaging::Subscription;

/// The most messages that wait for a chat: further notices are counted, and one line says how many were left out.
pub(super) const MOST_WAITING: u32 = 20_000;

/// The way to see all of a notice that is too long.
const REST: &str = "`aiwg event list` shows all";

/// The topic of what people are asked for, which has buttons.
const REQUESTED: &str = "approval:requested";

/// The topic of what was approved, and of questions that were answered.
const ANSWERED: &str = "approval:approved";

impl Transaction<'_> {
    /// Puts the notices about an event into the outbox.
    pub(in crate::engine) fn notify(&mut self, event: &Event) -> aiwg_store::Result<()> {
        let Some(setup) = self.state.config.messaging.clone() else { return Ok(()) };
        let wanted: Vec<&Subscription> =
            setup.subscriptions.iter().filter(|one| one.topics.is_match(&event.topic)).collect();
        let asks = event.topic == REQUESTED;
        if wanted.is_empty() && !asks {
            return Ok(());
        }
        let payload: Value = serde_json::from_str(event.payload.as_str()).unwrap_or_default();
        // Of the person who has asked for the task, the answer in that chat says it.
        let asked_in = self.asked_in(&payload)?;
        let mut places: Vec<(Place, Option<&Subscription>)> = Vec::new();
        for one in wanted {
            let goes = |place: &&Place| one.to.as_ref().is_none_or(|to| to.contains(&place.platform));
            for place in setup.homes.iter().filter(goes) {
                let is_answered = event.topic.starts_with("task:")
                    && asked_in.as_ref().is_some_and(|asked| is_answered_in(asked, place));
                if !is_answered && places.iter().all(|(known, _)| known != place) {
                    places.push((place.clone(), Some(one)));
                }
            }
        }
        if let Some(place) = asked_in.filter(|place| asks && places.iter().all(|(known, _)| known != place)) {
            places.push((place, None));
        }
        let approval = if asks { self.asked_about(&payload)? } else { None };
        let said = self.with_answer(&event.topic, &payload)?;
        for (place, one) in places {
            let text = one.and_then(|one| one.text.as_ref());
            let made = match (&approval, text) {
                (Some(row), _) => of_request(row, place.platform),
                (None, Some(template)) => {
                    let event = json!({"seq": event.seq, "topic": event.topic, "payload": payload});
                    Notice { text: template.fill(&event), ..notice("", &Value::Null, place.platform) }
                }
                (None, None) => notice(&event.topic, &said, place.platform),
            };
            let severity = one.and_then(|one| one.severity).unwrap_or(made.severity);
            let about = approval.as_ref().map(|row| row.no.to_string());
            self.put_notice(&place, &Notice { severity, ..made }, about)?;
        }
        Ok(())
    }

    fn put_notice(
        &mut self,
        place: &Place,
        notice: &Notice,
        about: Option<String>,
    ) -> aiwg_store::Result<()> {
        if notice.text.is_blank() {
            return Ok(());
        }
        // Whoever emits events could fill the disk with what nobody would read.
        let chat = self.state.messages.chat_now(place);
        if about.is_none() && self.store.is_behind(place.platform.name(), &chat, MOST_WAITING)? {
            return self.leave_out(&Place { chat, thread: None, ..place.clone() });
        }
        // One with buttons is a message of its own, and someone waits for it. Whether it is held back is decided when it is sent.
        let due_at = if about.is_some() { self.now } else { self.plan_notice(place)? };
        let rest = about.as_deref().map_or_else(|| REST.to_owned(), rest_of_request);
        let parts = split(place.platform, &notice.text, &rest);
        let last = parts.len().saturating_sub(1);
        for (n, text) in parts.into_iter().enumerate() {
            let is_last = n == last;
            let buttons = if is_last { notice.buttons.clone() } else { Vec::new() };
            // What stands before the buttons goes with them, and stays when they are gone.
            let about =
                about.as_ref().map(|about| if is_last { about.clone() } else { format!("{about}/{n}") });
            let is_notice = buttons.is_empty() && about.is_none();
            self.put_out(
                place,
                &Part { text, buttons, ..Part::default() },
                Out { due_at, is_notice, severity: Some(notice.severity), about },
            )?;
        }
        Ok(())
    }

    /// The place where a person has asked for the task that an event is about.
    fn asked_in(&self, payload: &Value) -> aiwg_store::Result<Option<Place>> {
        let Some(no) = payload.get("taskId").and_then(Value::as_str).and_then(|id| id.parse::<TaskNo>().ok())
        else {
            return Ok(None);
        };
        let task = self.store.task_if_readable(no)?;
        Ok(task.and_then(|task| place_of(task.spec.terms.asked_by.as_ref()?)))
    }

    /// The payload for the words of a notice: of a question that was answered, with the answer.
    fn with_answer(&self, topic: &str, payload: &Value) -> aiwg_store::Result<Value> {
        let mut said = payload.clone();
        if topic == ANSWERED
            && let Some(answer) = self.asked_about(payload)?.and_then(|row| row.decision?.answer)
            && let Some(members) = said.as_object_mut()
        {
            members.insert("answer".to_owned(), Value::String(answer));
        }
        Ok(said)
    }

    fn asked_about(&self, payload: &Value) -> aiwg_store::Result<Option<ApprovalRow>> {
        let no = payload.get("approvalId").and_then(Value::as_str).and_then(|id| id.parse().ok());
        no.map_or(Ok(None), |no| self.store.approval(no))
    }
}

/// True if an answer in the place where something was asked is seen in this one. A channel of Slack has a thread for each mention in it.
fn is_answered_in(asked: &Place, home: &Place) -> bool {
    asked == home
        || (home.platform == Platform::Slack && asked.platform == Platform::Slack && asked.chat == home.chat)
}

/// The way to see all of what is asked for with the approval of this id, where it is too long.
pub(super) fn rest_of_request(id: &str) -> String {
    format!("`aiwg approval show {id}` shows all")
}

/// The notice that asks for an approval.
pub(super) fn of_request(row: &ApprovalRow, platform: Platform) -> Notice {
    let (id, task) = (row.no.to_string(), row.asked.task.to_string());
    let made = requested(&id, &task, row.asked.kind, &row.asked.request, row.asked.expires_at, platform);
    if made.text.is_blank() { Notice { text: Styled::plain(&row.asked.summary), ..made } } else { made }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_of_slack_is_seen_in_its_channel() {
        let place = |platform, chat: &str, thread: Option<&str>| Place {
            platform,
            chat: chat.to_owned(),
            thread: thread.map(str::to_owned),
        };
        let home = place(Platform::Slack, "C0AB12", None);
        assert!(is_answered_in(&place(Platform::Slack, "C0AB12", Some("1.2")), &home));
        assert!(is_answered_in(&home, &home));
        assert!(!is_answered_in(&place(Platform::Slack, "D0AB12", None), &home));
        let topic = place(Platform::Telegram, "-1", Some("7"));
        assert!(!is_answered_in(&topic, &place(Platform::Telegram, "-1", None)), "topics are apart");
    }
}
