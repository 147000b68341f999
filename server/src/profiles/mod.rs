//! Profiles: the ways to run agents that the configuration has. A task's `agent` names one, or else a role of the program of the section
//! `agent`.

mod check;
mod names;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    path::Path,
};

use aiwg_agents::{AgentProgram, command::runs, program_named, program_of};
use aiwg_fs::{Dir, at};
use aiwg_protocol::config::{Action, AgentConfig, AgentProfile, Config, ModelPrices, ProgramName, PromptBy};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::{messaging::ASK_PROFILE, webhooks::READER_PROFILE};
pub(crate) use check::ProfilesCheck;
pub use names::Profiles;

/// The file of a run's directory that keeps by which profile its agent was started.
const FILE: &str = "agent.json";

/// The profiles that are made of other sections.
pub(crate) const BUILT_IN: [&str; 2] = [ASK_PROFILE, READER_PROFILE];

/// A profile, with all that it leaves out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// Its name; none for the section `agent`.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// Its settings, in the form of that section.
    pub(crate) agent: AgentConfig,
    /// Prices of tokens by the name of the model.
    #[serde(default)]
    pub(crate) prices: BTreeMap<String, ModelPrices>,
    /// Added to the environment of its agents, unresolved. It is not kept with a run: it may hold secrets, and an agent that runs has it.
    #[serde(skip)]
    pub(crate) env: BTreeMap<String, String>,
}

impl Profile {
    /// The section `agent`.
    pub(crate) fn of_section(config: &Config) -> Self {
        Self { agent: config.agent.clone(), ..Self::default() }
    }

    /// The name under which the configuration has it; none for the section `agent`, and for what is made of that.
    pub(crate) fn configured(&self) -> Option<&str> {
        self.name.as_deref().filter(|name| !BUILT_IN.contains(name))
    }

    /// The profile of this name, or the section `agent` where there is no name. None if the configuration has no such profile.
    pub(crate) fn named(config: &Config, name: Option<&str>) -> Option<Self> {
        let Some(name) = name else { return Some(Self::of_section(config)) };
        if name == ASK_PROFILE {
            return Some(Self::of_those_who_ask(config));
        }
        if name == READER_PROFILE {
            return Self::of_readers(config);
        }
        let profile = config.agents.get(name)?;
        let base = &config.agent;
        let agent = AgentConfig {
            program: profile.program,
            command: command_of(profile),
            prompt: profile.prompt.unwrap_or_default(),
            ask_permissions: profile.ask_permissions.unwrap_or(base.ask_permissions),
            steer: profile.steer,
            exit_seconds: profile.exit_seconds.unwrap_or(base.exit_seconds),
            max_output_mb: profile.max_output_mb.or(base.max_output_mb),
            fallback: profile.fallback.clone(),
            ..base.clone()
        };
        let AgentProfile { env, prices, .. } = profile.clone();
        Some(Self { name: Some(name.to_owned()), agent, prices, env })
    }

    /// The profile of the agents that answer those who may only ask.
    fn of_those_who_ask(config: &Config) -> Self {
        let agent = AgentConfig {
            program: None,
            command: config.messaging.chat.command.clone(),
            prompt: PromptBy::default(),
            fallback: Vec::new(),
            ..config.agent.clone()
        };
        Self { name: Some(ASK_PROFILE.to_owned()), agent, ..Self::default() }
    }

    /// The profile of the agents that webhooks start and that no rule names: the section `agent`, with tools that read and no others. None where its
    /// program cannot be limited so.
    pub(crate) fn of_readers(config: &Config) -> Option<Self> {
        let base = &config.agent;
        let program = program(base);
        // An option may tell of another program that a wrapper is like the known one, but not that it keeps to its limits.
        let is_sure = base.program.is_some() || runs(&base.command, program.name());
        let command = is_sure.then(|| program.read_only(&base.command)).flatten()?;
        let agent = AgentConfig { command, fallback: Vec::new(), ..base.clone() };
        Some(Self { name: Some(READER_PROFILE.to_owned()), agent, ..Self::default() })
    }

    /// Keeps it with a run, in the run's directory.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn keep(&self, dir: &Dir, path: &Path) -> io::Result<()> {
        let write = || {
            let mut file = dir.open_private(FILE.as_ref(), OFlags::CREATE | OFlags::EXCL)?;
            // At once: written to a file, each word of it would be a system call.
            file.write_all(&serde_json::to_vec(self)?)
        };
        write().map_err(at(&path.join(FILE)))
    }

    /// The profile by which the agent of a run was started; none for a run of an earlier version, or where the file cannot be read.
    pub(crate) fn kept(dir: &Path) -> Option<Self> {
        let text = aiwg_fs::tail(&dir.join(FILE), LONGEST)?;
        serde_json::from_str(&text).ok()
    }
}

/// The error of a task whose profile is gone.
pub(crate) fn no_profile(name: &str) -> String {
    format!(
        "the configuration no longer has the profile {name:?}: add it to \"agents\" again and retry the task, or submit it for another agent"
    )
}

/// The longest of these files that is read, in bytes: no command that can be executed is longer.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The command of a profile: its own, or the usual one of its program.
fn command_of(profile: &AgentProfile) -> Vec<String> {
    profile.command.clone().unwrap_or_else(|| {
        let program = profile.program.and_then(|program| program_named(program.as_str()));
        let usual = program.map(AgentProgram::usual_command).unwrap_or_default();
        usual.iter().map(|word| (*word).to_owned()).collect()
    })
}

/// The program that an agent is: the one that is configured, or that its command names.
pub(crate) fn program(agent: &AgentConfig) -> &'static dyn AgentProgram {
    let configured = agent.program.map(ProgramName::as_str).and_then(program_named);
    configured.unwrap_or_else(|| program_of(&agent.command))
}

