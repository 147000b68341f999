//! Steering tasks that are under way: messages to their agents.

use aiwg_model::{
    EndReason, Message, Outcome, Received, RunCost, RunId, RunRow, Sent, StopReason, TaskNo, TaskRow,
    TaskSpec, Terms,
};
use aiwg_protocol::types::{Delivery, Json, TaskDeliveredEvent, TaskSent, TaskSentEvent, TaskState};

use super::{
    Engine, EngineError,
    call::Call,
    command::Order,
    retry::Again,
    takeover::in_new_session,
    transaction::{Failure, Transaction},
};

/// Maximum number of messages to one task that wait.
const MOST_WAITING: usize = 100;

/// Maximum size of all messages to one task, in bytes: they are kept with it, and written with each further one.
const MOST_TEXT: usize = 1024 * 1024;

/// Maximum number of all messages to one task.
const MOST_SENT: usize = 1000;

/// Number of crashes of a task's agent after which nothing that it was asked is asked again.
const MOST_CRASHES: usize = 10;

/// Number of crashes in a row before the next run for the same message waits a while.
const CRASHES_WITHOUT_PAUSE: usize = 2;

/// Stands before a message that an agent may have got already.
const UNSURE: &str = "(You may have read this already: you were interrupted at that moment.)";

/// The circumstances of a message to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentBy {
    /// True if an agent sends it, be its task known or not.
    pub is_agent: bool,
    /// True if an agent runs for the task and takes messages while it works.
    pub is_live: bool,
}

impl Engine {
    /// Sends a message to the agent of a task. `from` is the task whose agent sends it. A queued task that a person approves is asked for once
    /// more, with the message.
    ///
    /// # Errors
    /// There is no such task, it has ended, an agent sends to one that runs as a person has approved it, it has got too many messages, or the
    /// database could not be written.
    pub async fn send(
        &self,
        no: TaskNo,
        text: String,
        from: Option<TaskNo>,
        by: SentBy,
    ) -> Result<TaskSent, EngineError> {
        let length = text.len();
        self.call(Call::bringing(move |tx| tx.send(no, &text, from, by)).with_text(length)).await
    }

    /// Notes that the agent of a run has taken in these messages.
    ///
    /// # Errors
    /// The run is over, or the database could not be written.
    pub async fn delivered(&self, run: RunId, taken: Vec<u32>) -> Result<(), EngineError> {
        let received = Received { taken, ..Received::default() };
        self.call(Call::changing(move |tx| -> Result<(), Failure> {
            let task = tx.current(run)?;
            Ok(tx.note_received(&task, &received).map(drop)?)
        }))
        .await
    }
}

