//! The decision on a match: made from facts, without any effect.

use aiwg_protocol::config::{Condition, OnBusy, Rule};

/// The number of times that a rule may fire within [`WINDOW_MINUTES`] unless it sets another.
pub const MAX_FIRINGS: u32 = 20;

/// The minutes in which firings are counted.
pub const WINDOW_MINUTES: u32 = 10;

/// The facts about a rule and an event that it matched.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts {
    /// Automation as a whole is switched off.
    pub all_off: bool,
    /// The rule is switched off.
    pub off: bool,
    /// The rule has tripped.
    pub tripped: bool,
    /// The number of tasks between the event and the event or submission from outside.
    pub depth: u32,
    /// The change was made while a task of the rule ran.
    pub own_change: bool,
    /// The change was made while the check of a task ran, and no agent.
    pub check_change: bool,
    /// A task of the rule is queued or running.
    pub busy: bool,
    /// Firings count for this event: files changed, or a task caused it.
    pub counts: bool,
    /// The number of firings of the rule in the window that count.
    pub firings: u32,
}

/// The decision on a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A task, now.
    Fire,
    /// A task once the matches have settled.
    Debounce {
        /// The time after this match, in milliseconds.
        interval_ms: u64,
        /// The longest time after the first match, in milliseconds.
        max_wait_ms: u64,
    },
    /// A task when the rule is no longer busy.
    Coalesce,
    /// A refusal.
    Refuse(Refusal),
    /// A trip: a refusal, also of all further matches until someone enables the rule again.
    Trip,
}

/// The reason of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Automation is disabled.
    AllOff,
    /// The rule is disabled.
    Off,
    /// The rule has tripped.
    Tripped,
    /// The chain of tasks is too deep.
    TooDeep(u32),
    /// The rule's own task made the change.
    OwnChange,
    /// The check of a task made the change.
    CheckChange,
    /// The rule is busy, and its `on_busy` is `skip`.
    Busy,
}

impl Refusal {
    /// The word of a rule that has tripped, or trips.
    pub const TRIPPED: &'static str = "tripped";

    /// The refusal in a word, as it is stored and on the wire.
    pub fn word(&self) -> &'static str {
        match self {
            Self::AllOff => "all_off",
            Self::Off => "off",
            Self::Tripped => Self::TRIPPED,
            Self::TooDeep(_) => "too_deep",
            Self::OwnChange => "own_change",
            Self::CheckChange => "check_change",
            Self::Busy => "busy",
        }
    }

    /// The reason, for people, with the remedy for the rule of this id.
    pub fn why(&self, rule: &str) -> String {
        match self {
            Self::AllOff => "automation is disabled; `aiwg automation enable` enables it".to_owned(),
            Self::Off => format!("the rule is disabled; {} enables it", enable_command(rule)),
            Self::Tripped => format!("the rule has tripped; {} resets it", enable_command(rule)),
            Self::TooDeep(depth) => {
                format!(
                    "the chain of tasks that led to this event is {depth} long, and the rule fires only after \
                     shorter ones: see its max_depth"
                )
            }
            Self::OwnChange => "the change was made while a task of this rule ran".to_owned(),
            Self::CheckChange => {
                "the change was made while the check of a task ran, and no agent: it counts as the check's, unless the rule's \
                 ignore_own_changes is false"
                    .to_owned()
            }
            Self::Busy => "a task of this rule is queued or running, and on_busy is \"skip\"".to_owned(),
        }
    }
}

/// The command that enables a rule, and resets one that has tripped, as it is typed.
pub fn enable_command(rule: &str) -> String {
    // A null character, which no rule's id has, is all that cannot be quoted.
    let rule = shlex::try_quote(rule).unwrap_or_default();
    format!("`aiwg automation enable --rule {rule}`")
}

/// The reason for a trip that was stored without one.
pub const UNKNOWN_TRIP: &str = "it fired too often, or its tasks failed again and again for one reason";

/// The message about rules that have tripped, each with the reason as far as it is known, and with the remedy.
pub fn tripped_message(rules: &[(&str, Option<&str>)]) -> String {
    let commands: Vec<String> = rules.iter().map(|(rule, _)| enable_command(rule)).collect();
    let rules: Vec<String> =
        rules.iter().map(|(rule, why)| format!("{rule}, since {}", why.unwrap_or(UNKNOWN_TRIP))).collect();
    let reset = if commands.len() == 1 { "resets it" } else { "reset them" };
    format!(
        "tripped: {}; see what triggers them and how their tasks ended, then {} {reset}",
        rules.join("; "),
        commands.join(" and ")
    )
}

/// Decides on a match.
pub fn decide(rule: &Rule, facts: &Facts) -> Decision {
    if let Some(refusal) = refusal(rule, facts) {
        return Decision::Refuse(refusal);
    }
    match rule.condition {
        Condition::Always => settled(rule, facts),
        Condition::Debounce { interval_ms, .. } => {
            Decision::Debounce { interval_ms, max_wait_ms: longest_wait_ms(&rule.condition) }
        }
    }
}

/// The longest time from the first match to its task, in milliseconds, by the condition alone.
pub fn longest_wait_ms(condition: &Condition) -> u64 {
    match condition {
        Condition::Always => 0,
        Condition::Debounce { interval_ms, max_wait_ms } => {
            max_wait_ms.unwrap_or_else(|| interval_ms.saturating_mul(10))
        }
    }
}

