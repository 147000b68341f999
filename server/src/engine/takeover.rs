//! People who take tasks over, and give them back.

use aiwg_model::{
    EndReason, FoundFiles, Hold, Outcome, ProtectRecord, RunId, RunRow, Sent, StopReason, Taken, TaskNo,
    TaskRow, Terms,
};
use aiwg_protocol::types::{Cause, TaskGiven, TaskState, TaskTaken, TaskUsage, Timestamp};

use super::{
    Engine, EngineError,
    call::Call,
    steer::waiting,
    transaction::{Failure, Transaction},
    verify::is_to_record,
};

/// The message with which a task goes on after a person has had it.
const GIVEN_BACK: &str = "A person has worked on this task meanwhile, in your session and its directory. Look at what has changed, and go on \
                          with what is left of it.";

/// The same for an agent in a session that the person has not had.
const WORKED_BEFORE: &str = "A person has worked on this task before, in its directory. Look at what is there already, and go on with what is \
                             left of it.";

/// The result of a task that a person has finished, before who that was.
const DONE_BY_HAND: &str = "A person has taken it over, and finished it.";

/// The one who takes a task over, or gives it back.
#[derive(Debug, Clone)]
pub struct TakenBy {
    /// The cause of what comes of it; none for a person.
    pub cause: Option<Cause>,
    /// In words, for people.
    pub words: String,
}

impl Engine {
    /// Takes a task over for a person: it is held from when its agent has ended. With `now` the agent is ended. `found` is what a look at its protected
    /// files has come to, if there was one; `by` says for people who takes it.
    ///
    /// # Errors
    /// There is no such task, it has ended, someone has taken it already, or the database could not be written. [`EngineError::FilesUnseen`]: no agent of
    /// it runs, and its protected files are to be looked at first.
    pub async fn take(
        &self,
        no: TaskNo,
        now: bool,
        found: Option<FoundFiles>,
        by: Option<TakenBy>,
    ) -> Result<TaskTaken, EngineError> {
        self.call(Call::changing(move |tx| tx.take(no, now, found.as_ref(), by.as_ref()))).await
    }

    /// Gives back a task that was taken over. If it is `done`, it has completed, or completes as soon as its agent has been ended. As long as that is not
    /// so, another call that is not `done` has it go on. `by` says for people who gives it.
    ///
    /// # Errors
    /// There is no such task, nobody has taken it, or the database could not be written.
    pub async fn give(&self, no: TaskNo, done: bool, by: Option<TakenBy>) -> Result<TaskGiven, EngineError> {
        self.call(Call::changing(move |tx| tx.give(no, done, by.as_ref()))).await
    }

    /// Notes what a look at the protected files of a task has come to, whose run has ended in the store only after this.
    ///
    /// # Errors
    /// The run is over, or the database could not be written.
    pub(crate) async fn note_found(&self, run: RunId, found: FoundFiles) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| -> Result<(), Failure> {
            let task = tx.current(run)?;
            Ok(tx.note_found(&task, &found)?)
        }))
        .await
    }
}