impl Transaction<'_> {
    pub(super) fn send(
        &mut self,
        no: TaskNo,
        text: &str,
        from: Option<TaskNo>,
        SentBy { is_agent, is_live }: SentBy,
    ) -> Result<TaskSent, Failure> {
        let task = self.open(no, EngineError::SentTooLate)?;
        if is_agent && task.state == TaskState::Running && task.spec.terms.approval.is_some() {
            return Err(EngineError::ApprovedWithout(no).into());
        }
        let mut terms = task.spec.terms.clone();
        let has_room = terms.sent.len() < MOST_SENT
            && terms.sent.iter().filter(|sent| sent.run.is_none()).count() < MOST_WAITING
            && terms.sent.iter().map(|sent| sent.text.len()).sum::<usize>() + text.len() <= MOST_TEXT;
        if !has_room {
            return Err(EngineError::TooManySent(no).into());
        }
        let from = from.map(|task| task.to_string());
        let sent = Sent { text: text.to_owned(), from, run: None, at: Some(self.now), is_unsure: false };
        let n = u32::try_from(terms.sent.len() + 1).unwrap_or(u32::MAX);
        let (state, is_taken) = (task.state, terms.taken.is_some());
        let delivery = match state {
            TaskState::Running if is_taken => Delivery::Queued,
            TaskState::Running if is_live => Delivery::Live,
            TaskState::Running => Delivery::NextRun,
            _ => Delivery::Queued,
        };
        let slot = self.state.running.get_mut(&no).filter(|slot| !slot.is_elsewhere);
        if let Some(slot) = slot.filter(|_| state == TaskState::Running && !is_taken) {
            slot.told = terms.sent.len() + 1;
            self.effects.orders.push(Order::Tell(task.run(), Message { n, text: said(&sent) }));
        }
        let event = TaskSentEvent {
            task_id: no.to_string(),
            n,
            state,
            message: sent.shown().to_owned(),
            from: sent.from.clone(),
            delivery,
        };
        terms.sent.push(sent);
        self.store.set_terms(no, &terms)?;
        let payload = Json::new(&event).unwrap_or_default();
        self.publish_about(no.to_string(), &task.spec, "task:sent".to_owned(), payload);
        if let (TaskState::Queued, Some(limits)) = (state, terms.approval) {
            // Nobody has approved these words.
            self.ask_to_start_again(no, &TaskSpec { terms, ..task.spec.clone() }, limits)?;
        }
        Ok(TaskSent { n, state, delivery })
    }

    /// Notes the messages that the agent of a task's current run has reported on, and gives the task with that.
    pub(super) fn note_received(
        &mut self,
        task: &TaskRow,
        received: &Received,
    ) -> aiwg_store::Result<TaskRow> {
        let (mut task, run) = (task.clone(), task.launch);
        let (mut news, mut is_changed) = (Vec::new(), false);
        for (n, sent) in (1..).zip(&mut task.spec.terms.sent).filter(|(_, sent)| sent.run.is_none()) {
            if received.taken.contains(&n) {
                // Unsure it stays, lest it come as new where it waits again: its run may not be started.
                sent.run = Some(run);
                news.push(n);
            } else if received.read.contains(&n) && !sent.is_unsure {
                (sent.is_unsure, is_changed) = (true, true);
            }
        }
        if is_changed || !news.is_empty() {
            self.store.set_terms(task.no, &task.spec.terms)?;
        }
        self.publish_delivered(&task, &news);
        Ok(task)
    }

    /// Notes the messages that the agent of a task's current run, which was lost, has reported on, and gives the task with that: how much of its
    /// session is left is not known.
    pub(super) fn note_perhaps_received(
        &mut self,
        task: &TaskRow,
        received: &Received,
    ) -> aiwg_store::Result<TaskRow> {
        let read = received.taken.iter().chain(&received.read).copied().collect();
        self.note_received(task, &Received { read, ..Received::default() })
    }

    fn publish_delivered(&mut self, task: &TaskRow, news: &[u32]) {
        for n in news {
            let event = TaskDeliveredEvent { task_id: task.no.to_string(), n: *n, run: task.launch };
            let payload = Json::new(&event).unwrap_or_default();
            self.publish_about(event.task_id, &task.spec, "task:delivered".to_owned(), payload);
        }
    }

    /// A task that has not ended.
    pub(super) fn open(&mut self, no: TaskNo, ended: fn(TaskNo) -> EngineError) -> Result<TaskRow, Failure> {
        let state = self.store.task_state(no)?.ok_or(EngineError::TaskNotFound(no))?;
        if state.is_final() {
            return Err(ended(no).into());
        }
        self.readable(no)?.ok_or_else(|| Failure::from(ended(no)))
    }

    /// Notes that the messages wait again which a run was asked: it was not started, or it was lost, and how far it came is not known.
    pub(super) fn take_back_sent(
        &mut self,
        task: &TaskRow,
        was_started: bool,
    ) -> aiwg_store::Result<TaskRow> {
        let (mut task, run) = (task.clone(), Some(task.launch));
        let mut is_changed = false;
        for sent in task.spec.terms.sent.iter_mut().filter(|sent| sent.run == run) {
            (sent.run, sent.is_unsure) = (None, sent.is_unsure || was_started);
            is_changed = true;
        }
        if is_changed {
            self.store.set_terms(task.no, &task.spec.terms)?;
        }
        Ok(task)
    }

    /// Notes that the messages wait again which a run was asked that crashed, or met a limit or an overload, before it had taken them in, as far as
    /// is known. A task whose agent crashes each time has its end all the same.
    pub(super) fn take_back_unheard(
        &mut self,
        task: &TaskRow,
        outcome: &Outcome,
    ) -> aiwg_store::Result<TaskRow> {
        if outcome.processes.is_none() && outcome.cost == RunCost::Nothing {
            // There was no agent: its program could not be started.
            return self.take_back_sent(task, false);
        }
        let was_asked = task.spec.terms.sent.iter().any(|sent| sent.run == Some(task.launch));
        let is_pause = [EndReason::LIMITED, EndReason::OVERLOADED].contains(&outcome.reason);
        if !was_asked || !outcome.received.is_without_prompt || !(is_pause || is_crash(&outcome.reason)) {
            return Ok(task.clone());
        }
        if is_pause {
            return self.take_back_sent(task, true);
        }
        let earlier = self.store.runs(task.no)?;
        match earlier.iter().filter_map(|run| run.reason.as_ref()).filter(|reason| is_crash(reason)).count() {
            ..MOST_CRASHES => self.take_back_sent(task, true),
            _ => Ok(task.clone()),
        }
    }

    /// Notes that the messages which wait go to the run that begins.
    pub(super) fn note_sent(&mut self, task: &TaskRow) -> aiwg_store::Result<()> {
        let taken = numbers_waiting(&task.spec.terms).collect();
        self.note_received(task, &Received { taken, ..Received::default() }).map(drop)
    }
}

