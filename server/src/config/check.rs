//! The checks that the schema cannot express: agreement between members, patterns, templates, names.

use std::path::Path;

use aiwg_protocol::config::{AgentEnv, Config, DaemonConfig, StalledTasks};
use jsonc_parser::ast;

use super::{
    agents::{wrong_pattern, wrong_right},
    report::{Report, Step, is_set, position},
};

/// The checks of a part of the daemon on the configuration beyond its schema.
pub(crate) trait SectionCheck: Sync {
    /// Reports the problems.
    fn check(&self, check: &mut Check<'_, '_, '_>, config: &Config);

    /// Settings without effect until someone changes the file.
    fn in_vain(&self, _config: &Config) -> Vec<String> {
        Vec::new()
    }

    /// Settings that are accepted, but most likely mean something else than their author thinks.
    fn not_meant(&self, _project: &Path, _config: &Config) -> Vec<String> {
        Vec::new()
    }
}

/// The checks of all parts; [`crate::boot`] lists them.
#[derive(Clone, Copy)]
pub(crate) struct Checks(pub(crate) &'static [&'static dyn SectionCheck]);

/// The number of notices that are shown.
const MOST: usize = 100;

impl Checks {
    /// Reports all that is wrong with a configuration, which was read from this tree.
    pub(super) fn check(
        self,
        project: &Path,
        tree: &ast::Value<'_>,
        config: &Config,
        report: &mut Report<'_>,
    ) {
        let mut check = Check { project, tree, report };
        check.agent(config);
        check.stalled(config);
        check.rights_of_agents(config);
        for part in self.0 {
            part.check(&mut check, config);
        }
    }

    /// Settings of a configuration without effect, or with another effect than it seems, for people.
    pub(super) fn notices(self, project: &Path, config: &Config) -> Vec<String> {
        let webhook =
            config.webhook.as_ref().map(|_| "the section \"webhook\" is accepted but not used".to_owned());
        let in_vain = self.0.iter().flat_map(|part| part.in_vain(config));
        let not_meant = self.0.iter().flat_map(|part| part.not_meant(project, config));
        enough(webhook.into_iter().chain(in_vain).chain(not_meant).collect())
    }

    /// Settings without effect until someone changes the file, except leftovers of the Node daemon.
    pub(crate) fn in_vain(self, config: &Config) -> Vec<String> {
        enough(self.0.iter().flat_map(|part| part.in_vain(config)).collect())
    }
}

fn enough(mut notices: Vec<String>) -> Vec<String> {
    let more = notices.len().saturating_sub(MOST);
    notices.truncate(MOST);
    notices.extend((more > 0).then(|| format!("and {more} more of the kind")));
    notices
}

/// Checks a configuration, and reports each problem with its place.
pub(crate) struct Check<'a, 'r, 's> {
    project: &'a Path,
    tree: &'a ast::Value<'a>,
    report: &'r mut Report<'s>,
}

impl Check<'_, '_, '_> {
    /// The project's directory.
    pub(crate) fn project(&self) -> &Path {
        self.project
    }

    /// Reports that the value at this path is wrong: `message` gives the reason, and a right value.
    pub(crate) fn wrong(&mut self, path: &[Step<'_>], message: impl AsRef<str>) {
        let at = position(self.tree, path.iter().copied());
        self.report.wrong(at, message);
    }

    /// True if the text has a value at this path.
    pub(crate) fn is_set(&self, path: &[Step<'_>]) -> bool {
        is_set(self.tree, path.iter().copied())
    }

    fn rights_of_agents(&mut self, config: &Config) {
        let DaemonConfig { agents_may, agents_env, .. } = &config.daemon;
        self.each("agents_may", agents_may, wrong_right);
        self.each("agents_env", agents_env, wrong_pattern);
    }

    fn stalled(&mut self, config: &Config) {
        let DaemonConfig { stall_minutes, stalled_tasks, .. } = &config.daemon;
        if *stalled_tasks == StalledTasks::End && stall_minutes.is_none() {
            let why = "has no effect without \"stall_minutes\": no agent ever counts as stalled";
            self.wrong(&[Step::Key("daemon"), Step::Key("stalled_tasks")], why);
        }
    }

    /// Checks each entry of a list of the section `daemon`.
    fn each(&mut self, key: &str, list: &[String], wrong: impl Fn(&str) -> Option<String>) {
        for (place, message) in list.iter().enumerate().filter_map(|(place, one)| Some((place, wrong(one)?)))
        {
            self.wrong(&[Step::Key("daemon"), Step::Key(key), Step::Place(place)], message);
        }
    }

    fn agent(&mut self, config: &Config) {
        let command = [Step::Key("agent"), Step::Key("command")];
        if config.agent.command.first().is_none_or(String::is_empty) {
            self.wrong(&command, "names no program: [\"claude\", \"-p\"] is the default");
        }
        for (place, word) in config.agent.command.iter().enumerate() {
            if word.contains('\0') {
                self.wrong(&[command[0], command[1], Step::Place(place)], "must not have a null character");
            }
        }
        let AgentEnv { keep, remove } = &config.agent.env;
        for (key, names) in [("keep", keep.as_deref().unwrap_or_default()), ("remove", remove)] {
            for (place, name) in names.iter().enumerate() {
                if let Err(error) = aiwg_patterns::Pattern::topic(name) {
                    let at = [command[0], Step::Key("env"), Step::Key(key), Step::Place(place)];
                    self.wrong(&at, error.to_string());
                }
            }
        }
    }
}
