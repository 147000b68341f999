//! Costs of tokens, for programs that do not tell what they cost.

use std::collections::BTreeMap;

pub use crate::evaluation::Spent;
use crate::evaluation::{Tokens, TokensByModel};

/// Prices of a model's tokens, in US dollars for each million.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Prices {
    /// Sent, and not taken from a cache.
    pub input: f64,
    /// Generated.
    pub output: f64,
    /// Taken from a cache.
    pub cache_read: f64,
    /// Written to a cache.
    pub cache_creation: f64,
}

/// Cost of these tokens in US dollars, by the prices of their models. None where one of the models that have any tokens has no price, or a price is
/// no amount: a part of the cost would be taken for all of it.
#[must_use]
pub fn cost(tokens: &TokensByModel, prices: &BTreeMap<String, Prices>) -> Option<f64> {
    let used = tokens.iter().filter(|(_, tokens)| **tokens != Tokens::default());
    let sum: Option<f64> = used.map(|(model, tokens)| prices.get(model)?.of(tokens)).sum();
    // The sum of nothing is -0.
    sum.map(|sum| sum + 0.0)
}

/// Cost in US dollars of those of these tokens whose model has a price: the least that all of them cost.
#[must_use]
pub fn least_cost(tokens: &TokensByModel, prices: &BTreeMap<String, Prices>) -> f64 {
    tokens.iter().filter_map(|(model, tokens)| prices.get(model)?.of(tokens)).sum()
}

impl Spent {
    /// The cost so far in US dollars, as far as it is known: tokens without a price are left out.
    #[must_use]
    pub fn least_usd(&self, prices: &BTreeMap<String, Prices>) -> f64 {
        self.told_usd + least_cost(&self.untold, prices)
    }

    /// True if nothing is known of any cost.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.told_usd == 0.0 && self.untold.values().all(|tokens| *tokens == Tokens::default())
    }
}

impl Prices {
    fn of(&self, tokens: &Tokens) -> Option<f64> {
        let parts = [
            (tokens.input, self.input),
            (tokens.output, self.output),
            (tokens.cache_read, self.cache_read),
            (tokens.cache_creation, self.cache_creation),
        ];
        let is_amount = parts.iter().all(|(_, price)| price.is_finite() && *price >= 0.0);
        // Exact to 9e15 tokens, and cents do not matter beyond.
        is_amount.then(|| parts.iter().map(|(count, price)| *count as f64 / 1e6 * price).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: Prices = Prices { input: 3.0, output: 15.0, cache_read: 0.3, cache_creation: 3.75 };

    fn of(tokens: &[(&str, Tokens)], prices: &[(&str, Prices)]) -> Option<f64> {
        let tokens = tokens.iter().map(|(model, tokens)| ((*model).to_owned(), *tokens)).collect();
        let prices = prices.iter().map(|(model, prices)| ((*model).to_owned(), *prices)).collect();
        cost(&tokens, &prices)
    }

    #[test]
    fn each_kind_of_token_has_its_price() {
        let tokens =
            Tokens { input: 1_000_000, output: 100_000, cache_read: 2_000_000, cache_creation: 400_000 };
        let sum = of(&[("a", tokens), ("b", tokens)], &[("a", PRICES), ("b", PRICES)]).unwrap();
        assert!((sum - 2.0 * (3.0 + 1.5 + 0.6 + 1.5)).abs() < 1e-9, "{sum}");
        assert_eq!(of(&[], &[]), Some(0.0));
        assert!(of(&[], &[]).is_some_and(f64::is_sign_positive), "the sum of nothing is no -0");
    }

    #[test]
    fn a_model_without_a_price_leaves_the_cost_unknown() {
        let some = Tokens { input: 1, ..Tokens::default() };
        assert_eq!(of(&[("a", some), ("b", some)], &[("a", PRICES)]), None);
        // One that was not used costs nothing.
        assert_eq!(of(&[("b", Tokens::default())], &[]), Some(0.0));
        for odd in [f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(of(&[("a", some)], &[("a", Prices { input: odd, ..PRICES })]), None, "{odd}");
        }
    }

    #[test]
    fn what_is_told_and_what_is_not_add_up() {
        let some = Tokens { output: 1_000_000, ..Tokens::default() };
        let untold = [("a".to_owned(), some), ("b".to_owned(), some)].into();
        let spent = Spent { told_usd: 0.5, untold, ..Spent::default() };
        assert_eq!(spent.least_usd(&[("a".to_owned(), PRICES)].into()), 15.5, "b has no price");
        assert_eq!(spent.least_usd(&BTreeMap::new()), 0.5);
        assert!(!spent.is_nothing() && Spent::default().is_nothing());
    }

    #[test]
    fn no_count_is_too_large() {
        let all =
            Tokens { input: u64::MAX, output: u64::MAX, cache_read: u64::MAX, cache_creation: u64::MAX };
        assert!(of(&[("a", all)], &[("a", PRICES)]).unwrap().is_finite());
    }
}
