//! The command of one run: the configured one, and what the daemon adds to it.

use std::{ffi::OsStr, path::Path};

/// The parts of a command that differ from run to run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Invocation<'a> {
    /// Name of the program's own agent that is to do the work, if one is asked for.
    pub agent: Option<&'a str>,
    /// The session that it works in.
    pub session: Session<'a>,
    /// Most that the run may cost, in US dollars. A program without such an option does not get it: [`Capabilities::has_cap`].
    pub cap_usd: Option<f64>,
    /// Settings in place of those that the command itself names, as JSON: [`AgentProgram::asking`](crate::AgentProgram::asking) makes some. A
    /// program without such an option refuses them.
    pub settings: Option<&'a str>,
    /// The way to its prompt.
    pub prompt: Prompt<'a>,
}

/// The session that a run works in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Session<'a> {
    /// A new one, for which the program finds an id.
    #[default]
    New,
    /// A new one with this id, a UUID. A program that cannot do that finds one by itself: [`Capabilities::can_name_session`].
    Named(&'a str),
    /// The one of this id, from where it stopped.
    Resumed(&'a str),
}

/// The way to the prompt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prompt<'a> {
    /// It is on standard input, which ends after it.
    #[default]
    Stdin,
    /// It is the first message on standard input, which stays open for others: [`Capabilities::takes_messages`].
    Messages,
    /// It is an argument.
    Argument(&'a str),
}

/// The abilities of a program, as a command runs it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// It reports its session's id, and a later run can go on with it.
    pub can_resume: bool,
    /// A new session can be given an id.
    pub can_name_session: bool,
    /// It reports what a run cost. Otherwise the tokens may tell: [`cost`](crate::price::cost).
    pub tells_cost: bool,
    /// It ends by itself when a run has cost so much.
    pub has_cap: bool,
    /// Hooks can be asked for what it may not do by its settings, and a tool's use be put off.
    pub asks_permissions: bool,
    /// It can read messages from its standard input while it works, and reports which it has taken in.
    pub takes_messages: bool,
}

/// Reason for which a command cannot be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CommandError {
    /// The prompt would be taken for an option.
    #[error(
        "its prompt begins with a dash, so that {program} could take it for an option: begin it with another character, or let prompts \
         reach the agent on its standard input (\"agent\": {{\"prompt\": \"stdin\"}})"
    )]
    LikeAnOption {
        /// The configured program.
        program: String,
    },
    /// An argument would end there.
    #[error(
        "its prompt has the character NUL (U+0000), which no argument can have: take it out, or let prompts reach the agent on its standard \
         input (\"agent\": {{\"prompt\": \"stdin\"}})"
    )]
    Nul,
    /// The id of a session is none.
    #[error("{0:?} is no id of a session: it is empty, begins with a dash or has characters that no id has")]
    Session(String),
    /// The program cannot go on with a session.
    #[error("{program} cannot go on with a session: run it anew")]
    CannotResume {
        /// The configured program.
        program: String,
    },
    /// The program has no agents to choose from.
    #[error(
        "{program} has no agents to choose from, so that {agent:?} cannot be one: leave --agent out, or name a command that has it"
    )]
    NoAgents {
        /// The configured program.
        program: String,
        /// The agent that was asked for.
        agent: String,
    },
    /// The program reads its prompt and nothing else.
    #[error(
        "{program} takes no messages while it works: leave \"steer\" out, or use claude with --output-format stream-json and without an \
         --input-format of your own"
    )]
    NoMessages {
        /// The configured program.
        program: String,
    },
    /// The program takes no settings from its command.
    #[error("{program} takes no settings from its command: only claude does")]
    NoSettings {
        /// The configured program.
        program: String,
    },
    /// The configured command has settings of its own, to which those of the daemon cannot be added.
    #[error(
        "the agent's command has --settings of its own, to which those that ask for permissions cannot be added, since {0}: mend them, or \
         move them to the project's .claude/settings.json or .claude/settings.local.json"
    )]
    OwnSettings(String),
}

