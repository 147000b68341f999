//! The rules in force, from the configuration: those of `rules`, and one for each schedule job.

use aiwg_model::names::is_in_topics;
use aiwg_protocol::{
    config::{Action, Condition, Config, Job, OnBusy, Patterns, Rule, Trigger},
    terms::{Workspace, WorkspaceMode, WorkspaceTerms},
};

use crate::webhooks::{READER_PROFILE, reaching};

/// The topic under which a schedule fires: of a job by its name, or of the rule whose trigger it is by its id.
///
/// Characters that a topic cannot have become a `-`.
pub fn schedule_topic(name: &str) -> String {
    let name: String = name.chars().map(|c| if is_in_topics(c) { c } else { '-' }).collect();
    format!("schedule:{name}")
}

/// An action of jobs that the daemon itself carries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltIn {
    /// Examines the health.
    HealthCheck,
    /// Publishes a report.
    Report,
}

impl BuiltIn {
    /// The built-in action of this name, unless the configuration has an action of its own under it.
    pub fn of(action: &str, config: &Config) -> Option<Self> {
        let known = [Self::HealthCheck, Self::Report].into_iter().find(|known| known.name() == action);
        known.filter(|_| !config.actions.contains_key(action))
    }

    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::HealthCheck => "health-check",
            Self::Report => "report",
        }
    }

    /// Its work, for people.
    pub fn what(self) -> &'static str {
        match self {
            Self::HealthCheck => "the health check",
            Self::Report => "the report",
        }
    }

    /// True if a job of this configuration has it.
    pub fn is_in(self, config: &Config) -> bool {
        config.schedule.jobs.iter().any(|job| Self::of(&job.action, config) == Some(self))
    }
}

/// All rules: the configuration's own first.
pub fn compile(config: &Config) -> Vec<Rule> {
    let own = config.rules.iter().cloned();
    let jobs = config.schedule.jobs.iter().filter(|job| BuiltIn::of(&job.action, config).is_none());
    own.chain(jobs.map(|job| job_rule(job, config))).map(|rule| with_defaults(rule, config)).collect()
}

/// A rule with what its action leaves to the configuration.
fn with_defaults(mut rule: Rule, config: &Config) -> Rule {
    if let Some(defaults) = &config.defaults.verify {
        let Action::SubmitTask { verify, .. } = &mut rule.action;
        *verify = Some(verify.take().unwrap_or_default().or(defaults));
    }
    with_workspace(&mut rule, config);
    // What the outside says is not to be carried out by an agent that may do anything.
    if reaching(config, &rule).is_some() {
        let Action::SubmitTask { agent, .. } = &mut rule.action;
        *agent = Some(READER_PROFILE.to_owned());
    }
    rule
}

/// States the workspace of a rule's tasks in full, if that is a work tree: the configuration says what the rule does not.
fn with_workspace(rule: &mut Rule, config: &Config) {
    let Action::SubmitTask { workspace, .. } = &mut rule.action;
    let tree = Workspace::of_task(workspace.as_ref(), &config.workspace.settings());
    *workspace = tree.map(|(base, back)| {
        Workspace::Terms(WorkspaceTerms { mode: Some(WorkspaceMode::Worktree), base, back: Some(back) })
    });
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
        runs_on: Vec::new(),
        delay: None,
        expires: None,
        retry: None,
        verify: None,
        approval: None,
        workspace: None,
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