impl Transaction<'_> {
    fn take(
        &mut self,
        no: TaskNo,
        now: bool,
        found: Option<&FoundFiles>,
        by: Option<&TakenBy>,
    ) -> Result<TaskTaken, Failure> {
        let mut task = self.open(no, EngineError::TakenTooLate)?;
        if let Some(taken) = &task.spec.terms.taken {
            return Err(EngineError::AlreadyTaken(no, taken.since).into());
        }
        if task.state == TaskState::Queued
            && let Some(protect) = self.files_unseen(&task)?
        {
            let run = task.run();
            let Some(found) = found.filter(|found| found.run == run.n) else {
                return Err(EngineError::FilesUnseen { run, protect }.into());
            };
            self.note_found(&task, found)?;
            task = self.open(no, EngineError::TakenTooLate)?;
        }
        let mut terms = task.spec.terms.clone();
        terms.taken = Some(Taken { since: self.now, is_done: false });
        terms.taken_by = by.map(|by| by.words.clone());
        self.store.set_terms(no, &terms)?;
        self.publish_done_to("taken", &task, by.and_then(|by| by.cause.as_ref()));
        match task.state {
            TaskState::Running if now => self.end_running(no, StopReason::Take)?,
            TaskState::Running => {}
            _ => drop(self.store.hold(no, &Hold::taken())?),
        }
        Ok(TaskTaken { state: task.state })
    }

    fn give(&mut self, no: TaskNo, done: bool, by: Option<&TakenBy>) -> Result<TaskGiven, Failure> {
        let mut task = self.open(no, EngineError::TakenTooLate)?;
        let mut terms = task.spec.terms.clone();
        let Some(taken) = terms.taken.take() else { return Err(EngineError::NotTaken(no).into()) };
        let finished_by = |by: &TakenBy| finished_by(&by.words, terms.taken_by.as_deref(), taken.since);
        terms.finished_by = by.filter(|_| done).map(finished_by);
        self.publish_done_to("given", &task, by.and_then(|by| by.cause.as_ref()));
        let is_running = task.state == TaskState::Running;
        if is_running && done {
            // Nothing is left for its agent to do: it has completed once that is ended.
            terms.taken = Some(Taken { is_done: true, ..taken });
            self.store.set_terms(no, &terms)?;
            self.end_running(no, StopReason::Take)?;
            return Ok(TaskGiven { state: TaskState::Running });
        }
        let is_being_ended = task.ending == Some(StopReason::Take);
        if is_running && !is_being_ended {
            // Its agent has not ended yet, so nobody has worked on it: it just goes on.
            forget_found(&mut terms);
            self.store.set_terms(no, &terms)?;
            return Ok(TaskGiven { state: TaskState::Running });
        }
        if !done && (is_running || self.has_session(&task, &Outcome::without_exit(task.state, ""))?) {
            let at = Some(self.now);
            terms.sent.push(Sent {
                text: GIVEN_BACK.to_owned(),
                from: None,
                run: None,
                at,
                is_unsure: false,
            });
        }
        self.store.set_terms(no, &terms)?;
        if is_running {
            // Its agent is being ended, and then it goes on.
            return Ok(TaskGiven { state: TaskState::Running });
        }
        if done {
            let ended = Outcome::without_exit(TaskState::Completed, "");
            task.spec.terms.finished_by = terms.finished_by;
            self.finish(&task, &by_hand(&task, ended))?;
            return Ok(TaskGiven { state: TaskState::Completed });
        }
        self.keep_session(no)?;
        self.store.release_one(no, Hold::TAKEN, "")?;
        Ok(TaskGiven { state: TaskState::Queued })
    }

    /// Completes a task that a person had finished before its run ended like this.
    pub(super) fn finish_by_hand(&mut self, task: &TaskRow, outcome: &Outcome) -> aiwg_store::Result<()> {
        let mut ran = outcome.clone();
        self.end_of_run(task, &mut ran)?;
        self.finish_after_run(task, &by_hand(task, ran))
    }

    /// True if a task has a session in which a person may have worked: of one of its runs, or of the one that has ended like this.
    pub(super) fn has_session(&self, task: &TaskRow, outcome: &Outcome) -> aiwg_store::Result<bool> {
        let has_one =
            |usage: &Option<TaskUsage>| usage.as_ref().is_some_and(|usage| usage.session_id.is_some());
        if has_one(&outcome.usage) {
            return Ok(true);
        }
        let runs = if task.launch > 0 { self.store.runs(task.no)? } else { Vec::new() };
        Ok(runs.iter().any(|run| has_one(&run.usage)))
    }

    /// Nobody has a task any more, since there is nothing of it that a person could go on with.
    pub(super) fn not_taken(&mut self, task: &mut TaskRow) -> aiwg_store::Result<()> {
        task.spec.terms.taken = None;
        forget_found(&mut task.spec.terms);
        self.store.set_terms(task.no, &task.spec.terms)
    }

    /// Refuses the end of a run after which a person has the task, until its protected files were looked at: what is changed from then on is not its
    /// agent's doing.
    pub(super) fn look_before_person(&self, task: &TaskRow) -> Result<(), Failure> {
        let is_to_wait =
            task.spec.terms.taken.is_some_and(|taken| !taken.is_done) && is_over_for_a_person(task);
        match if is_to_wait { self.files_unseen(task)? } else { None } {
            Some(protect) => Err(EngineError::FilesUnseen { run: task.run(), protect }.into()),
            None => Ok(()),
        }
    }

    /// The patterns of the protected files of a task that are to be looked at before a person has it; none where nothing is protected, or where that was
    /// done already and no run has begun since.
    fn files_unseen(&self, task: &TaskRow) -> aiwg_store::Result<Option<Vec<String>>> {
        let Terms { verify: Some(verify), protected: Some(on), .. } = &task.spec.terms else {
            return Ok(None);
        };
        let is_to_be_seen = on.found.is_none() && !is_to_record(verify, Some(on), &self.store.runs(task.no)?);
        Ok(is_to_be_seen.then(|| verify.protect.clone()))
    }

    fn note_found(&mut self, task: &TaskRow, found: &FoundFiles) -> aiwg_store::Result<()> {
        let Some(on) = task.spec.terms.protected.clone() else { return Ok(()) };
        let protected = Some(ProtectRecord { found: Some(found.clone()), ..on });
        self.store.set_terms(task.no, &Terms { protected, ..task.spec.terms.clone() })
    }
}

