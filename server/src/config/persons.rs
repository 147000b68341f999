//! The changes of a configuration that only a person may put in force, even where agents may have it read again.

use std::collections::{BTreeMap, HashSet};

use aiwg_protocol::{
    config::{Action, Config},
    terms::{ApprovalTerms, Verify},
};
use serde::Serialize;

use super::{
    agents::{may_set, refers},
    changes::{Change, changes, compare},
};

/// The places of a configuration that no agent may change.
const OF_A_PERSON: [&str; 16] = [
    "store",
    // What this host is given, and for how long it may be cut off.
    "host",
    "fleet",
    "agent",
    "agents",
    "accounts",
    "budget",
    "messaging",
    // It opens a port, and says whom to believe.
    "gateway",
    // So does it, for readers.
    "telemetry",
    "defaults",
    "daemon.agents_may",
    "daemon.agents_env",
    // The days and months of the budget turn in it.
    "schedule.timezone",
    // It deletes the decisions of persons with their tasks.
    "retention",
    // It runs a command.
    "workspace",
];

/// The differences that only a person may put in force: who is asked, what agents may, which programs and commands run, with which
/// environment, and what they may cost.
pub(crate) fn of_a_person(old: &Config, new: &Config) -> Vec<Change> {
    let asking = asking(old);
    let is_a_persons = |path: &str| {
        // The path and all places in which it is: the file may have too many rules that ask to look at each of them for each change.
        let ends = path.match_indices('.').map(|(end, _)| end).chain([path.len()]);
        ends.filter_map(|end| path.get(..end))
            .any(|place| OF_A_PERSON.contains(&place) || asking.contains(place))
    };
    let mut found: Vec<Change> =
        changes(old, new).into_iter().filter(|change| is_a_persons(&change.path)).collect();
    for change in deciding(old, new) {
        // One within a place that was found already says nothing more.
        if !is_a_persons(&change.path) {
            found.push(change);
        }
    }
    found
}

/// The places of the rules and actions whose tasks a person must approve.
fn asking(config: &Config) -> HashSet<String> {
    let asks = |action: &Action| {
        let Action::SubmitTask { approval, .. } = action;
        approval.and_then(ApprovalTerms::limits).is_some()
    };
    let rules =
        config.rules.iter().filter(|rule| asks(&rule.action)).map(|rule| format!("rules.{}", rule.id));
    let actions = config.actions.iter().filter(|(_, action)| asks(action));
    let jobs = config.schedule.jobs.iter().filter(|job| config.actions.get(&job.action).is_some_and(asks));
    rules
        .chain(actions.map(|(name, _)| format!("actions.{name}")))
        .chain(jobs.map(|job| format!("schedule.jobs.{}", job.name)))
        .collect()
}

/// The differences of actions in what decides which code runs: the checks of tasks, and the environment of their agents. An agent may choose
/// neither for a task that it submits.
fn deciding(old: &Config, new: &Config) -> Vec<Change> {
    let before = actions(old);
    let mut found = Vec::new();
    for (place, Action::SubmitTask { verify, env, .. }) in actions(new) {
        let was = before.get(&place);
        let (old_verify, old_env) =
            was.map_or((None, None), |Action::SubmitTask { verify, env, .. }| (verify.as_ref(), Some(env)));
        match was {
            Some(_) => compared(format!("{place}.verify"), old_verify, verify.as_ref(), &mut found),
            // A new one may have the check that a person has chosen for all, with limits of its own.
            None => {
                let command = verify.as_ref().and_then(|verify| verify.command.as_ref());
                let usual = old.defaults.verify.as_ref().and_then(|verify: &Verify| verify.command.as_ref());
                let chosen = command.filter(|command| usual != Some(*command));
                compared(format!("{place}.verify.command"), None, chosen, &mut found);
            }
        }
        for (name, value) in env {
            let before = old_env.and_then(|env| env.get(name));
            if !may_set(&old.daemon.agents_env, name) || refers(value) {
                compared(format!("{place}.env.{name}"), before, Some(value), &mut found);
            }
        }
    }
    found
}

/// All actions, by their places.
fn actions(config: &Config) -> BTreeMap<String, &Action> {
    let of_rules = config.rules.iter().map(|rule| (format!("rules.{}.action", rule.id), &rule.action));
    let named = config.actions.iter().map(|(name, action)| (format!("actions.{name}"), action));
    of_rules.chain(named).collect()
}

