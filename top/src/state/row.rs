//! A task, as far as it is shown in a list.

use aiwg_client::types::{Phase, Task, TaskEvent, TaskState, Timestamp, Waiting};

use crate::{
    format::{between, moment, money, short, words},
    message::Key,
    state::State,
    text::one_line,
};

/// Number of bytes of a prompt that are kept.
const MOST_PROMPT: usize = 400;

/// Number of bytes of a name, and of an error.
const MOST_NAME: usize = 100;
const MOST_ERROR: usize = 1000;

/// A task.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) key: Key,
    pub(crate) state: TaskState,
    pub(crate) waiting: Option<Waiting>,
    pub(crate) waiting_until: Option<Timestamp>,
    /// A task that it is to start after.
    pub(crate) after: Option<String>,
    /// The round that a task with a check is in, and true while its check runs.
    pub(crate) round: Option<(usize, bool)>,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) priority: i32,
    pub(crate) agent: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) lane: Option<String>,
    pub(crate) cost: Option<f64>,
    /// Why it has ended, as a word.
    pub(crate) reason: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) prompt: String,
    /// True if the prompt is longer.
    is_cut: bool,
}

impl Row {
    /// None of a task whose id is none.
    pub(crate) fn of(project: usize, task: &Task) -> Option<Self> {
        let name = |name: &Option<String>| name.as_ref().map(|name| one_line(name, MOST_NAME));
        let round = task.verify.is_some() && !task.state.is_final();
        Some(Self {
            key: Key::of(project, &task.id)?,
            state: task.state,
            waiting: task.waiting,
            waiting_until: task.waiting_until,
            after: task.after.first().map(|id| one_line(id, MOST_NAME)),
            round: round.then(|| (task.rounds.len() + 1, task.phase == Some(Phase::Checking))),
            created_at: task.created_at,
            started_at: task.started_at,
            completed_at: task.completed_at,
            priority: task.priority,
            agent: name(&task.agent),
            rule: name(&task.caused_by.as_ref().and_then(|cause| cause.rule.clone())),
            lane: name(&task.lane),
            cost: task.usage.as_ref().and_then(|usage| usage.cost_usd),
            reason: name(&task.reason),
            error: task.error.as_ref().map(|error| one_line(error, MOST_ERROR)),
            prompt: one_line(&task.prompt, MOST_PROMPT),
            is_cut: task.prompt.len() > MOST_PROMPT,
        })
    }

    /// Takes in what an event says of it.
    pub(crate) fn take(&mut self, event: &TaskEvent, at: Timestamp) {
        if event.state == TaskState::Running && self.state != TaskState::Running {
            self.started_at = Some(at);
        }
        self.state = event.state;
        self.completed_at = event.state.is_final().then_some(at);
        if event.state != TaskState::Queued {
            (self.waiting, self.waiting_until) = (None, None);
        }
        if event.state.is_final() {
            self.reason = event.reason.as_ref().map(|reason| one_line(reason, MOST_NAME));
            self.error = event.error.as_ref().map(|error| one_line(error, MOST_ERROR));
        }
        self.cost = event.cost_usd.or(self.cost);
    }

    /// The time that counts in its state, in milliseconds: for how long it runs, waits, or has ended.
    pub(crate) fn age(&self, now: Timestamp) -> i64 {
        match self.state {
            TaskState::Running => between(self.started_at.unwrap_or(self.created_at), now),
            TaskState::Queued => between(self.created_at, now),
            _ => between(self.completed_at.unwrap_or(self.created_at), now),
        }
    }

    /// For how long it has run, or runs, in milliseconds.
    pub(crate) fn duration(&self, now: Timestamp) -> Option<i64> {
        self.started_at.map(|started| between(started, self.completed_at.unwrap_or(now)))
    }

