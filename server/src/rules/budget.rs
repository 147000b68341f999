//! The checks of the section `budget`.

use std::collections::HashSet;

use aiwg_protocol::config::{BudgetConfig, Config};

use super::compile;
use crate::config::{Check, SectionCheck, Step, nearest};

/// The checks of the budgets: that they can be kept, and are those of rules that there are.
pub(crate) struct BudgetCheck;

impl SectionCheck for BudgetCheck {
    fn check(&self, check: &mut Check<'_, '_, '_>, config: &Config) {
        let budget = &config.budget;
        let bounds = [("day_usd", budget.day_usd), ("month_usd", budget.month_usd)];
        for (name, limit) in bounds.into_iter().filter_map(|(name, limit)| Some((name, limit?))) {
            if let Some(cap) = budget.task_usd.filter(|cap| *cap > limit) {
                let why = format!(
                    "is {cap}, and budget.{name} only {limit}: a task can never cost more than that; lower the one or raise the other"
                );
                check.wrong(&[Step::Key("budget"), Step::Key("task_usd")], why);
            }
        }
        if budget.rules.is_empty() {
            return;
        }
        for (name, _) in budget.rules.iter().filter(|(_, of)| of.day_usd.is_none() && of.month_usd.is_none())
        {
            let at = [Step::Key("budget"), Step::Key("rules"), Step::Key(name)];
            check.wrong(&at, "must have \"day_usd\" or \"month_usd\"");
        }
        let rules = compile(config);
        let known: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        let all: HashSet<&str> = known.iter().copied().collect();
        for name in budget.rules.keys().filter(|name| !all.contains(name.as_str())) {
            let near = nearest(name, &known);
            let hint = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
            check.wrong(
                &[Step::Key("budget"), Step::Key("rules"), Step::Key(name)],
                format!("there is no rule {name:?} in \"rules\"{hint}"),
            );
        }
    }

    fn in_vain(&self, config: &Config) -> Vec<String> {
        let budget = &config.budget;
        let is_more = budget.day_usd.zip(budget.month_usd).is_some_and(|(day, month)| day > month);
        let is_more = is_more.then_some("budget.day_usd is more than budget.month_usd, so it bounds nothing");
        let is_unbounded = budget.day_usd.is_none() && budget.month_usd.is_none() && budget.rules.is_empty();
        let warns = budget.warn_at != BudgetConfig::default().warn_at;
        let never_warns = (is_unbounded && warns)
            .then_some("budget.warn_at has no effect without a bound: set day_usd or month_usd");
        is_more.into_iter().chain(never_warns).map(str::to_owned).collect()
    }
}
