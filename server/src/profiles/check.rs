//! The checks of profiles that the schema cannot express.

use aiwg_model::names::{PART_RULE, is_closed, is_part, is_variable};
use aiwg_protocol::config::{AgentConfig, AgentProfile, Config};

use super::{Profile, asks_permissions, command_of, program, takes_messages};
use crate::config::{Check, SectionCheck, Step, nearest};

/// The checks of `agents`, and of the fallbacks of `agent`.
pub(crate) struct ProfilesCheck;

/// The error of `steer` with a command that cannot be steered.
const NO_MESSAGES: &str = "its program takes no messages while it works: leave this out, or use claude (\"program\": \"claude\" for a wrapper of it) with \
                           --output-format stream-json, with the prompt on its standard input and without an --input-format of your own";

/// The key of the section.
const AGENTS: Step<'_> = Step::Key("agents");

impl SectionCheck for ProfilesCheck {
    fn check(&self, check: &mut Check<'_, '_, '_>, config: &Config) {
        check.fallback(config, AgentConfig::NAME, &config.agent.fallback, &[Step::Key(AgentConfig::NAME)]);
        if config.agent.steer == Some(true) && !takes_messages(&config.agent) {
            check.wrong(&[Step::Key(AgentConfig::NAME), Step::Key("steer")], NO_MESSAGES);
        }
        for (name, profile) in &config.agents {
            check.profile(config, name, profile);
            let agent = Profile::named(config, Some(name)).map(|profile| profile.agent);
            if profile.steer == Some(true) && !agent.is_some_and(|agent| takes_messages(&agent)) {
                check.wrong(&[AGENTS, Step::Key(name), Step::Key("steer")], NO_MESSAGES);
            }
        }
    }

    fn in_vain(&self, config: &Config) -> Vec<String> {
        let named = config.agents.iter().filter(|(_, profile)| profile.ask_permissions == Some(true));
        let named = named.filter_map(|(name, _)| {
            asks_in_vain(&format!("agents.{name}"), &Profile::named(config, Some(name))?.agent)
        });
        asks_in_vain(AgentConfig::NAME, &config.agent).into_iter().chain(named).collect()
    }
}

/// The notice about a profile that asks for permissions, which its program cannot; none if it can, or does not.
fn asks_in_vain(key: &str, agent: &AgentConfig) -> Option<String> {
    if !agent.ask_permissions || asks_permissions(agent) {
        return None;
    }
    let program = program(agent).name();
    Some(match program {
        "claude" => format!(
            "{key}.ask_permissions has no effect, since the output of its command does not name its session: add \"--output-format\", \
             \"stream-json\", \"--verbose\""
        ),
        _ => format!(
            "{key}.ask_permissions has no effect: of all programs only claude can ask, and this one is {program:?}"
        ),
    })
}

impl Check<'_, '_, '_> {
    fn profile(&mut self, config: &Config, name: &str, profile: &AgentProfile) {
        let at = [AGENTS, Step::Key(name)];
        let member = |key| [at[0], at[1], Step::Key(key)];
        if name == AgentConfig::NAME {
            self.wrong(&at, "this name stands for the section \"agent\": give the profile another one");
        }
        if !is_part(name) {
            self.wrong(&at, PART_RULE);
        }
        if profile.command.is_none() && command_of(profile).is_empty() {
            self.wrong(
                &at,
                "names no program to run: \"program\" may be \"claude\", \"codex\", \"gemini\" or \"opencode\", and any other needs a \"command\"",
            );
        }
        if let Some(command) = &profile.command {
            if command.first().is_none_or(String::is_empty) {
                self.wrong(&member("command"), "names no program: [\"claude\", \"-p\"] is an example");
            }
            for (place, _) in command.iter().enumerate().filter(|(_, word)| word.contains('\0')) {
                let [agents, name, command] = member("command");
                self.wrong(&[agents, name, command, Step::Place(place)], "must not have a null character");
            }
        }
        for (variable, value) in &profile.env {
            let [agents, name, env] = member("env");
            let at = [agents, name, env, Step::Key(variable)];
            if !is_variable(variable) {
                self.wrong(&at, format!("{variable:?} is no name of a variable"));
            }
            if value.contains('\0') {
                self.wrong(&at, "must not have a null character");
            }
            if !is_closed(value) {
                self.wrong(
                    &at,
                    "a ${ has no } after it: ${NAME} stands for a variable of the daemon's environment",
                );
            }
        }
        self.fallback(config, name, &profile.fallback, &at);
    }

    /// Checks the fallbacks of the profile at this path.
    fn fallback(&mut self, config: &Config, own: &str, fallback: &[String], at: &[Step<'_>]) {
        for (place, name) in fallback.iter().enumerate() {
            let wrong = if name == own {
                Some("is the profile itself: name another one".to_owned())
            } else if let Some(unknown) = unknown(config, name) {
                Some(unknown)
            } else {
                ring(config, own, name)
            };
            if let Some(wrong) = wrong {
                self.wrong(&[at, &[Step::Key("fallback"), Step::Place(place)]].concat(), wrong);
            }
        }
    }
}

/// The problem with the name of a profile; none if the configuration has it.
fn unknown(config: &Config, name: &str) -> Option<String> {
    if name == AgentConfig::NAME || config.agents.contains_key(name) {
        return None;
    }
    let known: Vec<&str> =
        config.agents.keys().map(String::as_str).chain(std::iter::once(AgentConfig::NAME)).collect();
    let advice = match nearest(name, &known) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("there are {}", known.join(", ")),
    };
    Some(format!("there is no profile {name:?}; {advice}"))
}

/// The fallbacks of a profile.
fn fallbacks<'a>(config: &'a Config, name: &str) -> &'a [String] {
    match config.agents.get(name) {
        Some(profile) => &profile.fallback,
        None if name == AgentConfig::NAME => &config.agent.fallback,
        None => &[],
    }
}

/// The problem of a profile that leads back to itself by this fallback, over any number of others.
fn ring(config: &Config, own: &str, fallback: &str) -> Option<String> {
    let (mut paths, mut seen) = (vec![vec![fallback]], vec![fallback]);
    while let Some(path) = paths.pop() {
        let Some(last) = path.last() else { continue };
        for next in fallbacks(config, last) {
            if next == own {
                let way = [&[own], path.as_slice(), &[own]].concat();
                return Some(format!("leads back to the profile itself: {}", way.join(" -> ")));
            }
            if !seen.contains(&next.as_str()) {
                seen.push(next);
                paths.push([path.as_slice(), &[next.as_str()]].concat());
            }
        }
    }
    None
}
