//! The cost of a run: what its agent tells, or what its tokens come to by the configured prices.

use std::collections::BTreeMap;

use aiwg_agents::{
    evaluation::{Tokens, Usage},
    price::{Prices, cost, least_cost},
};
use aiwg_model::{RunCost, SessionCost};
use aiwg_protocol::config::ModelPrices;

/// Prices by the names of models.
pub(super) type PriceList = BTreeMap<String, Prices>;

/// These prices of a configuration.
pub(super) fn prices(configured: &BTreeMap<String, ModelPrices>) -> PriceList {
    let of = |prices: &ModelPrices| Prices {
        input: prices.input,
        output: prices.output,
        cache_read: prices.cache_read,
        cache_creation: prices.cache_write,
    };
    configured.iter().map(|(model, prices)| (model.clone(), of(prices))).collect()
}

/// The cost of a run, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Money {
    /// The extent to which it is known.
    pub(super) cost: RunCost,
    /// The cost in US dollars; none if nothing of it is known.
    pub(super) usd: Option<f64>,
    /// The cost of its session.
    pub(super) session: Option<SessionCost>,
}

/// The cost of a run: what the agent has told of it, and its other tokens by their prices. `is_sessions` says that the cost which the agent has told is
/// its session's.
pub(super) fn of_run(usage: &Usage, is_sessions: bool, prices: &PriceList) -> Money {
    let mut models = usage.tokens_by_model.keys();
    if let (None, Some(tokens), Some(model)) = (usage.cost_usd, usage.session_tokens, models.next()) {
        let usd = cost(&[(model.clone(), tokens)].into(), prices).filter(|_| tokens != Tokens::default());
        let session =
            usd.map(|total_usd| SessionCost { total_usd, is_sessions: true, ..SessionCost::default() });
        return Money { cost: if usd.is_some() { RunCost::Told } else { RunCost::Unknown }, usd, session };
    }
    let told = usage.cost_usd.or(Some(usage.spent.told_usd).filter(|usd| *usd > 0.0));
    let untold = match usage.spent.is_nothing() && told.is_none() {
        true => &usage.tokens_by_model,
        false => &usage.spent.untold,
    };
    let is_known = told.is_some() || untold.values().any(|tokens| *tokens != Tokens::default());
    let rest = cost(untold, prices).filter(|_| is_known);
    let usd = told.unwrap_or_default() + rest.unwrap_or_else(|| least_cost(untold, prices));
    let session = usage.cost_usd.and(usage.session_total_usd);
    Money {
        cost: match rest {
            Some(_) => RunCost::Told,
            None if usd > 0.0 => RunCost::AtLeast,
            None => RunCost::Unknown,
        },
        usd: (rest.is_some() || usd > 0.0).then_some(usd),
        session: session.map(|total_usd| SessionCost {
            total_usd,
            is_sessions,
            is_resumed: false,
            others: usage.other_totals.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use aiwg_agents::{evaluation::TokensByModel, price::Spent};
    use aiwg_protocol::config::BudgetConfig;

    use super::*;

    fn priced() -> PriceList {
        let budget = serde_json::from_str::<BudgetConfig>(
            r#"{"prices": {"codex": {"input": 2, "output": 10, "cache_write": 4}}}"#,
        );
        prices(&budget.unwrap().prices)
    }

    fn tokens(model: &str, tokens: Tokens) -> TokensByModel {
        [(model.to_owned(), tokens)].into()
    }

    const MANY: Tokens = Tokens { input: 500_000, output: 100_000, cache_read: 7, cache_creation: 250_000 };

    #[test]
    fn what_the_agent_tells_counts_before_its_tokens() {
        let usage = Usage {
            cost_usd: Some(0.25),
            session_total_usd: Some(0.75),
            other_totals: vec![("other".to_owned(), 0.5)],
            tokens_by_model: tokens("codex", MANY),
            ..Usage::default()
        };
        let others = usage.other_totals.clone();
        let session = SessionCost { total_usd: 0.75, others, ..SessionCost::default() };
        assert_eq!(of_run(&usage, false, &priced()), money(RunCost::Told, Some(0.25), Some(session)));
    }

    #[test]
    fn tokens_cost_what_is_configured() {
        let usage = |model: &str| Usage { tokens_by_model: tokens(model, MANY), ..Usage::default() };
        assert_eq!(of_run(&usage("codex"), false, &priced()), money(RunCost::Told, Some(3.0), None));
        assert_eq!(of_run(&usage("other"), false, &priced()), money(RunCost::Unknown, None, None));
        assert_eq!(of_run(&Usage::default(), false, &priced()), money(RunCost::Unknown, None, None));
    }

    #[test]
    fn what_was_spent_since_the_agent_told_its_cost_counts_too() {
        let of = |cost_usd, told_usd, model: &str| {
            let spent = Spent { told_usd, untold: tokens(model, MANY), ..Spent::default() };
            of_run(&Usage { cost_usd, spent, ..Usage::default() }, false, &priced())
        };
        assert_eq!(of(None, 0.0, "codex"), money(RunCost::Told, Some(3.0), None), "ended before its result");
        assert_eq!(of(Some(0.5), 0.5, "codex"), money(RunCost::Told, Some(3.5), None));
        assert_eq!(of(None, 0.5, "codex"), money(RunCost::Told, Some(3.5), None), "a later result told none");
        assert_eq!(of(None, 0.5, "other"), money(RunCost::AtLeast, Some(0.5), None));
        assert_eq!(of(None, 0.0, "other"), money(RunCost::Unknown, None, None));
    }

    #[test]
    fn a_model_without_a_price_takes_nothing_from_those_with_one() {
        let mut untold = tokens("codex", MANY);
        untold.extend(tokens("other", MANY));
        let spent = Spent { untold, ..Spent::default() };
        let usage = Usage { spent, ..Usage::default() };
        assert_eq!(of_run(&usage, false, &priced()), money(RunCost::AtLeast, Some(3.0), None));
    }

    fn money(cost: RunCost, usd: Option<f64>, session: Option<SessionCost>) -> Money {
        Money { cost, usd, session }
    }

    #[test]
    fn tokens_of_a_session_are_its_total() {
        let usage = Usage {
            tokens_by_model: tokens("codex", Tokens::default()),
            session_tokens: Some(MANY),
            ..Usage::default()
        };
        let session = SessionCost { total_usd: 3.0, is_sessions: true, ..SessionCost::default() };
        assert_eq!(of_run(&usage, true, &priced()), money(RunCost::Told, Some(3.0), Some(session)));
    }
}
