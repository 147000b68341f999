//! Events about the limits of the account.

use serde_json::Value;

use crate::limit::{Limit, LimitWarning};

/// The most windows that are kept of an account.
const MOST_WINDOWS: usize = 16;

/// The longest name of a window, in characters.
const LONGEST_NAME: usize = 64;

/// The limits that are used up, each window once, by the order of the events.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rejections(Vec<Limit>);

impl Rejections {
    /// Takes in what this `rate_limit_info` says. A word on one window says nothing of the others; one on none of them is on all.
    pub(super) fn take(&mut self, info: &Value) {
        let (window, rejected) = (window(info), rejected(info));
        match (&window, &rejected) {
            (None, None) => self.0.clear(),
            _ => self.0.retain(|known| known.window != window),
        }
        self.0.extend(rejected.filter(|_| self.0.len() < MOST_WINDOWS));
    }

    /// The one of the last event that rejected; none where work may go on.
    pub(super) fn last(&self) -> Option<&Limit> {
        self.0.last()
    }

    /// The one that resets last.
    pub(super) fn furthest(&self) -> Option<&Limit> {
        self.0.iter().max_by_key(|limit| limit.resets_at)
    }
}

/// The limit that this `rate_limit_info` says is used up; none if it says that work may go on.
fn rejected(info: &Value) -> Option<Limit> {
    (info.get("status").and_then(Value::as_str) == Some("rejected")).then(|| Limit {
        resets_at: resets_at(info),
        window: window(info),
        ..Limit::default()
    })
}

/// Takes in what this `rate_limit_info` says of each window.
pub(super) fn update(warnings: &mut Vec<LimitWarning>, info: &Value) {
    if let Some(name) = window(info) {
        update_one(warnings, name, info);
    }
    let windows = info.get("unifiedWindows").and_then(Value::as_object);
    for (name, window) in windows.into_iter().flatten().take(MOST_WINDOWS) {
        update_one(warnings, shortened(name), window);
    }
}

fn update_one(warnings: &mut Vec<LimitWarning>, window: String, info: &Value) {
    let part = |name: &str| info.get(name).and_then(Value::as_f64).map(|part| part.clamp(0.0, 1.0));
    let Some(utilization) = part("utilization") else { return };
    let new = LimitWarning {
        window,
        utilization,
        surpassed_threshold: part("surpassedThreshold"),
        resets_at: resets_at(info),
    };
    if let Some(known) = warnings.iter_mut().find(|known| known.window == new.window) {
        *known = new;
    } else if warnings.len() < MOST_WINDOWS {
        warnings.push(new);
    }
}

fn window(info: &Value) -> Option<String> {
    info.get("rateLimitType").and_then(Value::as_str).filter(|name| !name.is_empty()).map(shortened)
}

fn shortened(name: &str) -> String {
    name.chars().take(LONGEST_NAME).collect()
}

/// A time in seconds since 1970; none where it is no number, or before that.
fn resets_at(info: &Value) -> Option<u64> {
    let at = info.get("resetsAt")?.as_f64()?;
    // `as` keeps what is beyond all numbers at the largest one, which nobody believes.
    (at >= 0.0).then_some(at as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_that_is_none_is_none() {
        let at = |at: Value| rejected(&json!({"status": "rejected", "resetsAt": at})).unwrap().resets_at;
        assert_eq!(at(json!(1_795_888_905)), Some(1_795_888_905));
        assert_eq!(at(json!(1.5)), Some(1));
        for none in [json!(null), json!("1795888905"), json!(-1), json!([1]), json!({}), json!(true)] {
            assert_eq!(at(none.clone()), None, "{none}");
        }
        assert_eq!(at(json!(1e300)), Some(u64::MAX));
        assert_eq!(rejected(&json!({"status": "rejected"})), Some(Limit::default()));
    }

    #[test]
    fn only_what_is_rejected_is_used_up() {
        for info in [
            json!({"status": "allowed", "resetsAt": 1}),
            json!({"status": 3}),
            json!(null),
            json!("rejected"),
        ] {
            assert_eq!(rejected(&info), None, "{info}");
        }
    }

    #[test]
    fn each_window_that_is_used_up_counts_until_it_is_not() {
        let rejected =
            |window: &str, at: u64| json!({"status": "rejected", "rateLimitType": window, "resetsAt": at});
        let allowed = |window: &str| json!({"status": "allowed", "rateLimitType": window});
        let furthest = |infos: &[Value]| {
            let mut all = Rejections::default();
            infos.iter().for_each(|info| all.take(info));
            all.furthest()
                .map(|limit| (limit.window.clone().unwrap_or_default(), limit.resets_at.unwrap_or(0)))
        };
        let week = Some(("seven_day".to_owned(), 900));
        assert_eq!(furthest(&[rejected("seven_day", 900), rejected("five_hour", 5)]), week);
        assert_eq!(furthest(&[rejected("five_hour", 5), rejected("seven_day", 900)]), week);
        assert_eq!(furthest(&[rejected("seven_day", 900), allowed("five_hour")]), week);
        assert_eq!(furthest(&[rejected("seven_day", 900), allowed("seven_day")]), None);
        assert_eq!(furthest(&[rejected("seven_day", 900), json!({"status": "allowed"})]), None);
        assert_eq!(furthest(&[rejected("seven_day", 900), json!({"status": "rejected"})]), week);
    }

    #[test]
    fn the_last_word_on_each_window_is_kept() {
        let mut warnings = Vec::new();
        update(&mut warnings, &json!({"rateLimitType": "five_hour", "utilization": 0.5}));
        update(
            &mut warnings,
            &json!({
                "rateLimitType": "five_hour", "utilization": 7, "surpassedThreshold": 0.9,
                "unifiedWindows": {"seven_day": {"utilization": 0.25, "resetsAt": 5}, "odd": {"utilization": "much"}, "odder": 3}
            }),
        );
        let seen: Vec<_> = warnings
            .iter()
            .map(|one| (one.window.as_str(), one.utilization, one.surpassed_threshold, one.resets_at))
            .collect();
        assert_eq!(seen, [("five_hour", 1.0, Some(0.9), None), ("seven_day", 0.25, None, Some(5))]);
    }

    #[test]
    fn no_flood_of_windows_is_kept() {
        let mut warnings = Vec::new();
        for n in 0..100 {
            update(
                &mut warnings,
                &json!({"rateLimitType": format!("{n}{}", "x".repeat(1000)), "utilization": 0.1}),
            );
        }
        assert_eq!(warnings.len(), MOST_WINDOWS);
        assert!(warnings.iter().all(|one| one.window.len() == LONGEST_NAME));
    }
}