fn compared<T: Serialize>(path: String, old: Option<&T>, new: Option<&T>, found: &mut Vec<Change>) {
    let value = |part: Option<&T>| part.map(|part| serde_json::to_value(part).unwrap_or_default());
    compare(path, value(old).as_ref(), value(new).as_ref(), found);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::changes::places, *};

    fn config(value: Value) -> Config {
        serde_json::from_value(value).unwrap()
    }

    fn rule(id: &str, prompt: &str) -> Value {
        json!({ "id": id, "trigger": { "type": "event", "topic": "a" }, "action": { "type": "submit_task", "prompt": prompt } })
    }

    fn with(id: &str, more: Value) -> Value {
        let mut rule = rule(id, "x");
        rule["action"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    }

    #[test]
    fn an_agent_may_not_change_who_is_asked() {
        let asking = |id: &str, approval: Value| {
            let mut rule = rule(id, "x");
            rule["action"]["approval"] = approval;
            rule
        };
        let old = config(json!({ "rules": [asking("r", json!(true)), rule("s", "y")] }));
        let of_a_person = |new: Value| places(&of_a_person(&old, &config(new)));
        let kept = asking("r", json!(true));
        assert_eq!(of_a_person(json!({ "rules": [kept, rule("s", "z"), asking("t", json!(true))] })), "");
        assert_eq!(of_a_person(json!({ "rules": [asking("r", json!(false))] })), "rules.r.action.approval");
        assert_eq!(of_a_person(json!({ "rules": [rule("r", "x")] })), "rules.r.action.approval");
        assert_eq!(of_a_person(json!({ "rules": [] })), "rules.r");
        let agents =
            json!({ "agent": { "command": ["b"] }, "daemon": { "agents_may": ["*"] }, "rules": [kept] });
        assert_eq!(of_a_person(agents), "daemon.agents_may, agent.command");
    }

    #[test]
    fn an_agent_may_not_move_the_day_of_the_budget_nor_delete_decisions() {
        let old = json!({ "schedule": { "timezone": "Europe/Berlin" }, "retention": { "task_count": 500 } });
        let of_a_person = |new: Value| places(&of_a_person(&config(old.clone()), &config(new)));
        let moved = json!({ "schedule": { "timezone": "Asia/Tokyo" }, "retention": { "task_count": 500 } });
        assert_eq!(of_a_person(moved), "schedule.timezone");
        assert_eq!(of_a_person(json!({ "retention": { "task_count": 500 } })), "schedule.timezone");
        let deleting =
            json!({ "schedule": { "timezone": "Europe/Berlin" }, "retention": { "task_count": 1 } });
        assert_eq!(of_a_person(deleting), "retention.task_count");
        let mut jobs = old.clone();
        jobs["schedule"]["jobs"] = json!([{ "name": "j", "cron": "@daily", "action": "a" }]);
        assert_eq!(of_a_person(jobs), "");
    }

    #[test]
    fn an_agent_may_not_choose_a_command() {
        let check = |command: &str| json!({ "verify": { "command": command } });
        let old = json!({
            "defaults": { "verify": { "command": "make test" } },
            "daemon": { "agents_env": ["TEST_*"] },
            "actions": { "audit": { "type": "submit_task", "prompt": "x", "verify": { "max_rounds": 3 } } },
            "rules": [with("r", check("npm test")), rule("s", "y")]
        });
        let of_a_person = |change: &dyn Fn(&mut Value)| {
            let mut new = old.clone();
            change(&mut new);
            places(&super::of_a_person(&config(old.clone()), &config(new)))
        };
        let to = |path: &'static str, value: Value| {
            move |config: &mut Value| match config.pointer_mut(path) {
                Some(Value::Array(list)) => list.push(value.clone()),
                Some(place) => *place = value.clone(),
                None => panic!("{path}"),
            }
        };
        assert_eq!(of_a_person(&to("/defaults/verify/command", json!("true"))), "defaults.verify.command");
        assert_eq!(of_a_person(&to("/defaults", json!({}))), "defaults.verify");
        assert_eq!(
            of_a_person(&to("/rules/0/action/verify/command", json!("true"))),
            "rules.r.action.verify.command"
        );
        assert_eq!(
            of_a_person(&to("/rules/0/action/verify", json!({ "enabled": false }))),
            "rules.r.action.verify.command, rules.r.action.verify.enabled"
        );
        assert_eq!(
            of_a_person(&to("/actions/audit/verify/max_rounds", json!(9))),
            "actions.audit.verify.max_rounds"
        );
        // A new rule may have the usual check, and no command of its own.
        assert_eq!(of_a_person(&to("/rules", with("t", check("true")))), "rules.t.action.verify.command");
        assert_eq!(of_a_person(&to("/rules", with("t", check("make test")))), "");
        assert_eq!(of_a_person(&to("/rules", with("t", json!({ "verify": { "max_rounds": 2 } })))), "");
        assert_eq!(
            of_a_person(&to(
                "/rules/0",
                with("r", json!({ "verify": { "command": "npm test" }, "prompt": "z" }))
            )),
            ""
        );
        // What an agent may set for a task that it submits, it may set for a rule.
        let env = |name: &str, value: &str| with("t", json!({ "env": { name: value } }));
        assert_eq!(of_a_person(&to("/rules", env("TEST_A", "1"))), "");
        assert_eq!(
            of_a_person(&to("/rules", env("LD_PRELOAD", "/tmp/evil.so"))),
            "rules.t.action.env.LD_PRELOAD"
        );
        assert_eq!(of_a_person(&to("/rules", env("TEST_A", "${SECRET}"))), "rules.t.action.env.TEST_A");
        assert_eq!(
            of_a_person(&to("/rules/1", with("s", json!({ "env": { "PATH": "." } })))),
            "rules.s.action.env.PATH"
        );
    }
}