/// The outcome of a task that a person has finished, which came to an end like this.
fn by_hand(task: &TaskRow, ended: Outcome) -> Outcome {
    let by = task.spec.terms.finished_by.as_ref();
    let result =
        Some(by.map_or_else(|| DONE_BY_HAND.to_owned(), |by| format!("{DONE_BY_HAND} It was {by}.")));
    Outcome { state: TaskState::Completed, reason: EndReason::BY_HAND, error: None, result, ..ended }
}

/// The one who says that a task is done which a person has had since then, in words for people.
fn finished_by(by: &str, taken_by: Option<&str>, since: Timestamp) -> String {
    match taken_by.filter(|taken_by| *taken_by != by) {
        Some(taken_by) => format!("{by}, after {taken_by} had taken it over at {since}"),
        None => format!("{by}, who had taken it over at {since}"),
    }
}

/// Forgets a look at the protected files: an agent of the task goes on.
fn forget_found(terms: &mut Terms) {
    if let Some(on) = &mut terms.protected {
        on.found = None;
    }
}

/// True if a task that a person has taken waits for that person when its run has ended: nothing else has ended it.
pub(super) fn is_over_for_a_person(task: &TaskRow) -> bool {
    matches!(task.ending, None | Some(StopReason::Finished | StopReason::Take))
}

/// A message as one is that goes to an agent in a new session, which no person has had.
pub(super) fn in_new_session(sent: Sent) -> Sent {
    if sent.from.is_none() && sent.text == GIVEN_BACK {
        return Sent { text: WORKED_BEFORE.to_owned(), ..sent };
    }
    sent
}

/// True if a person has had the session of a task's agent, which has not heard of that yet.
pub(super) fn is_given_back(sent: &[Sent], runs: &[RunRow]) -> bool {
    waiting(sent, runs).iter().any(|sent| sent.from.is_none() && sent.text == GIVEN_BACK)
}

/// True if this run has heard that a person has had the session in which it went on.
pub(super) fn has_heard_of_person(sent: &[Sent], run: &RunRow) -> bool {
    sent.iter().any(|sent| sent.from.is_none() && sent.run == Some(run.id.n) && sent.text == GIVEN_BACK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::steer::asked_with;

    #[test]
    fn an_agent_in_a_new_session_is_not_told_that_a_person_has_had_it() {
        let sent = |text: &str, from: Option<&str>| Sent {
            text: text.to_owned(),
            from: from.map(str::to_owned),
            run: None,
            at: None,
            is_unsure: false,
        };
        let asked = asked_with("Do it".to_owned(), &[sent(GIVEN_BACK, None), sent("Mind the gap", None)]);
        assert!(asked.contains("> A person has worked on this task before, in its directory."), "{asked}");
        assert!(!asked.contains("your session") && asked.contains("> Mind the gap"), "{asked}");
        // Words of an agent's are none of a person's.
        let of_agent = sent(GIVEN_BACK, Some("task-0007"));
        assert_eq!(in_new_session(of_agent.clone()), of_agent);
    }
}
