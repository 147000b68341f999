//! Taking in new tasks: whether there is room for them, and what they wait for.

use std::collections::HashSet;

use aiwg_model::{Hold, NewEvent, TaskNo, TaskSpec, Terms, TreeTerms, text::one_line};
use aiwg_protocol::{
    ErrorKind,
    types::{EventSource, Json, TaskRefusedEvent, TaskState, TaskSubmitted},
};
use aiwg_store::{Classified, Placed};

use super::{
    command::EngineError,
    demands::Bound,
    payload::task_event,
    tasks::waited_in_vain,
    transaction::{Failure, Transaction},
};
use crate::accounts::is_login_variable;

/// Maximum length of the prompt of a task in the event about its refusal, in characters.
const REFUSED_PROMPT: usize = 200;

impl Transaction<'_> {
    /// Takes in a task from outside.
    pub(super) fn take_task(&mut self, task: &TaskSpec) -> Result<TaskSubmitted, Failure> {
        let (no, state) = self.submit(task)?;
        Ok(TaskSubmitted { task_id: no.to_string(), state })
    }

    /// Takes in a task, and gives what has become of it at once: queued, or cancelled.
    pub(super) fn submit(&mut self, task: &TaskSpec) -> Result<(TaskNo, TaskState), Failure> {
        if self.state.closing {
            return Err(EngineError::Closing.into());
        }
        if let Err(error) = self.not_too_deep(task) {
            self.publish_refusal(task);
            return Err(error.into());
        }
        self.room_for(1)?;
        let waits = self.dependencies(&task.after)?;
        let turns_before = match &task.conversation {
            Some(conversation) => self.store.open_turns(conversation)?,
            None => Vec::new(),
        };
        let no = self.enqueue(task)?;
        let state = match waits {
            Waits::For(mut open) => {
                open.extend(turns_before);
                open.sort_unstable();
                open.dedup();
                for other in open {
                    self.store.hold(no, &Hold::after(other))?;
                }
                TaskState::Queued
            }
            Waits::InVain(other, ended) => {
                let Some(row) = self.store.task(no)? else {
                    return Err(EngineError::TaskNotFound(no).into());
                };
                self.finish(&row, &waited_in_vain(other, ended))?;
                self.store.note_in_vain(no, other)?;
                TaskState::Cancelled
            }
        };
        Ok((no, state))
    }

    /// Publishes that an agent's task was refused, so that it can be told why there is none.
    fn publish_refusal(&mut self, task: &TaskSpec) {
        let payload = TaskRefusedEvent {
            reason: ErrorKind::ChainTooDeep.name().to_owned(),
            prompt: one_line(&task.prompt, REFUSED_PROMPT),
        };
        self.effects.new_events.push_back(NewEvent {
            topic: "task:refused".to_owned(),
            payload: Json::new(&payload).unwrap_or_default(),
            source: EventSource::Supervisor,
            cause: task.cause.clone(),
            happened_at: None,
            traceparent: None,
        });
    }

    /// Refuses a task that would make a chain longer than the configuration allows.
    pub(super) fn not_too_deep(&self, task: &TaskSpec) -> Result<(), EngineError> {
        let depth = task.cause.as_ref().map_or(0, |cause| cause.depth);
        if depth >= self.state.config.max_task_depth { Err(EngineError::ChainTooDeep(depth)) } else { Ok(()) }
    }

    /// The dependencies of a new task that are still under way.
    fn dependencies(&self, after: &[TaskNo]) -> Result<Waits, Failure> {
        let own = TaskNo(self.state.last_task + 1);
        let (mut open, mut seen, mut in_vain) = (Vec::new(), HashSet::new(), None);
        for no in after.iter().copied().filter(|no| seen.insert(*no)) {
            if no == own {
                return Err(EngineError::DependencyOnItself(no).into());
            }
            match self.store.task_state(no)?.ok_or(EngineError::DependencyNotFound(no))? {
                TaskState::Completed => {}
                state if state.is_final() => in_vain = in_vain.or(Some((no, state))),
                _ => open.push(no),
            }
        }
        Ok(in_vain.map_or(Waits::For(open), |(no, state)| Waits::InVain(no, state)))
    }

    /// A new task with its class, and with what its lane adds to its priority.
    fn classified(&self, task: &TaskSpec) -> TaskSpec {
        let mut terms = task.terms.clone();
        terms.has_own_login = task.env.keys().any(|name| is_login_variable(name));
        // That is of the sessions of the one before.
        terms.stays_with = None;
        let taken_by = self.state.hosts.me().map(str::to_owned);
        terms.tree = terms.tree.map(|tree| TreeTerms { from: None, sent_by: None, taken_by, ..tree });
        terms.is_profile |= self.state.config.profiles.profile_of(task.agent.as_deref()).is_some();
        terms.demand =
            self.state.demand_of(&TaskSpec { terms: terms.clone(), ..task.clone() }, Bound::ByBase(None));
        // One that is carried out again has the priority that its lane gave the one before.
        self.placed(TaskSpec { terms, ..task.clone() }, task.priority.saturating_sub(task.lane_priority))
    }

    /// This task in its place in the queue: with its class, and this priority, to which its lane adds.
    pub(super) fn placed(&self, task: TaskSpec, own_priority: i32) -> TaskSpec {
        let Placed { class, lane_priority } = self.place_of(&task);
        TaskSpec { class, lane_priority, priority: own_priority.saturating_add(lane_priority), ..task }
    }

    pub(super) fn place_of(&self, task: &TaskSpec) -> Placed {
        let (lane, agent, rule) = (task.lane.as_deref(), task.agent.as_deref(), task.counts_to());
        let Terms { ignore_budget: ignores_budget, has_own_login, .. } = task.terms;
        let (stays_with, demand) = (task.terms.stays_with.as_deref(), task.terms.demand.as_deref());
        let classified = Classified { lane, agent, rule, ignores_budget, has_own_login, stays_with, demand };
        self.state.config.classes.place_of(&classified)
    }

    /// Refuses what would make the queue longer than the configuration allows. What makes no task does not, however long it is.
    pub(super) fn room_for(&mut self, tasks: usize) -> Result<(), Failure> {
        let Some(most) = self.state.config.max_queued.filter(|_| tasks > 0) else { return Ok(()) };
        let is_full = |tx: &Self| {
            let free = tx.state.config.max_parallel.saturating_sub(tx.state.running_here());
            tx.store.queued() + tasks.saturating_sub(free) as u64 > u64::from(most)
        };
        if is_full(self) {
            // Those that came in this very transaction may have slots waiting for them.
            self.fill_slots()?;
        }
        if is_full(self) { Err(EngineError::QueueFull(most).into()) } else { Ok(()) }
    }

    /// Stores a new task and says so.
    pub(super) fn enqueue(&mut self, task: &TaskSpec) -> aiwg_store::Result<TaskNo> {
        self.state.last_task += 1;
        let no = TaskNo(self.state.last_task);
        let origin = self.origin(task.sender.as_ref())?;
        let mut task = TaskSpec { origin, ..self.classified(task) };
        task.terms.trace = self.trace_of_new(&task)?;
        let task = &task;
        self.store.insert_task(no, task, self.now)?;
        if let Some(at) = task.start_at.filter(|at| *at > self.now) {
            self.store.hold(no, &Hold::delay(at))?;
        }
        if let Some(rule) = &task.rule {
            self.state.memory.queued(rule);
        }
        self.publish_task_event(&task_event(no, task, TaskState::Queued, 0), task);
        if let Some(limits) = task.terms.approval {
            self.ask_to_start(no, task, limits)?;
        }
        Ok(no)
    }
}

