//! Budgets: money is set aside before a task starts, so that what is spent and what is set aside never pass a bound.
//!
//! All of it is in the store: what was spent is a row for each day, rule and agent, what is set aside is with the run. What is in memory is read from
//! there when it is needed first, and again when the day turns, whichever way the clock was set. A project without budgets reads nothing.

mod bounds;
mod charge;
#[cfg(test)]
mod model_tests;
mod over;
mod period;
mod status;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use aiwg_model::{Cursor, NewEvent, Outcome, RunId, RunRow, Spending, TaskNo, TaskRow, sum_of, whole_usd};
use aiwg_protocol::{
    config::AgentConfig,
    types::{BudgetEvent, EventSource, Json, Timestamp, Waiting},
};

use jiff::tz::TimeZone;

use super::{
    Engine, EngineError, call::Call, classes::Class, gates::Gate, state::Slot, transaction::Transaction,
};
pub use bounds::Budgets;
use bounds::{Bound, Spent, median};
use period::{Period, day_before};
pub(crate) use status::budget_status;

/// The source of the cursors which remember what was published.
const SOURCE: &str = "budget";

/// Time for which it is remembered after its day or month, in milliseconds: 40 days.
const REMEMBERED_MS: i64 = 40 * 24 * 3_600_000;

/// Number of days for which it is kept what was spent.
const DAYS_KEPT: i32 = 400;

/// The money that was spent and is expected to be. All of it can be read from the store again.
#[derive(Debug, Default)]
pub(super) struct Money {
    book: Option<Book>,
    /// The expected cost of each rule's next task, where its latest ones tell.
    expected: HashMap<String, Option<f64>>,
    /// The first time at which a closed gate opens by itself.
    turn: Option<Timestamp>,
}

impl Money {
    /// The first time at which a gate that a budget has closed opens by itself, if that is yet to come.
    pub(super) fn turn(&self, now: Timestamp) -> Option<Timestamp> {
        self.turn.filter(|turn| *turn > now)
    }
}

/// Money that was spent on this day and in this month.
#[derive(Debug)]
struct Book {
    period: Period,
    spent: Spent,
    /// The events that were published, each with the limit that it was about.
    published: HashMap<String, String>,
}

/// The share of a run in a budget.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Share {
    /// The cost that is set aside for it, in US dollars.
    pub(super) reserved_usd: f64,
    /// The most that it may cost, in US dollars; none for no cap.
    pub(super) cap_usd: Option<f64>,
}

/// An occasion on which an event is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    Warning,
    Exhausted,
}

impl Occasion {
    fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Exhausted => "exhausted",
        }
    }
}

impl Engine {
    /// The agent of a run has told what it cost so far, in US dollars. It is ended if that is more than a budget allows.
    ///
    /// # Errors
    /// The run is over, or the database could not be written.
    pub async fn cost_so_far(
        &self,
        run: RunId,
        usd: f64,
        session: Option<String>,
    ) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.cost_so_far(run, usd, session.as_deref()))).await
    }
}