/// The settings that a command has of its own, as JSON.
#[derive(Clone, Copy)]
pub enum OwnSettings<'a> {
    /// They stand on the command line.
    Shown(&'a str),
    /// They are the content of a file that it names.
    File(&'a str),
}

impl<'a> OwnSettings<'a> {
    pub(crate) fn text(self) -> &'a str {
        match self {
            Self::Shown(text) | Self::File(text) => text,
        }
    }
}

/// Longest id of a session, in bytes.
const LONGEST_ID: usize = 200;

/// A session's id, as an argument. The program itself reported it: it may be anything.
pub(crate) fn checked_id(id: &str) -> Result<&str, CommandError> {
    let is_id = !id.is_empty()
        && id.len() <= LONGEST_ID
        && !id.starts_with('-')
        && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if is_id { Ok(id) } else { Err(CommandError::Session(id.chars().take(LONGEST_ID).collect())) }
}

impl Invocation<'_> {
    /// Refuses an agent, for a program that has none to choose from.
    pub(crate) fn without_agent(&self, configured: &[String]) -> Result<(), CommandError> {
        let refused = |agent: &str| CommandError::NoAgents {
            program: program_name(configured),
            agent: agent.to_owned(),
        };
        self.agent.map_or(Ok(()), |agent| Err(refused(agent)))
    }

    /// Refuses settings, for a program that takes none.
    pub(crate) fn without_settings(&self, configured: &[String]) -> Result<(), CommandError> {
        let refused = |_| CommandError::NoSettings { program: program_name(configured) };
        self.settings.map_or(Ok(()), |settings| Err(refused(settings)))
    }
}

/// The configured program, for an error.
pub(crate) fn program_name(configured: &[String]) -> String {
    configured.first().cloned().unwrap_or_default()
}

/// A configured command that is added to.
pub(crate) struct Builder {
    /// The program and its options.
    words: Vec<String>,
    /// The arguments after `--`, if it has that.
    arguments: Option<Vec<String>>,
    program: String,
}

impl Builder {
    pub(crate) fn new(configured: &[String]) -> Self {
        let at = configured.iter().position(|word| word == "--");
        let (words, arguments) = configured.split_at(at.unwrap_or(configured.len()));
        Self {
            words: words.to_owned(),
            arguments: at.map(|_| arguments.iter().skip(1).cloned().collect()),
            program: program_name(configured),
        }
    }

    /// Adds an option with a value.
    pub(crate) fn option(&mut self, name: &str, value: &str) {
        self.words.extend([name.to_owned(), value.to_owned()]);
    }

    /// Adds a word.
    pub(crate) fn word(&mut self, word: String) {
        self.words.push(word);
    }

    /// Takes an option out, with its value beside it or after `=`, however often it is there.
    pub(crate) fn remove(&mut self, name: &str) {
        let mut is_value = false;
        self.words.retain(|word| {
            let is_its_value = std::mem::replace(&mut is_value, word == name);
            let is_it = word == name || word.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
            !is_its_value && !is_it
        });
    }

    /// Takes these options out where they have no value: the last word, or before another option.
    pub(crate) fn remove_bare(&mut self, names: &[&str]) {
        let words = std::mem::take(&mut self.words);
        let is_bare = |at: usize| words.get(at + 1).is_none_or(|next| next.starts_with('-'));
        self.words = words
            .iter()
            .enumerate()
            .filter(|(at, word)| !(names.contains(&word.as_str()) && is_bare(*at)))
            .map(|(_, word)| word.clone())
            .collect();
    }

    /// The command without a prompt among its arguments.
    pub(crate) fn without_prompt(mut self) -> Vec<String> {
        if let Some(arguments) = self.arguments {
            self.words.push("--".to_owned());
            self.words.extend(arguments);
        }
        self.words
    }