/// The dependencies of a new task, as they stand.
enum Waits {
    /// For these to complete; none if it can start.
    For(Vec<TaskNo>),
    /// For one that has ended in another way.
    InVain(TaskNo, TaskState),
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aiwg_protocol::config::Config;
    use aiwg_store::Store;
    use aiwg_store_sqlite::SqliteStore;

    use super::*;
    use crate::{
        engine::{By, EngineConfig, effects::Effects, state::State, waits::Waits},
        rules::RuleIndex,
    };

    #[test]
    fn a_full_queue_refuses_only_events_of_which_a_task_would_come() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&dir.path().join("db")).unwrap();
        let rules: Config = serde_json::from_str(
            r#"{"rules": [{"id": "r", "trigger": {"type": "event", "topic": "go"}, "on_busy": "queue",
                "action": {"type": "submit_task", "prompt": "x"}}]}"#,
        )
        .unwrap();
        let config = EngineConfig {
            max_parallel: 1,
            max_task_depth: 8,
            max_queued: Some(2),
            rules: Arc::new(RuleIndex::new(rules.rules).unwrap()),
            ..EngineConfig::default()
        };
        let mut state = State::new(config, Waits::default());
        let (mut effects, mut open) = (Effects::default(), store.begin().unwrap());
        let now = aiwg_protocol::types::Timestamp::from_millis(1000);
        let mut tx = Transaction { state: &mut state, store: &mut *open, effects: &mut effects, now };
        // A slot is free, and nothing may start in it.
        assert!(tx.pause(&By::default()).is_ok());
        let task = TaskSpec { prompt: "x".to_owned(), ..TaskSpec::default() };
        let taken = (0..9).take_while(|_| tx.submit(&task).is_ok()).count();
        assert!((2..9).contains(&taken), "{taken}");
        let mut emit = |topic: &str| {
            let new = NewEvent {
                topic: topic.to_owned(),
                payload: Json::default(),
                source: EventSource::Client,
                cause: None,
                happened_at: None,
                traceparent: None,
            };
            tx.publish_from_outside(&new, None)
        };
        assert!(emit("other").is_ok_and(|emitted| emitted.rules.is_empty()));
        assert!(matches!(emit("go"), Err(Failure::Refused(EngineError::QueueFull(2)))));
    }
}