impl Transaction<'_> {
    fn budgets(&self) -> &Budgets {
        &self.state.config.budgets
    }

    /// Reads what was spent, unless it is known for this day.
    fn open_book(&mut self) -> aiwg_store::Result<()> {
        let now = self.now;
        if self.state.money.book.as_ref().is_some_and(|book| book.period.contains(now)) {
            return Ok(());
        }
        let period = Period::of(now, self.budgets().zone());
        let (first, last) = &period.days_of_month;
        let mut spent = Spent::default();
        for row in self.store.spending(first, last)? {
            spent.add(row.rule.as_deref(), row.usd, row.day == period.day);
        }
        let published = self.store.cursors(SOURCE)?;
        self.state.money.book = Some(Book { period, spent, published });
        Ok(())
    }

    /// Money that is spent, or that running agents may spend yet: what one of them was given is not given to another.
    fn given(&self, bound: &Bound<'_>, but: Option<TaskNo>) -> f64 {
        let spent = self.state.money.book.as_ref().map_or(0.0, |book| book.spent.towards(bound));
        let others = self.state.running.iter().filter(|(no, _)| Some(**no) != but).map(|(_, slot)| slot);
        spent + sum_of(counting(others, bound.rule).map(|slot| slot.reserved_usd.max(slot.cap_usd)))
    }

    /// Number of parts into which what is left of a bound is divided: one for each slot that is free, and one for a task that an agent waits for, as
    /// long as what is expected fits into each.
    fn parts(&self, no: TaskNo, left_usd: f64, expected_usd: f64) -> f64 {
        let others = self.state.running.keys().filter(|other| **other != no).count();
        let free = self.state.config.max_parallel.saturating_sub(others).max(1).saturating_add(1);
        let free = f64::from(u32::try_from(free).unwrap_or(u32::MAX));
        bounds::times(left_usd, expected_usd).min(free).max(1.0)
    }

    /// Money that is spent or set aside, as it counts towards a bound.
    fn taken(&self, bound: &Bound<'_>) -> f64 {
        let spent = self.state.money.book.as_ref().map_or(0.0, |book| book.spent.towards(bound));
        spent + reserved(self.state.running.values(), bound.rule)
    }

    /// The gate that a budget closes before the first task of a class. What keeps one task from a bound for all keeps those behind it as well, of
    /// whatever class: `for_all` is that gate.
    pub(super) fn budget_gate(
        &mut self,
        no: TaskNo,
        class: &str,
        for_all: &mut Option<Gate>,
    ) -> aiwg_store::Result<Option<Gate>> {
        if !self.budgets().are_set() || Class::named(class).ignores_budget {
            return Ok(None);
        }
        if for_all.is_some() {
            return Ok(for_all.clone());
        }
        // One that cannot be read fails when it is its turn.
        let Some(task) = self.store.task_if_readable(no)? else { return Ok(None) };
        let lacking = self.lacking(&task)?;
        let gate = |bounds: &[&Lack]| {
            let until = bounds.iter().map(|lack| lack.until).max()?;
            Some(Gate { until: Some(until), ..Gate::of(Waiting::Budget) })
        };
        let all: Vec<&Lack> = lacking.iter().collect();
        let of_all: Vec<&Lack> = lacking.iter().filter(|lack| lack.is_for_all).collect();
        *for_all = gate(&of_all);
        let gate = gate(&all);
        if let Some(until) = gate.as_ref().and_then(|gate| gate.until) {
            let money = &mut self.state.money;
            money.turn = Some(money.turn.map_or(until, |turn| turn.min(until)));
        }
        Ok(gate)
    }

    /// Before the gates are looked at anew: none is known to open.
    pub(super) fn forget_turn(&mut self) {
        self.state.money.turn = None;
    }

    /// The bounds that a task does not fit in. Publishes those that are exhausted.
    fn lacking(&mut self, task: &TaskRow) -> aiwg_store::Result<Vec<Lack>> {
        self.open_book()?;
        let profile = self.profile_for(task, None);
        let needed = self.expected(task, profile.as_deref())?;
        let rule = task.spec.counts_to().map(str::to_owned);
        let budgets = self.budgets().clone();
        let mut lacking = Vec::new();
        for bound in budgets.bounds(rule.as_deref()) {
            if bound.fits(self.given(&bound, None), needed) {
                continue;
            }
            let Some(book) = &self.state.money.book else { continue };
            lacking.push(Lack { until: bound.ends(&book.period), is_for_all: bound.rule.is_none() });
            // Whatever becomes of those that run.
            if !bound.fits(book.spent.towards(&bound), needed) {
                self.publish_once(Occasion::Exhausted, &bound)?;
            }
        }
        Ok(lacking)
    }

    /// The cost that is expected of the next run of a task, in US dollars: no more than each bound, so that what is dear can be run at all.
    fn expected(&mut self, task: &TaskRow, profile: Option<&str>) -> aiwg_store::Result<f64> {
        let rule = task.spec.counts_to();
        let cap = self.state.config.profiles.cap_usd(profile);
        let unknown = self.budgets().unknown_cost_usd(cap);
        let usual = match rule {
            Some(rule) => self.usual(rule)?.unwrap_or(unknown),
            None => unknown,
        };
        let caps = self.left_of_cap(task)?.into_iter().chain(cap);
        let limits = self.budgets().bounds(rule).into_iter().map(|bound| bound.limit_usd);
        Ok(limits.chain(caps).fold(usual, f64::min))
    }

    /// The median cost of a rule's latest tasks; none where none has told its cost.
    fn usual(&mut self, rule: &str) -> aiwg_store::Result<Option<f64>> {
        if let Some(known) = self.state.money.expected.get(rule) {
            return Ok(*known);
        }
        let usual = median(self.store.rule_costs(rule)?);
        self.state.money.expected.insert(rule.to_owned(), usual);
        Ok(usual)
    }

    /// Money that a task may still cost by its cap; none where there is no cap.
    fn left_of_cap(&self, task: &TaskRow) -> aiwg_store::Result<Option<f64>> {
        let Some(cap) = self.budgets().config.task_usd else { return Ok(None) };
        Ok(Some((cap - charged_before(self.store, task)?).max(0.0)))
    }

    /// The end of a queued task that has cost as much as its cap allows; none if it may go on.
    pub(super) fn is_over_cap(&self, task: &TaskRow) -> aiwg_store::Result<Option<Outcome>> {
        if task.launch == 0 || self.left_of_cap(task)?.is_none_or(|left| left > 0.0) {
            return Ok(None);
        }
        let cost = charged_before(self.store, task)?;
        let why = self.budgets().config.task_usd.map(|cap| over::of_task(cost, cap));
        Ok(Some(over::outcome(why)))
    }

    /// The share of a run that begins; none where there are no budgets.
    pub(super) fn share(
        &mut self,
        task: &TaskRow,
        profile: Option<&str>,
    ) -> aiwg_store::Result<Option<Share>> {
        if !self.budgets().are_set() {
            return Ok(None);
        }
        self.open_book()?;
        let expected = self.expected(task, profile)?;
        let rule = task.spec.counts_to();
        let of_bounds = self.budgets().bounds(rule).into_iter().map(|bound| {
            let left = bound.limit_usd - self.given(&bound, Some(task.no));
            left / self.parts(task.no, left, expected)
        });
        let of_bounds: Vec<f64> =
            if task.spec.terms.ignore_budget { Vec::new() } else { of_bounds.collect() };
        let least = of_bounds.into_iter().chain(self.left_of_cap(task)?).min_by(f64::total_cmp);
        let cap_usd = least.map(|cap| cap.max(0.0));
        // The gate may have looked at another profile, of which less was expected.
        let reserved_usd = cap_usd.map_or(expected, |cap| expected.min(cap));
        Ok(Some(Share { reserved_usd, cap_usd }))
    }

    /// The most that a run may cost, in US dollars: its share in the budgets, or the cap of its profile if that is less.
    pub(super) fn cap_of_run(&self, share: Option<Share>, profile: Option<&str>) -> Option<f64> {
        let caps = [share.and_then(|share| share.cap_usd), self.state.config.profiles.cap_usd(profile)];
        caps.into_iter().flatten().reduce(f64::min)
    }

    fn spend(&mut self, rule: Option<&str>, agent: Option<&str>, usd: f64) -> aiwg_store::Result<()> {
        let budgets = self.budgets().clone();
        let day = if budgets.are_set() {
            self.open_book()?;
            self.state.money.book.as_ref().map(|book| book.period.day.clone())
        } else {
            None
        };
        let day = day.unwrap_or_else(|| day_before(self.now, budgets.zone(), 0));
        let (rule_name, agent) = (rule.map(str::to_owned), agent.map(str::to_owned));
        self.store.add_spending(&Spending { day, rule: rule_name, agent, usd })?;
        let Some(book) = &mut self.state.money.book else { return Ok(()) };
        book.spent.add(rule, usd, true);
        for bound in budgets.bounds(rule) {
            let spent = self.state.money.book.as_ref().map_or(0.0, |book| book.spent.towards(&bound));
            if bounds::is_reached(spent, bound.limit_usd * budgets.config.warn_at) {
                self.publish_once(Occasion::Warning, &bound)?;
            }
        }
        Ok(())
    }

    /// Publishes an event about a bound, unless it was published for this day or month and limit.
    fn publish_once(&mut self, occasion: Occasion, bound: &Bound<'_>) -> aiwg_store::Result<()> {
        let reserved_usd = reserved(self.state.running.values(), bound.rule);
        let Some(book) = &mut self.state.money.book else { return Ok(()) };
        let (name, span) = (occasion.name(), bound.span.name());
        let key = format!("{name}:{span}:{}:{}", bound.period(&book.period), bound.rule.unwrap_or_default());
        let limit = bound.limit_usd.to_string();
        if book.published.get(&key) == Some(&limit) {
            return Ok(());
        }
        let ends_at = bound.ends(&book.period);
        let spent_usd = book.spent.towards(bound);
        let payload = BudgetEvent {
            span: bound.span,
            period: bound.period(&book.period).to_owned(),
            rule: bound.rule.map(str::to_owned),
            limit_usd: bound.limit_usd,
            spent_usd: whole_usd(spent_usd),
            reserved_usd: whole_usd(reserved_usd),
            left_usd: whole_usd((bound.limit_usd - spent_usd - reserved_usd).max(0.0)),
            ends_at,
        };
        book.published.insert(key.clone(), limit.clone());
        let until = Timestamp::from_millis(ends_at.as_millis().saturating_add(REMEMBERED_MS));
        self.store.move_cursor(&Cursor { until: Some(until), ..Cursor::moved(SOURCE, key, limit) })?;
        self.effects.new_events.push_back(NewEvent {
            topic: format!("budget:{name}"),
            payload: Json::new(&payload).unwrap_or_default(),
            source: EventSource::Daemon,
            cause: None,
            happened_at: None,
            traceparent: None,
        });
        Ok(())
    }

    /// Has the money read again, and gives each running task its share: the configuration has changed.
    pub(super) fn change_budgets(&mut self) -> aiwg_store::Result<()> {
        self.state.money = Money::default();
        let running: Vec<TaskNo> = self.state.running.keys().copied().collect();
        for no in running {
            let (budgets, hosts) = (&self.state.config.budgets, &self.state.hosts);
            // Of one whose row cannot be read there are no reports: it fails.
            let slot = match self.store.task_if_readable(no)? {
                Some(task) => Slot::with(&task, &self.store.runs(no)?, (budgets, hosts)),
                None => Slot::default(),
            };
            if let Some(before) = self.state.running.insert(no, slot)
                && let Some(slot) = self.state.running.get_mut(&no)
            {
                slot.reported_usd = before.reported_usd;
            }
        }
        Ok(())
    }

    /// Forgets what was spent long before this time, `limit` rows at the most. How many.
    pub(super) fn prune_spending(&mut self, aged: Timestamp, limit: u64) -> aiwg_store::Result<usize> {
        // To the day, in whatever zone: it is not worth reading that of the machine.
        let before = day_before(aged, &TimeZone::UTC, DAYS_KEPT);
        self.store.prune_spending(&before, limit)
    }
}

