//! The bounds of the configuration, and what is left within them.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use aiwg_protocol::{
    config::{BudgetConfig, Config},
    types::{BudgetSpan, Timestamp},
};
use aiwg_schedule::time_zone;
use jiff::tz::TimeZone;

use super::period::Period;

/// Differences below this are none: sums of fractions are not exact. In US dollars.
const NEXT_TO_NOTHING: f64 = 1e-9;

/// The budgets of the configuration, and the time zone of their days.
#[derive(Debug, Clone, Default)]
pub struct Budgets {
    pub(super) config: Arc<BudgetConfig>,
    /// Name of the time zone; the machine's own if none.
    timezone: Option<String>,
    /// The time zone, once it was needed: who sets no budget and spends nothing needs none.
    zone: Arc<OnceLock<TimeZone>>,
}

impl PartialEq for Budgets {
    fn eq(&self, other: &Self) -> bool {
        self.config == other.config && self.timezone == other.timezone
    }
}

/// One bound: the most that may be spent in a day or a month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bound<'a> {
    pub(super) span: BudgetSpan,
    /// The rule whose tasks it bounds; none for all tasks.
    pub(super) rule: Option<&'a str>,
    pub(super) limit_usd: f64,
}

impl Budgets {
    /// The budgets of a configuration. Days are those of UTC if its time zone is none.
    pub fn of(config: &Config) -> Self {
        let timezone = config.schedule.timezone.clone();
        Self { config: Arc::new(config.budget.clone()), timezone, zone: Arc::default() }
    }

    /// The time zone of the days.
    pub(super) fn zone(&self) -> &TimeZone {
        self.zone.get_or_init(|| time_zone(self.timezone.as_deref()).unwrap_or(TimeZone::UTC))
    }

    /// True if anything is bounded.
    pub(in crate::engine) fn are_set(&self) -> bool {
        self.config.is_set()
    }

    /// The cost of a run where nothing is known, in US dollars: no more than a task may cost, nor a run that has a cap of its own.
    pub(in crate::engine) fn unknown_cost_usd(&self, cap_usd: Option<f64>) -> f64 {
        let caps = [self.config.task_usd, cap_usd];
        caps.into_iter().flatten().fold(self.config.unknown_cost_usd, f64::min)
    }

    /// The bounds for a task that counts to this rule.
    pub(super) fn bounds<'a>(&'a self, rule: Option<&'a str>) -> Vec<Bound<'a>> {
        let config = &*self.config;
        let of_rule = rule.and_then(|rule| Some((rule, config.rules.get(rule)?)));
        let for_all = [(BudgetSpan::Day, config.day_usd), (BudgetSpan::Month, config.month_usd)];
        let for_rule = of_rule.map(|(rule, of)| {
            [(BudgetSpan::Day, Some(rule), of.day_usd), (BudgetSpan::Month, Some(rule), of.month_usd)]
        });
        for_all
            .into_iter()
            .map(|(span, limit)| (span, None, limit))
            .chain(for_rule.into_iter().flatten())
            .filter_map(|(span, rule, limit)| Some(Bound { span, rule, limit_usd: limit? }))
            .collect()
    }

    /// All bounds: those for all tasks first, then those of each rule.
    pub(super) fn all(&self) -> Vec<Bound<'_>> {
        let of_rules = self
            .config
            .rules
            .keys()
            .flat_map(|rule| self.bounds(Some(rule)).into_iter().filter(|bound| bound.rule.is_some()));
        self.bounds(None).into_iter().chain(of_rules).collect()
    }
}

impl Bound<'_> {
    /// Time at which it begins anew.
    pub(super) fn ends(&self, period: &Period) -> Timestamp {
        match self.span {
            BudgetSpan::Month => period.month_ends,
            _ => period.day_ends,
        }
    }

    /// The name of its day or month.
    pub(super) fn period<'p>(&self, period: &'p Period) -> &'p str {
        match self.span {
            BudgetSpan::Month => &period.month,
            _ => &period.day,
        }
    }

    /// True if so much more fits beside what is taken already.
    pub(super) fn fits(&self, taken_usd: f64, more_usd: f64) -> bool {
        taken_usd + NEXT_TO_NOTHING < self.limit_usd && !self.is_passed(taken_usd + more_usd)
    }

    /// True if more is taken than it allows.
    pub(super) fn is_passed(&self, taken_usd: f64) -> bool {
        taken_usd > self.limit_usd + NEXT_TO_NOTHING
    }
}

/// Money of a day, and of the month that it is in.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) day_usd: f64,
    pub(super) month_usd: f64,
}

