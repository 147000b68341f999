//! The account that an agent works with, and what the end of its run says of it.

use std::{collections::BTreeMap, ffi::OsString};

use aiwg_agents::{
    AgentProgram, Reason,
    evaluation::Evaluation,
    limit::{Limit, LimitWarning},
    plain::Plain,
};
use aiwg_protocol::types::Timestamp;

use super::{
    environment::{kept_back, resolved},
    reset::AgentClock,
};
use crate::{
    accounts::{Identity, RunEnd, WindowUse, is_login_variable},
    messaging::Secrets,
    profiles::{Profile, program},
};

/// The account of the agents of a profile; none where their program has no limits that are known here.
pub(crate) fn account(profile: &Profile) -> Option<Identity> {
    let agent = &profile.agent;
    let program = program(agent).name();
    if program == Plain.name() {
        return None;
    }
    let variables: Vec<_> = std::env::vars_os().collect();
    // A wrong pattern is refused with the configuration.
    let secrets = Secrets::of_daemon();
    let kept_back = kept_back(&agent.env, variables.iter().cloned(), &secrets).unwrap_or_default();
    // Where a variable is missing that it refers to, no agent starts.
    let own: Vec<(OsString, OsString)> = profile
        .env
        .iter()
        .filter_map(|(name, value)| Some((name.into(), resolved(value, &secrets).ok()?.into())))
        .collect();
    let is_inherited = |name: &OsString| !kept_back.contains(name) && own.iter().all(|(own, _)| own != name);
    let inherited: Vec<_> = variables.into_iter().filter(|(name, _)| is_inherited(name)).collect();
    Some(Identity::of(program, inherited.into_iter().chain(own.iter().cloned())))
}

/// True if a task's own environment decides by which login its agent works.
pub(super) fn has_own_login(env: &BTreeMap<String, String>) -> bool {
    env.keys().any(|name| is_login_variable(name))
}

/// The longest window of a limit, in milliseconds: a week.
const LONGEST_WINDOW_MS: u64 = 7 * 24 * 3_600_000;

/// The part of an evaluation that says something of the account.
pub(super) fn run_end(
    evaluation: &Evaluation,
    by: String,
    started_at: Timestamp,
    clock: &AgentClock,
) -> RunEnd {
    let now = clock.now;
    let limit = evaluation.limit.as_ref().filter(|_| evaluation.reason == Reason::Limited);
    let seconds =
        |at: u64| Timestamp::from_millis(i64::try_from(at).unwrap_or(i64::MAX).saturating_mul(1000));
    // The end of a run may be read long after it, by the next daemon.
    let passed_meanwhile =
        |limit: &Limit| limit.resets_at.map(seconds).filter(|at| *at > started_at && *at <= now);
    let limit = limit.map(|limit| {
        let resets_at = clock.reset_of(limit).or_else(|| passed_meanwhile(limit));
        (limit.window.clone(), resets_at)
    });
    let window = |warning: &LimitWarning| {
        let resets_at = warning.resets_at.map(seconds);
        // A window that has begun anew by now is no longer used up. A time that lies further back is none.
        if resets_at.is_some_and(|at| at <= now && at.after_ms(LONGEST_WINDOW_MS) > now) {
            return None;
        }
        let resets_at = resets_at.filter(|at| *at > now);
        let used = WindowUse { utilization: warning.utilization, resets_at, seen_at: now };
        Some((warning.window.clone(), used))
    };
    let windows = evaluation.limit_warnings.iter().filter_map(window);
    RunEnd { by, started_at, reason: evaluation.reason, limit, windows: windows.collect() }
}

#[cfg(test)]
mod tests {
    use aiwg_protocol::config::AgentConfig;

    use super::*;

    #[test]
    fn only_programs_whose_limits_are_known_have_an_account() {
        let of = |program: &str| {
            let agent = AgentConfig { command: vec![program.to_owned()], ..AgentConfig::default() };
            account(&Profile { agent, ..Profile::default() })
        };
        assert!(of("./agent").is_none());
        assert_eq!(of("claude").unwrap().program, "claude");
        assert_ne!(of("claude"), of("codex"));
    }

    #[test]
    fn a_profile_with_a_key_of_its_own_has_an_account_of_its_own() {
        let of = |env: &[(&str, &str)]| {
            let agent = AgentConfig { command: vec!["claude".to_owned()], ..AgentConfig::default() };
            let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            account(&Profile { agent, env, ..Profile::default() }).unwrap().id
        };
        assert_ne!(of(&[]), of(&[("ANTHROPIC_API_KEY", "one")]));
        assert_ne!(of(&[("ANTHROPIC_API_KEY", "two")]), of(&[("ANTHROPIC_API_KEY", "one")]));
        assert_eq!(of(&[]), of(&[("CI", "1")]));
    }

    #[test]
    fn a_window_that_has_reset_is_not_used_up_and_a_time_that_is_none_counts_for_nothing() {
        let now = Timestamp::from_millis(1_795_888_000_000);
        let warning = |resets_at| LimitWarning {
            window: "five_hour".to_owned(),
            utilization: 0.5,
            surpassed_threshold: None,
            resets_at,
        };
        let at = |resets_at| {
            let evaluation = Evaluation { limit_warnings: vec![warning(resets_at)], ..Evaluation::default() };
            let clock = AgentClock { now, zone: jiff::tz::TimeZone::UTC };
            let windows = run_end(&evaluation, String::new(), now, &clock).windows;
            windows.get("five_hour").map(|used| used.resets_at)
        };
        assert_eq!(at(Some(1_795_888_001)), Some(Some(now.after_ms(1000))));
        assert_eq!([at(None), at(Some(0)), at(Some(1_700_000_000))], [Some(None); 3]);
        assert_eq!([at(Some(1_795_888_000)), at(Some(1_795_880_000))], [None; 2]);
        assert!(at(Some(u64::MAX)).flatten().is_some());
    }
}