/// Decides on the matches of a rule once they have settled.
pub fn settled(rule: &Rule, facts: &Facts) -> Decision {
    if let Some(refusal) = is_off(facts) {
        return Decision::Refuse(refusal);
    }
    match rule.on_busy() {
        OnBusy::Coalesce if facts.busy => Decision::Coalesce,
        OnBusy::Skip if facts.busy => Decision::Refuse(Refusal::Busy),
        _ if facts.counts && facts.firings >= rule.max_firings.unwrap_or(MAX_FIRINGS) => Decision::Trip,
        _ => Decision::Fire,
    }
}

fn refusal(rule: &Rule, facts: &Facts) -> Option<Refusal> {
    is_off(facts).or(match facts {
        // First: a task's own changes are as deep in the chain as it is, but depth is not the reason to report.
        Facts { own_change: true, .. } if rule.ignore_own_changes => Some(Refusal::OwnChange),
        Facts { check_change: true, .. } if rule.ignore_own_changes => Some(Refusal::CheckChange),
        Facts { depth, .. } if *depth >= rule.max_depth => Some(Refusal::TooDeep(*depth)),
        _ => None,
    })
}

/// The refusal of a rule that is off, also for earlier matches.
fn is_off(facts: &Facts) -> Option<Refusal> {
    match facts {
        Facts { all_off: true, .. } => Some(Refusal::AllOff),
        Facts { off: true, .. } => Some(Refusal::Off),
        Facts { tripped: true, .. } => Some(Refusal::Tripped),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(more: &str) -> Rule {
        let text = format!(
            r#"{{"id": "r", "trigger": {{"type": "file_change", "pattern": "**"}},
                "action": {{"type": "submit_task", "prompt": "x"}} {more}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn each_trigger_has_its_own_way_when_busy() {
        let busy = Facts { busy: true, ..Facts::default() };
        assert_eq!(decide(&rule(""), &busy), Decision::Coalesce);
        assert_eq!(decide(&rule(r#", "on_busy": "skip""#), &busy), Decision::Refuse(Refusal::Busy));
        assert_eq!(decide(&rule(r#", "on_busy": "queue""#), &busy), Decision::Fire);
        let event = Rule { trigger: aiwg_protocol::config::Trigger::Event { topic: "a".into() }, ..rule("") };
        assert_eq!(decide(&event, &busy), Decision::Fire);
        let cron = Rule { trigger: aiwg_protocol::config::Trigger::Schedule { cron: "".into() }, ..rule("") };
        assert_eq!(decide(&cron, &busy), Decision::Refuse(Refusal::Busy));
    }

    #[test]
    fn what_is_switched_off_does_nothing() {
        let refused = |facts: Facts| match decide(&rule(""), &facts) {
            Decision::Refuse(why) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(Facts { all_off: true, off: true, ..Facts::default() }), Refusal::AllOff);
        assert_eq!(refused(Facts { off: true, ..Facts::default() }), Refusal::Off);
        assert_eq!(refused(Facts { tripped: true, ..Facts::default() }), Refusal::Tripped);
        assert_eq!(refused(Facts { depth: 8, ..Facts::default() }), Refusal::TooDeep(8));
        assert_eq!(refused(Facts { own_change: true, ..Facts::default() }), Refusal::OwnChange);
        assert_eq!(refused(Facts { check_change: true, ..Facts::default() }), Refusal::CheckChange);
        let mine = rule(r#", "ignore_own_changes": false, "max_depth": 9"#);
        assert_eq!(decide(&mine, &Facts { check_change: true, ..Facts::default() }), Decision::Fire);
        assert_eq!(decide(&mine, &Facts { own_change: true, depth: 8, ..Facts::default() }), Decision::Fire);
    }

    #[test]
    fn a_runaway_trips() {
        let counted = |firings| Facts { counts: true, firings, ..Facts::default() };
        assert_eq!(decide(&rule(""), &counted(19)), Decision::Fire);
        assert_eq!(decide(&rule(""), &counted(20)), Decision::Trip);
        assert_eq!(decide(&rule(r#", "max_firings": 2"#), &counted(2)), Decision::Trip);
        assert_eq!(decide(&rule(""), &Facts { firings: 1000, ..Facts::default() }), Decision::Fire);
        // While it only waits for its turn it does not fire.
        assert_eq!(decide(&rule(""), &Facts { busy: true, ..counted(20) }), Decision::Coalesce);
    }

    #[test]
    fn what_to_do_is_said_as_it_is_typed() {
        assert!(Refusal::Off.why("a b").contains("`aiwg automation enable --rule 'a b'` enables it"));
        let said =
            tripped_message(&[("a", Some("3 tasks in a row failed for one reason: auth")), ("b", None)]);
        let both = "a, since 3 tasks in a row failed for one reason: auth; b, since it fired too often";
        assert!(said.contains(both), "{said}");
        assert!(
            said.ends_with(
                "`aiwg automation enable --rule a` and `aiwg automation enable --rule b` reset them"
            ),
            "{said}"
        );
    }

    #[test]
    fn a_debounce_has_an_end() {
        let rule = rule(r#", "condition": {"type": "debounce", "interval_ms": 50}"#);
        let expected = Decision::Debounce { interval_ms: 50, max_wait_ms: 500 };
        assert_eq!(decide(&rule, &Facts { busy: true, ..Facts::default() }), expected);
        assert_eq!(settled(&rule, &Facts { busy: true, ..Facts::default() }), Decision::Coalesce);
    }
}