/// A bound in which there is too little left for a task.
struct Lack {
    until: Timestamp,
    is_for_all: bool,
}

/// Money that is set aside for running tasks of a rule, or for all.
fn reserved<'s>(slots: impl Iterator<Item = &'s Slot>, rule: Option<&str>) -> f64 {
    sum_of(counting(slots, rule).map(|slot| slot.reserved_usd))
}

/// The slots of the tasks of a rule, or all.
fn counting<'s>(slots: impl Iterator<Item = &'s Slot>, rule: Option<&str>) -> impl Iterator<Item = &'s Slot> {
    slots.filter(move |slot| rule.is_none() || slot.rule.as_deref() == rule)
}

/// The most that the agent of a running task with these runs was given, in US dollars; 0 where there was no cap.
pub(super) fn given_to(runs: &[RunRow]) -> f64 {
    let open = runs.iter().rfind(|run| run.ended_at.is_none());
    open.and_then(|run| run.cap_usd).unwrap_or_default()
}

/// Money that is set aside for a running task with these runs. There may have been no budgets when its agent was started.
pub(super) fn reserved_of(runs: &[RunRow], budgets: &Budgets) -> f64 {
    match runs.iter().rfind(|run| run.ended_at.is_none()) {
        Some(run) if run.kind == RunRow::AGENT => run.reserved_usd.unwrap_or(budgets.unknown_cost_usd(None)),
        _ => 0.0,
    }
}

/// The agent by whose name it is counted what a run of a task costs: that of the profile that it has fallen back to, if it has, since another account
/// pays then.
pub(super) fn spender<'a>(profile: Option<&'a str>, task: &'a TaskRow) -> Option<&'a str> {
    profile.filter(|name| *name != AgentConfig::NAME).or(task.spec.agent.as_deref())
}

/// The cost of a task's runs so far, in US dollars, as it was counted.
pub(super) fn charged_before(store: &dyn aiwg_store::View, task: &TaskRow) -> aiwg_store::Result<f64> {
    if task.launch == 0 {
        return Ok(0.0);
    }
    Ok(charged(&store.runs(task.no)?))
}

/// The cost of these runs, as far as it is known.
pub(super) fn charged(runs: &[RunRow]) -> f64 {
    let cost = |run: &RunRow| run.charged_usd.or_else(|| run.usage.as_ref()?.cost_usd);
    sum_of(runs.iter().filter_map(cost))
}