/// True if an agent of this profile asks before it uses a tool that its own settings do not allow.
pub(crate) fn asks_permissions(agent: &AgentConfig) -> bool {
    agent.ask_permissions && program(agent).capabilities(&agent.command).asks_permissions
}

/// True if an agent can take messages while it works, whether it is to or not.
pub(crate) fn takes_messages(agent: &AgentConfig) -> bool {
    agent.prompt == PromptBy::Stdin && program(agent).capabilities(&agent.command).takes_messages
}

/// The profiles that the configuration itself uses: the section `agent`, those that its rules and jobs name, and the fallbacks of all of them.
pub(crate) fn used(config: &Config) -> Vec<Profile> {
    let profiles = Profiles::of(config);
    let named = crate::rules::compile(config).into_iter().map(|rule| {
        let Action::SubmitTask { agent, .. } = rule.action;
        agent
    });
    let mut seen = BTreeSet::new();
    let all = std::iter::once(None).chain(named).flat_map(|agent| profiles.candidates(agent.as_deref()));
    all.filter(|name| seen.insert(name.clone()))
        .filter_map(|name| Profile::named(config, name.as_deref()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_profile_has_what_the_section_has_where_it_says_nothing() {
        let config = config(
            r#"{"agent": {"command": ["./own"], "prompt": "argument", "exit_seconds": 9, "max_output_mb": 3, "env": {"remove": ["X"]}},
                "agents": {"codex": {"program": "codex"}, "cheap": {"command": ["claude", "-p"], "exit_seconds": 1}}}"#,
        );
        let codex = Profile::named(&config, Some("codex")).unwrap();
        assert_eq!(codex.agent.command, ["codex", "exec", "--json", "-"]);
        assert_eq!((codex.agent.exit_seconds, codex.agent.max_output_mb), (9.0, Some(3)));
        assert_eq!(codex.agent.env.remove, ["X"]);
        assert_eq!(codex.agent.prompt, Default::default(), "the way to a prompt is the command's own");
        let cheap = Profile::named(&config, Some("cheap")).unwrap();
        assert_eq!(cheap.agent.exit_seconds, 1.0);
        assert_eq!(program(&cheap.agent).name(), "claude");
        assert_eq!(Profile::named(&config, None).unwrap().agent, config.agent);
        assert_eq!(Profile::named(&config, Some("none")), None);
    }

    #[test]
    fn readers_are_limited_or_there_are_none() {
        let readers = |text: &str| Profile::of_readers(&config(text)).map(|profile| profile.agent);
        let usual =
            readers(r#"{"agent": {"fallback": ["codex"]}, "agents": {"codex": {"program": "codex"}}}"#)
                .unwrap();
        assert!(usual.command.contains(&"--tools=Read,Grep,Glob".to_owned()) && usual.fallback.is_empty());
        assert!(readers(r#"{"agent": {"program": "claude", "command": ["./wrapper"]}}"#).is_some());
        for program in ["codex", "gemini", "opencode", "plain"] {
            assert_eq!(readers(&format!(r#"{{"agent": {{"program": "{program}"}}}}"#)), None, "{program}");
        }
        assert_eq!(
            readers(r#"{"agent": {"command": ["./wrapper", "--output-format", "stream-json"]}}"#),
            None
        );
    }

    #[test]
    fn the_default_command_is_the_usual_one_of_claude() {
        let agent = AgentConfig::default();
        assert_eq!(program(&agent).name(), "claude");
        assert_eq!(agent.command, program(&agent).usual_command());
    }

    #[test]
    fn a_wrapper_is_the_program_that_it_says_it_is() {
        let agent = config(r#"{"agent": {"program": "codex", "command": ["./wrapper"]}}"#).agent;
        assert_eq!(program(&agent).name(), "codex");
        assert_eq!(program(&AgentConfig { program: None, ..agent }).name(), "plain");
    }

    #[test]
    fn a_run_keeps_its_profile_without_its_environment() {
        let dir = tempfile::tempdir().unwrap();
        let config = config(r#"{"agents": {"a": {"command": ["./a"], "env": {"TOKEN": "hunter2"}}}}"#);
        let profile = Profile::named(&config, Some("a")).unwrap();
        profile.keep(&Dir::open(dir.path()).unwrap(), dir.path()).unwrap();
        assert!(!std::fs::read_to_string(dir.path().join(FILE)).unwrap().contains("hunter2"));
        let kept = Profile::kept(dir.path()).unwrap();
        assert_eq!((kept.name.as_deref(), &kept.agent), (Some("a"), &profile.agent));
        std::fs::write(dir.path().join(FILE), "{").unwrap();
        assert_eq!(Profile::kept(dir.path()), None);
    }

    #[test]
    fn what_rules_use_is_used_with_its_fallbacks() {
        let config = config(
            r#"{"agents": {"a": {"command": ["./a"], "fallback": ["b"]}, "b": {"command": ["./b"]}, "c": {"command": ["./c"]}},
                "rules": [{"id": "r", "trigger": {"type": "event", "topic": "a:b"},
                           "action": {"type": "submit_task", "prompt": "p", "agent": "a"}},
                          {"id": "s", "trigger": {"type": "event", "topic": "a:b"},
                           "action": {"type": "submit_task", "prompt": "p", "agent": "a-role"}}]}"#,
        );
        let names: Vec<Option<String>> = used(&config).into_iter().map(|profile| profile.name).collect();
        assert_eq!(names, [None, Some("a".to_owned()), Some("b".to_owned())]);
    }
}
