//! The engine's copy of the rules' states, so that an event costs no look into the store for each.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aiwg_model::{BusyPeriod, Switch, TaskNo};
use aiwg_protocol::{
    config::Rule,
    types::{Cause, RuleRefusal, Timestamp},
};
use aiwg_store::View;

/// Maximum delay of a file system's clock, in ms: a tick of the kernel's, of which there are at least 100 a second.
const TICK_MS: i64 = 10;

/// Age up to which runs matter, in ms: longer than any change is gathered before it is published.
const RUNS_MS: i64 = 15 * 60_000;

/// Switches, and which rules are busy. All of it can be read from the store again.
#[derive(Debug, Default)]
pub(super) struct Memory {
    switches: HashMap<String, Switch>,
    busy: HashMap<String, usize>,
    runs: HashMap<String, Vec<BusyPeriod>>,
    /// The last match of each rule that came to nothing. This alone is not in the store.
    refusals: Refusals,
}

/// The last match of each rule that came to nothing, for others to look at as well.
#[derive(Debug, Clone, Default)]
pub(super) struct Refusals(Arc<Mutex<HashMap<String, RuleRefusal>>>);

impl Refusals {
    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<String, RuleRefusal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Reads it from the store. The refusals, which are not there, are cleared.
    pub(super) fn load(store: &dyn View, refusals: Refusals, now: Timestamp) -> aiwg_store::Result<Self> {
        refusals.lock().clear();
        let mut runs: HashMap<String, Vec<BusyPeriod>> = HashMap::new();
        for (rule, run) in store.busy_periods(Timestamp::from_millis(now.as_millis() - RUNS_MS))? {
            runs.entry(rule).or_default().push(run);
        }
        Ok(Self { switches: store.switches()?, busy: store.busy_rules()?, runs, refusals })
    }

    /// The refusals, for others to read.
    pub(super) fn refusals(&self) -> Refusals {
        self.refusals.clone()
    }

    /// True if automation as a whole is switched on.
    pub(super) fn is_enabled(&self) -> bool {
        self.switches.get("").and_then(|switch| switch.enabled).unwrap_or(true)
    }

    /// True if the rule is switched on: a manual switch overrides the configuration.
    pub(super) fn rule_is_enabled(&self, rule: &Rule) -> bool {
        self.switched(&rule.id).unwrap_or(rule.enabled)
    }

    /// The manual switch of the rule.
    pub(super) fn switched(&self, rule: &str) -> Option<bool> {
        self.switches.get(rule)?.enabled
    }

    pub(super) fn tripped_at(&self, rule: &str) -> Option<Timestamp> {
        self.switches.get(rule)?.tripped_at
    }

    /// The rules that have tripped, be they in the configuration or not.
    pub(super) fn tripped(&self) -> impl Iterator<Item = &str> {
        let tripped = self.switches.iter().filter(|(_, switch)| switch.tripped_at.is_some());
        tripped.map(|(rule, _)| rule.as_str())
    }

    pub(super) fn set_switch(&mut self, rule: Option<&str>, switch: Switch) {
        self.switches.insert(rule.unwrap_or_default().to_owned(), switch);
    }

    /// Number of tasks of the rule that are queued or running.
    pub(super) fn busy(&self, rule: &str) -> usize {
        self.busy.get(rule).copied().unwrap_or(0)
    }

    /// A task of the rule is queued.
    pub(super) fn queued(&mut self, rule: &str) {
        *self.busy.entry(rule.to_owned()).or_default() += 1;
    }

    /// A task of the rule is running.
    pub(super) fn started(&mut self, rule: &str, task: TaskNo, depth: u32, at: Timestamp) {
        let runs = self.runs.entry(rule.to_owned()).or_default();
        runs.retain(|run| run.until.is_none_or(|until| until.as_millis() > at.as_millis() - RUNS_MS));
        runs.push(BusyPeriod { task, depth, from: at, until: None });
    }

    /// One that ran does not run any more.
    pub(super) fn stopped(&mut self, rule: &str, task: TaskNo, at: Timestamp) {
        let runs = self.runs.get_mut(rule).into_iter().flatten();
        if let Some(run) = runs.into_iter().find(|run| run.task == task && run.until.is_none()) {
            run.until = Some(at);
        }
    }

    /// A task of the rule has ended. True if it was the last one.
    pub(super) fn ended(&mut self, rule: &str) -> bool {
        let Some(count) = self.busy.get_mut(rule) else { return true };
        *count -= 1;
        let was_last = *count == 0;
        if was_last {
            self.busy.remove(rule);
        }
        was_last
    }

    /// A match of the rule has come to nothing.
    pub(super) fn refused(&mut self, rule: &str, refusal: RuleRefusal) {
        self.refusals.lock().insert(rule.to_owned(), refusal);
    }

    /// Forgets the refusals of a rule, or of all.
    pub(super) fn forget_refusals(&mut self, rule: Option<&str>) {
        match rule {
            Some(rule) => drop(self.refusals.lock().remove(rule)),
            None => self.refusals.lock().clear(),
        }
    }

    /// The last match of the rule that came to nothing.
    pub(super) fn last_refusal(&self, rule: &str) -> Option<RuleRefusal> {
        self.refusals.lock().get(rule).cloned()
    }

    /// True if a task of the rule ran at this moment.
    pub(super) fn ran_at(&self, rule: &str, at: Timestamp) -> bool {
        self.runs.get(rule).is_some_and(|runs| runs.iter().any(|run| ran_at(run, at)))
    }

    /// The possible cause of a change of a file at this moment: the deepest of the rules' tasks that ran then. Who
    /// has written a file is unknown, and a chain that went on by files alone would have no end. If it is the check of a task that ran, what has begun
    /// right after that is none.
    pub(super) fn cause_at(&self, at: Timestamp, is_of_check: bool) -> Option<Cause> {
        let runs = self.runs.iter().flat_map(|(rule, runs)| runs.iter().map(move |run| (rule, run)));
        let is_one = |run: &BusyPeriod| ran_at(run, at) && !(is_of_check && run.from > at);
        let (rule, run) = runs.filter(|(_, run)| is_one(run)).max_by_key(|(_, run)| run.depth)?;
        Some(Cause {
            task: Some(run.task.to_string()),
            // What was applied of a task that no rule has made.
            rule: Some(rule.clone()).filter(|rule| !rule.is_empty()),
            event: None,
            depth: run.depth + 1,
        })
    }
}

fn ran_at(run: &BusyPeriod, at: Timestamp) -> bool {
    let at = at.as_millis();
    run.from.as_millis().saturating_sub(TICK_MS) <= at
        && run.until.is_none_or(|until| at <= until.as_millis())
}
