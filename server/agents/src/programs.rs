//! The list of programs whose output is understood.

use crate::{
    claude::Claude, codex::Codex, gemini::Gemini, opencode::Opencode, plain::Plain, program::AgentProgram,
};

/// The programs whose output is understood. Those that are known by their names come first: `claude` is also known by an option that others have
/// too. The last one takes any.
const PROGRAMS: [&dyn AgentProgram; 5] = [&Codex, &Gemini, &Opencode, &Claude, &Plain];

/// The program that a configured command runs.
pub fn program_of(command: &[String]) -> &'static dyn AgentProgram {
    PROGRAMS.into_iter().find(|program| program.understands(command)).unwrap_or(&Plain)
}

/// The program of this name, such as `claude`, whatever the command is that runs it.
pub fn program_named(name: &str) -> Option<&'static dyn AgentProgram> {
    PROGRAMS.into_iter().find(|program| program.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(command: &str) -> &'static str {
        program_of(&command.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).name()
    }

    #[test]
    fn a_program_is_known_by_its_file() {
        assert_eq!(name_of("claude -p"), "claude");
        assert_eq!(name_of("/opt/bin/claude -p --output-format json"), "claude");
        assert_eq!(name_of("./wrapper --output-format stream-json"), "claude");
        assert_eq!(name_of("codex exec --json"), "codex");
        assert_eq!(name_of("gemini --output-format stream-json"), "gemini");
        assert_eq!(name_of("node_modules/.bin/opencode run"), "opencode");
        assert_eq!(name_of("./wrapper claude"), "plain");
        assert_eq!(name_of(""), "plain");
    }

    #[test]
    fn each_program_is_found_by_its_name() {
        for program in PROGRAMS {
            assert_eq!(program_named(program.name()).map(AgentProgram::name), Some(program.name()));
        }
        assert!(program_named("no-such-program").is_none());
    }
}
