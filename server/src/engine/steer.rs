//! Steering tasks that are under way: messages to their agents, and people who take them over.

use aiwg_model::{EndReason, Hold, Outcome, RunRow, Sent, StopReason, Taken, TaskNo, TaskRow};
use aiwg_protocol::types::{Delivery, Json, TaskGiven, TaskSent, TaskSentEvent, TaskState, TaskTaken};

use super::{
    Engine, EngineError,
    call::Call,
    next_run::Again,
    transaction::{Failure, Transaction},
};

/// Maximum number of messages to one task.
const MOST_SENT: usize = 100;

/// Maximum size of a message in the event about it, in bytes.
const SHOWN: usize = 1000;

/// The message with which a task goes on after a person has had it.
const GIVEN_BACK: &str = "A person has worked on this task meanwhile, in your session and its directory. Look at what has changed, and go on \
                          with what is left of it.";

/// The result of a task that a person has finished.
const DONE_BY_HAND: &str = "A person has taken it over, and finished it.";

impl Engine {
    /// Sends a message to the agent of a task. `from` is the task whose agent sends it.
    ///
    /// # Errors
    /// There is no such task, it has ended, it has got too many messages, or the database could not be written.
    pub async fn send(
        &self,
        no: TaskNo,
        text: String,
        from: Option<TaskNo>,
    ) -> Result<TaskSent, EngineError> {
        let length = text.len();
        self.call(Call::bringing(move |tx| tx.send(no, &text, from)).with_text(length)).await
    }

    /// Takes a task over for a person: it is held from when its agent has ended. With `now` the agent is ended.
    ///
    /// # Errors
    /// There is no such task, it has ended, someone has taken it already, or the database could not be written.
    pub async fn take(&self, no: TaskNo, now: bool) -> Result<TaskTaken, EngineError> {
        self.call(Call::changing(move |tx| tx.take(no, now))).await
    }

    /// Gives back a task that was taken over. If it is `done`, it has completed.
    ///
    /// # Errors
    /// There is no such task, nobody has taken it, or the database could not be written.
    pub async fn give(&self, no: TaskNo, done: bool) -> Result<TaskGiven, EngineError> {
        self.call(Call::changing(move |tx| tx.give(no, done))).await
    }
}

impl Transaction<'_> {
    fn send(&mut self, no: TaskNo, text: &str, from: Option<TaskNo>) -> Result<TaskSent, Failure> {
        let task = self.open(no, EngineError::SentTooLate)?;
        let mut terms = task.spec.terms.clone();
        if terms.sent.len() >= MOST_SENT {
            return Err(EngineError::TooManySent(no, MOST_SENT).into());
        }
        terms.sent.push(Sent { text: text.to_owned(), from: from.map(|task| task.to_string()), run: None });
        self.store.set_terms(no, &terms)?;
        let delivery = if task.state == TaskState::Running { Delivery::NextRun } else { Delivery::Queued };
        let state = task.state;
        let event = TaskSentEvent {
            task_id: no.to_string(),
            state,
            message: text[..text.floor_char_boundary(SHOWN)].to_owned(),
            from: from.map(|task| task.to_string()),
            delivery,
        };
        let payload = Json::new(&event).unwrap_or_default();
        self.publish_about(no.to_string(), &task.spec, "task:sent".to_owned(), payload);
        Ok(TaskSent { state, delivery })
    }

    fn take(&mut self, no: TaskNo, now: bool) -> Result<TaskTaken, Failure> {
        let task = self.open(no, EngineError::TakenTooLate)?;
        let mut terms = task.spec.terms.clone();
        if let Some(taken) = &terms.taken {
            return Err(EngineError::AlreadyTaken(no, taken.since).into());
        }
        terms.taken = Some(Taken { since: self.now });
        self.store.set_terms(no, &terms)?;
        match task.state {
            TaskState::Running if now => self.end_running(no, StopReason::Take)?,
            TaskState::Running => {}
            _ => drop(self.store.hold(no, &Hold::taken())?),
        }
        Ok(TaskTaken { state: task.state })
    }

    fn give(&mut self, no: TaskNo, done: bool) -> Result<TaskGiven, Failure> {
        let task = self.open(no, EngineError::TakenTooLate)?;
        let mut terms = task.spec.terms.clone();
        if terms.taken.take().is_none() {
            return Err(EngineError::NotTaken(no).into());
        }
        if task.state == TaskState::Running {
            // Its agent has not ended yet, so nobody has worked on it: it just goes on.
            self.store.set_terms(no, &terms)?;
            return Ok(TaskGiven { state: TaskState::Running });
        }
        if task.launch > 0 && !done {
            terms.sent.push(Sent { text: GIVEN_BACK.to_owned(), from: None, run: None });
        }
        self.store.set_terms(no, &terms)?;
        if done {
            let outcome = Outcome {
                reason: EndReason::DONE,
                error: None,
                result: Some(DONE_BY_HAND.to_owned()),
                usage: self.used_before(&TaskRow { launch: task.launch + 1, ..task.clone() })?,
                ..Outcome::without_exit(TaskState::Completed, "")
            };
            self.finish(&task, &outcome)?;
            return Ok(TaskGiven { state: TaskState::Completed });
        }
        self.store.release_one(no, Hold::TAKEN, "")?;
        Ok(TaskGiven { state: TaskState::Queued })
    }

    /// A task that has not ended.
    fn open(&mut self, no: TaskNo, ended: fn(TaskNo) -> EngineError) -> Result<TaskRow, Failure> {
        let state = self.store.task_state(no)?.ok_or(EngineError::TaskNotFound(no))?;
        if state.is_final() {
            return Err(ended(no).into());
        }
        self.readable(no)?.ok_or_else(|| Failure::from(ended(no)))
    }

    /// Notes that the messages which wait go to the run that begins.
    pub(super) fn note_sent(&mut self, task: &TaskRow) -> aiwg_store::Result<()> {
        if task.spec.terms.sent.iter().all(|sent| sent.run.is_some()) {
            return Ok(());
        }
        let mut terms = task.spec.terms.clone();
        for sent in terms.sent.iter_mut().filter(|sent| sent.run.is_none()) {
            sent.run = Some(task.launch);
        }
        self.store.set_terms(task.no, &terms)
    }
}

