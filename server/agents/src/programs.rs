//! The list of programs whose output is understood.

use crate::{claude::Claude, plain::Plain, program::AgentProgram};

/// The programs whose output is understood. The last one takes any.
const PROGRAMS: [&dyn AgentProgram; 2] = [&Claude, &Plain];

/// The program that a configured command runs.
pub fn program_of(command: &[String]) -> &'static dyn AgentProgram {
    PROGRAMS.into_iter().find(|program| program.understands(command)).unwrap_or(&Plain)
}