/// The return of a task to the queue that was not interrupted by anything but a person.
pub(super) const AS_IT_WAS: Again = Again { holds: Vec::new(), is_attempt: false };

fn is_crash(reason: &EndReason) -> bool {
    reason.name() == "crashed"
}

/// Number of crashes after which the next run waits, by these runs of a task, of which the last one is of its agent: 0 if it begins at once.
pub(super) fn crashes_to_wait_for(runs: &[RunRow]) -> usize {
    let ended = runs.iter().rev().filter(|run| run.kind == RunRow::AGENT && run.ended_at.is_some());
    let reasons =
        ended.filter_map(|run| run.reason.as_ref()).filter(|reason| **reason != EndReason::NOT_STARTED);
    let in_a_row = reasons.take_while(|reason| is_crash(reason)).count();
    (in_a_row + 1).saturating_sub(CRASHES_WITHOUT_PAUSE)
}

/// The numbers of the messages that wait.
fn numbers_waiting(terms: &Terms) -> impl Iterator<Item = u32> {
    (1..).zip(&terms.sent).filter(|(_, sent)| sent.run.is_none()).map(|(n, _)| n)
}

/// True if a message to a task's agent waits that it may get: no person has the task.
pub(super) fn waits_for_agent(terms: &Terms) -> bool {
    terms.taken.is_none() && numbers_waiting(terms).next().is_some()
}

/// The messages that are for an agent which runs.
pub(crate) fn messages_for_agent(terms: &Terms) -> Vec<Message> {
    if terms.taken.is_some() {
        return Vec::new();
    }
    let waiting = (1..).zip(&terms.sent).filter(|(_, sent)| sent.run.is_none());
    waiting.map(|(n, sent)| Message { n, text: said(sent) }).collect()
}

/// True if a task goes on after a run that ended like this, since its agent has not got all messages. What has failed has failed: no message makes it
/// done.
pub(super) fn has_news(task: &TaskRow, outcome: &Outcome) -> bool {
    let is_over = matches!(task.ending, None | Some(StopReason::Finished));
    let waits = numbers_waiting(&task.spec.terms).next().is_some();
    waits && is_over && outcome.state == TaskState::Completed
}

/// The messages that no agent has got yet: those of a run that was not started are among them.
pub(super) fn waiting<'a>(sent: &'a [Sent], runs: &[RunRow]) -> Vec<&'a Sent> {
    let was_none = |n: u32| {
        let run = runs.iter().find(|run| run.id.n == n);
        run.is_none_or(|run| run.reason.as_ref() == Some(&EndReason::NOT_STARTED))
    };
    sent.iter().filter(|sent| sent.run.is_none_or(was_none)).collect()
}