    /// What it waits for, what it does, or why it has ended: a few words.
    pub(crate) fn why(&self, state: &State) -> String {
        match self.state {
            TaskState::Queued => self.waits_for(state),
            TaskState::Running if state.asked_of(self.key).is_some() => "asks you".to_owned(),
            TaskState::Running => match self.round {
                Some((round, true)) => format!("check {round}"),
                Some((round, false)) => format!("round {round}"),
                None => String::new(),
            },
            TaskState::Completed => String::new(),
            _ => self.reason.clone().unwrap_or_default(),
        }
    }

    fn waits_for(&self, state: &State) -> String {
        let (now, zone) = (state.now, &state.zone);
        let until = self.waiting_until;
        let in_time = until.map(|until| format!(" {}", short(between(now, until)))).unwrap_or_default();
        let at = until.map(|until| format!(" to {}", moment(until, now, zone))).unwrap_or_default();
        match self.waiting {
            None => "a slot".to_owned(),
            Some(Waiting::Dependency) => match &self.after {
                Some(id) => format!("after {id}"),
                None => "earlier turn".to_owned(),
            },
            Some(Waiting::Delay) => format!("delay{in_time}"),
            Some(Waiting::Hold) => "held".to_owned(),
            Some(Waiting::Rest) => format!("rest{in_time}"),
            Some(Waiting::Lane) => match &self.lane {
                Some(lane) => format!("lane {lane}"),
                None => "lane".to_owned(),
            },
            Some(Waiting::Paused) => "queue is paused".to_owned(),
            Some(Waiting::Budget) => format!("budget{at}"),
            Some(Waiting::Limit) => format!("limit{at}"),
            Some(Waiting::Taken) => "taken over".to_owned(),
            Some(Waiting::Host) => "another host".to_owned(),
            Some(Waiting::Approval) => "your approval".to_owned(),
            Some(other) => one_line(other.name(), MOST_NAME),
        }
    }

    /// All that is known of it, line by line.
    pub(crate) fn facts(&self, state: &State) -> Vec<String> {
        let mut facts = vec![format!("State     {}", self.state)];
        let mut fact = |name: &str, value: Option<String>| {
            facts.extend(value.filter(|value| !value.is_empty()).map(|value| format!("{name:<10}{value}")));
        };
        let at = |at: Option<Timestamp>| {
            at.map(|at| {
                format!("{}, {} ago", moment(at, state.now, &state.zone), words(between(at, state.now)))
            })
        };
        let why = if self.state == TaskState::Queued { "Waits for" } else { "Why" };
        fact(why, Some(self.why(state)));
        fact("Submitted", at(Some(self.created_at)));
        fact("Started", at(self.started_at));
        fact("Ended", at(self.completed_at));
        fact("Ran for", self.duration(state.now).map(words));
        fact("Cost", self.cost.map(money));
        fact("Rule", self.rule.clone());
        fact("Agent", self.agent.clone());
        fact("Lane", self.lane.clone());
        fact("Priority", (self.priority != 0).then(|| self.priority.to_string()));
        fact("Error", self.error.clone());
        facts.extend([String::new(), self.prompt.clone()]);
        let id = self.key.task_id();
        let more = if self.is_cut { "all of its prompt, and more" } else { "more" };
        facts.extend([
            String::new(),
            format!("`aiwg task get {id}` shows {more}, `aiwg why {id}` what led to it."),
        ]);
        facts
    }

    /// True if a text, in small letters, is in what is shown of it.
    pub(crate) fn has(&self, text: &str, project: &str) -> bool {
        let shown = [
            Some(&self.prompt),
            self.rule.as_ref(),
            self.agent.as_ref(),
            self.lane.as_ref(),
            self.reason.as_ref(),
        ];
        let is_in = |part: &str| part.to_lowercase().contains(text);
        shown.into_iter().flatten().any(|part| is_in(part))
            || is_in(project)
            || self.state.name().contains(text)
            || self.key.task_id().contains(text)
    }
}
