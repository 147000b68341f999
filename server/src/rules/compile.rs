//! The rules in force, from the configuration: those of `rules`, and one for each schedule job.

use aiwg_model::names::is_in_topics;
use aiwg_protocol::config::{Action, Condition, Config, Job, OnBusy, Patterns, Rule, Trigger};

/// The topic under which a schedule fires: of a job by its name, or of the rule whose trigger it is by its id.
///
/// Characters that a topic cannot have become a `-`.
pub fn schedule_topic(name: &str) -> String {
    let name: String = name.chars().map(|c| if is_in_topics(c) { c } else { '-' }).collect();
    format!("schedule:{name}")
}

/// The action that the daemon itself carries out.
pub const HEALTH_CHECK: &str = "health-check";

/// All rules: the configuration's own first.
pub fn compile(config: &Config) -> Vec<Rule> {
    let own = config.rules.iter().cloned();
    let jobs = config.schedule.jobs.iter().filter(|job| job.action != HEALTH_CHECK);
    own.chain(jobs.map(|job| job_rule(job, config))).map(|rule| with_defaults(rule, config)).collect()
}

/// A rule with what its action leaves to the configuration.
fn with_defaults(mut rule: Rule, config: &Config) -> Rule {
    if let Some(defaults) = &config.defaults.verify {
        let Action::SubmitTask { verify, .. } = &mut rule.action;
        *verify = Some(verify.take().unwrap_or_default().or(defaults));
    }
    rule
}

/// A job is a rule that waits for its own event.
fn job_rule(job: &Job, config: &Config) -> Rule {
    let Job { name, action, .. } = job;
    let by_name = || Action::SubmitTask {
        prompt: format!("Carry out the action \"{action}\" for this project."),
        priority: 0,
        agent: None,
        timeout_minutes: None,
        env: Default::default(),
        lane: None,
        delay: None,
        expires: None,
        retry: None,
        verify: None,
        approval: None,
    };
    Rule {
        id: format!("schedule:{name}"),
        trigger: Trigger::Event { topic: Patterns::One(schedule_topic(name)) },
        condition: Condition::Always,
        action: config.actions.get(action).cloned().unwrap_or_else(by_name),
        enabled: true,
        on_busy: Some(OnBusy::Skip),
        ignore_own_changes: true,
        max_firings: None,
        max_failures: job.max_failures,
        expect: job.expect,
        max_depth: 8,
    }
}
