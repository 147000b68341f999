//! What the schema cannot say: what must agree with something else, patterns, templates, names.

mod rules;
mod sources;
mod topics;
mod vain;

pub(crate) use topics::{cannot_occur, reserved};

use std::path::Path;

use aiwg_protocol::config::{AgentEnv, Config, DaemonConfig};
use jsonc_parser::ast;

use crate::config::{
    agents::{wrong_pattern, wrong_right},
    report::{Report, Step, position},
};

/// Reports all that is wrong with a configuration, which was read from this tree.
pub(in crate::config) fn check(
    project: &Path,
    tree: &ast::Value<'_>,
    config: &Config,
    report: &mut Report<'_>,
) {
    let mut check = Check { project, tree, report };
    check.agent(config);
    check.rights_of_agents(config);
    check.rules(config);
    check.actions(&config.actions);
    check.watch(config);
    check.schedule(config);
}

struct Check<'a, 'r, 's> {
    project: &'a Path,
    tree: &'a ast::Value<'a>,
    report: &'r mut Report<'s>,
}

impl Check<'_, '_, '_> {
    fn wrong(&mut self, path: &[Step<'_>], message: impl AsRef<str>) {
        let at = position(self.tree, path.iter().copied());
        self.report.wrong(at, message);
    }

    fn rights_of_agents(&mut self, config: &Config) {
        let DaemonConfig { agents_may, agents_env, .. } = &config.daemon;
        self.each("agents_may", agents_may, wrong_right);
        self.each("agents_env", agents_env, wrong_pattern);
    }

    /// Looks at each entry of a list of the section `daemon`.
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