    /// The command with the prompt as its last argument, after `--` where the program takes everything after it for arguments. Also before
    /// prompts without a dash: an option that takes several words, such as `--allowedTools`, would take it for one of them.
    pub(crate) fn with_prompt(
        self,
        prompt: Prompt<'_>,
        knows_dashes: bool,
    ) -> Result<Vec<String>, CommandError> {
        let Prompt::Argument(prompt) = prompt else { return Ok(self.without_prompt()) };
        let ends_options = self.arguments.is_some();
        let program = self.program.clone();
        let mut words = self.without_prompt();
        if knows_dashes && !ends_options {
            words.push("--".to_owned());
        } else if prompt.starts_with('-') && !ends_options {
            return Err(CommandError::LikeAnOption { program });
        }
        words.push(checked_prompt(prompt)?.to_owned());
        Ok(words)
    }
}

/// A prompt that can be an argument.
pub(crate) fn checked_prompt(prompt: &str) -> Result<&str, CommandError> {
    if prompt.contains('\0') { Err(CommandError::Nul) } else { Ok(prompt) }
}

/// The command of a program of which nothing is known: it gets the name of an agent and the prompt.
pub(crate) fn plain(configured: &[String], invocation: &Invocation<'_>) -> Result<Vec<String>, CommandError> {
    let program = || program_name(configured);
    if let Session::Resumed(_) = invocation.session {
        return Err(CommandError::CannotResume { program: program() });
    }
    if invocation.settings.is_some() {
        return Err(CommandError::NoSettings { program: program() });
    }
    let mut command = Builder::new(configured);
    if let Some(agent) = invocation.agent {
        command.option("--agent", agent);
    }
    command.with_prompt(invocation.prompt, false)
}

/// True if the command runs the program of this name: that of its file.
pub fn runs(configured: &[String], name: &str) -> bool {
    let program = configured.first().map_or("", String::as_str);
    Path::new(program).file_name() == Some(OsStr::new(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &str) -> Vec<String> {
        command.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn an_id_is_never_an_option() {
        for id in ["01a22610-105b-7020-b1e4-66bb030efffe", "ses_dd9edc39bffeDM7SOgU5UlnQlj"] {
            assert_eq!(checked_id(id), Ok(id));
        }
        for id in ["", "-p", "--dangerously-skip-permissions", "a b", "a\0", "../x", "ä", &"x".repeat(201)] {
            assert!(checked_id(id).is_err(), "{id}");
        }
    }

    #[test]
    fn a_program_of_which_nothing_is_known_gets_its_prompt() {
        let invocation =
            Invocation { agent: Some("a"), prompt: Prompt::Argument("Do it"), ..Invocation::default() };
        assert_eq!(
            plain(&words("./agent -x"), &invocation).unwrap(),
            ["./agent", "-x", "--agent", "a", "Do it"]
        );
        // An option has to come before the end of the options.
        assert_eq!(
            plain(&words("./agent -- y"), &invocation).unwrap(),
            ["./agent", "--agent", "a", "--", "y", "Do it"]
        );
        let stdin = Invocation { cap_usd: Some(1.0), session: Session::Named("n"), ..Invocation::default() };
        assert_eq!(plain(&words("./agent"), &stdin).unwrap(), ["./agent"]);
        assert_eq!(plain(&[], &stdin).unwrap(), Vec::<String>::new());
        let error = |invocation| plain(&words("./agent"), &invocation).unwrap_err().to_string();
        let resumed = Invocation { session: Session::Resumed("s"), ..Invocation::default() };
        assert!(error(resumed).contains("cannot go on with a session"));
        assert!(error(Invocation { settings: Some("{}"), ..Invocation::default() }).contains("only claude"));
        let dash = Invocation { prompt: Prompt::Argument("-x"), ..Invocation::default() };
        assert!(error(dash).contains("begins with a dash"));
        assert!(
            error(Invocation { prompt: Prompt::Argument("a\0"), ..Invocation::default() }).contains("NUL")
        );
    }

    #[test]
    fn options_without_a_value_are_taken_out() {
        let mut command = Builder::new(&words("gemini -p --output-format json -p"));
        command.remove_bare(&["-p"]);
        assert_eq!(command.without_prompt(), words("gemini --output-format json"));
        let mut command = Builder::new(&words("gemini -p text"));
        command.remove_bare(&["-p"]);
        assert_eq!(command.without_prompt(), words("gemini -p text"));
    }
}