/// The prompt with which a session goes on: `go_on` if it was interrupted, and the messages that wait. None if there is neither.
pub(super) fn going_on(go_on: Option<&str>, sent: &[Sent], runs: &[RunRow]) -> Option<String> {
    let messages = waiting(sent, runs).into_iter().map(said);
    let parts: Vec<String> = go_on.map(str::to_owned).into_iter().chain(messages).collect();
    let is_something = |part: &&String| !part.is_empty();
    let said: Vec<&str> = parts.iter().filter(is_something).map(String::as_str).collect();
    (!parts.is_empty()).then(|| said.join("\n\n"))
}

/// A message as its agent gets it.
fn said(sent: &Sent) -> String {
    let text = match &sent.from {
        None => sent.text.clone(),
        Some(task) => format!("The agent of {task}, and not the user, says:\n\n{}", quoted(&sent.text)),
    };
    if sent.is_unsure { format!("{UNSURE}\n\n{text}") } else { text }
}

/// The prompt of a new session, which has none of the messages.
pub(super) fn asked_with(prompt: String, sent: &[Sent]) -> String {
    if sent.is_empty() {
        return prompt;
    }
    let notes = sent.iter().cloned().map(in_new_session).map(|sent| match &sent.from {
        None => format!("A note on this was added later:\n\n{}", quoted(&sent.text)),
        Some(_) => said(&Sent { is_unsure: false, ..sent }),
    });
    std::iter::once(prompt).chain(notes).collect::<Vec<_>>().join("\n\n")
}

fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str, from: Option<&str>, run: Option<u32>) -> Sent {
        Sent { text: text.to_owned(), from: from.map(str::to_owned), run, at: None, is_unsure: false }
    }

    #[test]
    fn a_session_gets_the_messages_that_wait_and_nothing_twice() {
        let all = [sent("first", None, Some(0)), sent("second", None, None)];
        assert_eq!(going_on(None, &all[1..], &[]).as_deref(), Some("second"));
        assert_eq!(going_on(Some("Go on."), &all[1..], &[]).as_deref(), Some("Go on.\n\nsecond"));
        assert_eq!(going_on(None, &[], &[]), None);
        assert_eq!(going_on(Some(""), &[], &[]).as_deref(), Some(""));
        assert_eq!(going_on(Some(""), &all[1..], &[]).as_deref(), Some("second"));
        let unsure = [Sent { is_unsure: true, ..sent("third", None, None) }];
        assert_eq!(going_on(None, &unsure, &[]), Some(format!("{UNSURE}\n\nthird")));
        // Of a run that is not there nobody has got anything.
        assert_eq!(going_on(None, &all, &[]).as_deref(), Some("first\n\nsecond"));
    }

    #[test]
    fn two_crashes_in_a_row_are_followed_at_once_and_each_further_one_after_a_pause() {
        use aiwg_protocol::types::Timestamp;

        let run = |reason: &str| RunRow {
            id: RunId { task: TaskNo(1), n: 1 },
            kind: RunRow::AGENT.into(),
            started_at: Timestamp::default(),
            ended_at: Some(Timestamp::default()),
            reason: Some(EndReason::named(reason.to_owned())),
            exit_code: None,
            signal: None,
            usage: None,
            dir: None,
            profile: None,
            reserved_usd: None,
            cap_usd: None,
            charged_usd: None,
            detail: None,
            tree: None,
            host: None,
        };
        let wait_for = |reasons: &[&str]| {
            crashes_to_wait_for(&reasons.iter().map(|reason| run(reason)).collect::<Vec<_>>())
        };
        assert_eq!(wait_for(&["done"]), 0);
        assert_eq!(wait_for(&["crashed"]), 0);
        assert_eq!(wait_for(&["done", "crashed", "crashed"]), 1);
        assert_eq!(wait_for(&["crashed", "crashed", "not_started", "crashed"]), 2);
        assert_eq!(wait_for(&["crashed", "crashed", "done", "crashed"]), 0);
    }

    #[test]
    fn a_new_session_gets_all_of_them_as_quotes() {
        let all = [sent("one\ntwo", None, Some(1)), sent("x", Some("task-0007"), None)];
        assert_eq!(
            asked_with("Do it".to_owned(), &all),
            "Do it\n\nA note on this was added later:\n\n> one\n> two\n\nThe agent of task-0007, and not the user, says:\n\n> x"
        );
        assert_eq!(asked_with("Do it".to_owned(), &[]), "Do it");
    }
}
