//! Changes of queued tasks: people hold them, release them and edit them; time has them expire.

use aiwg_model::{EndReason, Hold, Outcome, TaskNo, TaskRow};
use aiwg_protocol::types::{Cause, TaskState, Timestamp};

use super::{
    Engine, EngineError,
    call::Call,
    transaction::{Failure, Transaction},
};

/// Number of tasks that expire in one transaction: the next one takes the others.
const EXPIRED_AT_ONCE: u32 = 500;

/// The changes to a queued task; what is none stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// The prompt.
    pub prompt: Option<String>,
    /// The priority.
    pub priority: Option<i32>,
    /// The lane; empty for none.
    pub lane: Option<String>,
    /// Time from now on in which it is wanted, in milliseconds.
    pub expires_ms: Option<u64>,
}

impl Engine {
    /// Holds a queued task back until [`Engine::release_by_hand`], or until this time. False if it was held before: its time is changed.
    ///
    /// # Errors
    /// There is no such task, it is not queued, or the database could not be written.
    pub async fn hold_by_hand(
        &self,
        no: TaskNo,
        until: Option<Timestamp>,
        by: Option<Cause>,
    ) -> Result<bool, EngineError> {
        self.call(Call::changing(move |tx| tx.hold_by_hand(no, until, by.as_ref()))).await
    }

    /// Releases a queued task that is held by hand, is to start later, or has met a limit of a login of its own. False if it is none of these.
    ///
    /// # Errors
    /// There is no such task, it is not queued, or the database could not be written.
    pub async fn release_by_hand(&self, no: TaskNo, by: Option<Cause>) -> Result<bool, EngineError> {
        self.call(Call::changing(move |tx| tx.release_by_hand(no, by.as_ref()))).await
    }

    /// Changes a queued task. False if it was like that before.
    ///
    /// # Errors
    /// There is no such task, it is not queued, or the database could not be written.
    pub async fn edit(&self, no: TaskNo, edit: Edit, by: Option<Cause>) -> Result<bool, EngineError> {
        let text = edit.prompt.as_ref().map_or(0, String::len);
        self.call(Call::bringing(move |tx| tx.edit(no, &edit, by.as_ref())).with_text(text)).await
    }
}

impl Transaction<'_> {
    fn hold_by_hand(
        &mut self,
        no: TaskNo,
        until: Option<Timestamp>,
        by: Option<&Cause>,
    ) -> Result<bool, Failure> {
        let task = self.queued(no)?;
        let hold = Hold::by_hand(until);
        let is_same = self.store.holds(no)?.contains(&hold);
        let was_held = self.store.release_one(no, Hold::BY_HAND, "")?;
        self.store.hold(no, &hold)?;
        if !is_same {
            self.publish_done_to("held", &task, by);
        }
        Ok(!was_held)
    }

    fn release_by_hand(&mut self, no: TaskNo, by: Option<&Cause>) -> Result<bool, Failure> {
        let task = self.queued(no)?;
        let was_held = self.store.release_one(no, Hold::BY_HAND, "")?;
        let was_delayed = self.store.release_one(no, Hold::DELAY, "")?;
        // One whose agent works with a login of its own: no account is there to be resumed.
        let was_limited = self.store.release_one(no, Hold::LIMIT, "")?;
        let is_released = was_held || was_delayed || was_limited;
        if is_released {
            self.publish_done_to("released", &task, by);
        }
        Ok(is_released)
    }

    fn edit(&mut self, no: TaskNo, edit: &Edit, by: Option<&Cause>) -> Result<bool, Failure> {
        let task = self.queued(no)?;
        let mut spec = task.spec.clone();
        if let Some(prompt) = &edit.prompt {
            spec.prompt.clone_from(prompt);
        }
        if let Some(lane) = &edit.lane {
            spec.lane = Some(lane.clone()).filter(|lane| !lane.is_empty());
        }
        if let Some(ms) = edit.expires_ms {
            spec.expires_at = Some(self.in_ms(ms));
        }
        // The priority that a task was given does not change with its lane; what the lane adds does.
        let own_priority = edit.priority.unwrap_or(spec.priority.saturating_sub(spec.lane_priority));
        let mut spec = self.placed(spec, own_priority);
        let old = &task.spec;
        let is_same = (&spec.prompt, &spec.lane, spec.priority, spec.expires_at, &spec.class)
            == (&old.prompt, &old.lane, old.priority, old.expires_at, &old.class);
        if !is_same {
            self.store.edit(no, &spec)?;
            self.publish_done_to("edited", &TaskRow { spec: spec.clone(), ..task.clone() }, by);
        }
        if spec.prompt != old.prompt && task.launch > 0 {
            spec.terms.changed_after = Some(task.launch);
            self.store.set_terms(no, &spec.terms)?;
        }
        if spec.prompt != old.prompt
            && let Some(limits) = spec.terms.approval
        {
            // Nobody has approved these words.
            self.ask_to_start_again(no, &spec, limits)?;
        }
        Ok(!is_same)
    }

    /// Cancels the queued tasks that are no longer wanted.
    pub(super) fn expire_due(&mut self) -> aiwg_store::Result<()> {
        for no in self.store.expired(self.now, EXPIRED_AT_ONCE)? {
            let Some(task) = self.readable(no)? else { continue };
            let outcome = Outcome {
                reason: EndReason::EXPIRED,
                ..Outcome::without_exit(
                    TaskState::Cancelled,
                    "it was not started in the time in which it was wanted (expires)",
                )
            };
            self.finish(&task, &outcome)?;
        }
        Ok(())
    }

    /// A task that is queued.
    fn queued(&mut self, no: TaskNo) -> Result<TaskRow, Failure> {
        let task = self.readable(no)?.ok_or(EngineError::TaskNotFound(no))?;
        if task.state == TaskState::Queued { Ok(task) } else { Err(EngineError::TaskNotQueued(no).into()) }
    }

    /// The moment so many milliseconds from now.
    pub(super) fn in_ms(&self, ms: u64) -> Timestamp {
        self.now.after_ms(ms)
    }
}
