//! The tokens of messaging in the configuration of agents, which never get one.

use std::collections::BTreeMap;

use aiwg_protocol::config::{Action, Config};

use crate::{
    config::{Check, Step},
    messaging::TOKEN_VARIABLES,
};

/// Reports each place at which the configuration wants an agent to have a token.
pub(super) fn check(check: &mut Check<'_, '_, '_>, config: &Config) {
    for (place, name) in config.agent.env.keep.iter().flatten().enumerate() {
        if TOKEN_VARIABLES.contains(&name.as_str()) {
            let why =
                format!("{name} is a token of messaging, which no agent gets, whatever is kept: take it out");
            let at = ["agent", "env", "keep"].map(Step::Key);
            check.wrong(&[at.as_slice(), &[Step::Place(place)]].concat(), why);
        }
    }
    for (name, profile) in &config.agents {
        variables(check, &profile.env, &[Step::Key("agents"), Step::Key(name)]);
    }
    for (place, rule) in config.rules.iter().enumerate() {
        action(check, &rule.action, &[Step::Key("rules"), Step::Place(place), Step::Key("action")]);
    }
    for (name, of_jobs) in &config.actions {
        action(check, of_jobs, &[Step::Key("actions"), Step::Key(name)]);
    }
}

fn action(check: &mut Check<'_, '_, '_>, action: &Action, at: &[Step<'_>]) {
    let Action::SubmitTask { env, .. } = action;
    variables(check, env, at);
}

/// Checks the member `env` at this path.
fn variables(check: &mut Check<'_, '_, '_>, env: &BTreeMap<String, String>, at: &[Step<'_>]) {
    for (name, value) in env {
        let Some(token) = TOKEN_VARIABLES.into_iter().find(|token| value.contains(&format!("${{{token}}}")))
        else {
            continue;
        };
        let why = format!(
            "${{{token}}} is a token of messaging, which no agent gets, so none would start: an agent that is to use a bot needs a token of its own, \
             in a variable of another name"
        );
        check.wrong(&[at, &[Step::Key("env"), Step::Key(name)]].concat(), why);
    }
}