/// The return of a task to the queue that was not interrupted by anything but a person.
pub(super) const AS_IT_WAS: Again = Again { holds: Vec::new(), is_attempt: false };

/// True if a task that a person has taken waits for that person when its run has ended: nothing else has ended it.
pub(super) fn is_over_for_a_person(task: &TaskRow) -> bool {
    matches!(task.ending, None | Some(StopReason::Finished | StopReason::Take))
}

/// True if a task goes on after a run that ended like this, since its agent has not got all messages. One with a check gets them with its
/// next round.
pub(super) fn has_news(task: &TaskRow, outcome: &Outcome) -> bool {
    let ran = matches!(outcome.state, TaskState::Completed | TaskState::Failed);
    let is_over = matches!(task.ending, None | Some(StopReason::Finished));
    let terms = &task.spec.terms;
    let waits = terms.sent.iter().any(|sent| sent.run.is_none());
    waits && ran && is_over && terms.verify.is_none() && !is_hopeless(&outcome.reason)
}

/// True if no message mends it.
fn is_hopeless(reason: &EndReason) -> bool {
    matches!(reason.name(), "auth" | "billing" | "budget" | "not_started")
}

/// The messages that no agent has got yet: those of a run that was not started are among them.
fn waiting<'a>(sent: &'a [Sent], runs: &[RunRow]) -> Vec<&'a Sent> {
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
    match &sent.from {
        None => sent.text.clone(),
        Some(task) => format!("The agent of {task}, and not the user, says:\n\n{}", quoted(&sent.text)),
    }
}

/// The prompt of a new session, which has none of the messages.
pub(super) fn asked_with(prompt: String, sent: &[Sent]) -> String {
    if sent.is_empty() {
        return prompt;
    }
    let notes = sent.iter().map(|sent| match &sent.from {
        None => format!("A note on this was added later:\n\n{}", quoted(&sent.text)),
        Some(_) => said(sent),
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
        Sent { text: text.to_owned(), from: from.map(str::to_owned), run }
    }

    #[test]
    fn a_session_gets_the_messages_that_wait_and_nothing_twice() {
        let all = [sent("first", None, Some(0)), sent("second", None, None)];
        assert_eq!(going_on(None, &all[1..], &[]).as_deref(), Some("second"));
        assert_eq!(going_on(Some("Go on."), &all[1..], &[]).as_deref(), Some("Go on.\n\nsecond"));
        assert_eq!(going_on(None, &[], &[]), None);
        // Of a run that is not there nobody has got anything.
        assert_eq!(going_on(None, &all, &[]).as_deref(), Some("first\n\nsecond"));
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