impl Sums {
    fn of(self, span: BudgetSpan) -> f64 {
        match span {
            BudgetSpan::Month => self.month_usd,
            _ => self.day_usd,
        }
    }
}

/// Money that was spent, of all tasks and of those of each rule.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Spent {
    pub(super) all: Sums,
    pub(super) rules: HashMap<String, Sums>,
}

impl Spent {
    /// Adds money that was spent this month, be it on this day.
    pub(super) fn add(&mut self, rule: Option<&str>, usd: f64, is_today: bool) {
        let of_rule = rule.map(|rule| self.rules.entry(rule.to_owned()).or_default());
        for sums in [Some(&mut self.all), of_rule].into_iter().flatten() {
            sums.month_usd += usd;
            sums.day_usd += if is_today { usd } else { 0.0 };
        }
    }

    /// Money that counts towards a bound.
    pub(super) fn towards(&self, bound: &Bound<'_>) -> f64 {
        self.sums(bound.rule).of(bound.span)
    }

    /// Money of a rule's tasks, or of all.
    pub(super) fn sums(&self, rule: Option<&str>) -> Sums {
        rule.map_or(self.all, |rule| self.rules.get(rule).copied().unwrap_or_default())
    }
}

/// How many times this cost fits into what is left, as a whole number.
pub(super) fn times(left_usd: f64, cost_usd: f64) -> f64 {
    let whole = ((left_usd + NEXT_TO_NOTHING) / cost_usd).floor();
    // What costs nothing fits as often as wanted.
    if whole.is_nan() { 0.0 } else { whole }
}

/// True if a part of a bound is spent, which the sum of fractions may miss by next to nothing.
pub(super) fn is_reached(spent_usd: f64, part_usd: f64) -> bool {
    spent_usd + NEXT_TO_NOTHING >= part_usd
}

/// The one in the middle; of two, what lies between them. None of nothing.
pub(super) fn median(mut costs: Vec<f64>) -> Option<f64> {
    costs.sort_unstable_by(f64::total_cmp);
    let half = costs.len() / 2;
    let upper = *costs.get(half)?;
    let lower = if costs.len().is_multiple_of(2) { *costs.get(half.saturating_sub(1))? } else { upper };
    Some(lower / 2.0 + upper / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budgets(text: &str) -> Budgets {
        Budgets::of(&Config { budget: serde_json::from_str(text).unwrap(), ..Config::default() })
    }

    #[test]
    fn a_task_has_the_bounds_for_all_and_those_of_its_rule() {
        let budgets = budgets(
            r#"{"day_usd": 5, "month_usd": 50, "rules": {"r": {"day_usd": 1}, "s": {"day_usd": 2, "month_usd": 3}}}"#,
        );
        let limits = |bounds: Vec<Bound<'_>>| bounds.iter().map(|bound| bound.limit_usd).collect::<Vec<_>>();
        assert_eq!(limits(budgets.bounds(None)), [5.0, 50.0]);
        assert_eq!(limits(budgets.bounds(Some("r"))), [5.0, 50.0, 1.0]);
        assert_eq!(limits(budgets.bounds(Some("other"))), [5.0, 50.0]);
        assert_eq!(limits(budgets.all()), [5.0, 50.0, 1.0, 2.0, 3.0]);
        assert!(budgets.are_set() && !Budgets::default().are_set());
    }

    #[test]
    fn a_bound_is_used_up_to_the_cent() {
        let bound = Bound { span: BudgetSpan::Day, rule: None, limit_usd: 0.3 };
        assert!(bound.fits(0.1 + 0.1, 0.1), "0.1 three times is 0.3");
        assert!(!bound.fits(0.25, 0.1) && !bound.fits(0.3, 0.0) && !bound.fits(0.4, 0.0));
        assert!(!bound.is_passed(0.1 + 0.2) && bound.is_passed(0.301));
    }

    #[test]
    fn the_middle_is_what_half_of_them_cost() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 100.0]), Some(3.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
        assert!(median(vec![f64::MAX, f64::MAX]).unwrap().is_finite());
    }

    #[test]
    fn money_counts_to_its_rule_and_to_all() {
        let mut spent = Spent::default();
        spent.add(Some("r"), 1.0, true);
        spent.add(Some("r"), 2.0, false);
        spent.add(None, 4.0, true);
        assert_eq!(spent.sums(None), Sums { day_usd: 5.0, month_usd: 7.0 });
        assert_eq!(spent.sums(Some("r")), Sums { day_usd: 1.0, month_usd: 3.0 });
        assert_eq!(spent.sums(Some("s")), Sums::default());
    }
}
