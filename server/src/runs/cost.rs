//! The cost of a run: what its agent tells, or what its tokens come to by the configured prices.

use std::collections::BTreeMap;

use aiwg_agents::{
    evaluation::Usage,
    price::{Prices, cost},
};
use aiwg_model::SessionCost;
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

/// The cost of a run in US dollars, and that of its session, as far as they are known. `is_sessions` says that the cost which the agent has told is its
/// session's.
pub(super) fn of_run(
    usage: &Usage,
    is_sessions: bool,
    prices: &PriceList,
) -> (Option<f64>, Option<SessionCost>) {
    if usage.cost_usd.is_some() {
        let session = usage.session_total_usd.map(|total_usd| SessionCost { total_usd, is_sessions });
        return (usage.cost_usd, session);
    }
    let mut models = usage.tokens_by_model.keys();
    if let (Some(tokens), Some(model)) = (usage.session_tokens, models.next()) {
        let total = cost(&[(model.clone(), tokens)].into(), prices);
        return (total, total.map(|total_usd| SessionCost { total_usd, is_sessions: true }));
    }
    let is_known = usage.tokens_by_model.values().any(|tokens| *tokens != Default::default());
    (is_known.then(|| cost(&usage.tokens_by_model, prices)).flatten(), None)
}

#[cfg(test)]
mod tests {
    use aiwg_agents::evaluation::{Tokens, TokensByModel};
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
            tokens_by_model: tokens("codex", MANY),
            ..Usage::default()
        };
        let session = SessionCost { total_usd: 0.75, is_sessions: false };
        assert_eq!(of_run(&usage, false, &priced()), (Some(0.25), Some(session)));
    }

    #[test]
    fn tokens_cost_what_is_configured() {
        let usage = |model: &str| Usage { tokens_by_model: tokens(model, MANY), ..Usage::default() };
        assert_eq!(of_run(&usage("codex"), false, &priced()), (Some(3.0), None));
        assert_eq!(of_run(&usage("other"), false, &priced()), (None, None));
        assert_eq!(of_run(&Usage::default(), false, &priced()), (None, None));
    }

    #[test]
    fn tokens_of_a_session_are_its_total() {
        let usage = Usage {
            tokens_by_model: tokens("codex", Tokens::default()),
            session_tokens: Some(MANY),
            ..Usage::default()
        };
        let session = SessionCost { total_usd: 3.0, is_sessions: true };
        assert_eq!(of_run(&usage, true, &priced()), (Some(3.0), Some(session)));
    }
}
