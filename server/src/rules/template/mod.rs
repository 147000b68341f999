//! Prompts as templates: the members of events are data in them, quoted as such, and never part of the instructions.
//!
//! A template is bounded in all that it can take: its tokens are counted before it is parsed, since the engine recurses over
//! them; it is parsed and rendered where the stack is known; fuel bounds the work and the memory of rendering it, and what is
//! inserted is written into a bounded text.

mod check;
mod environment;
mod growth;
mod members;
mod quote;
mod render;
mod sample;
mod stack;
mod tokens;

use std::panic::{AssertUnwindSafe, catch_unwind};

use minijinja::{
    ErrorKind,
    machinery::{ast::Stmt, parse},
    syntax::SyntaxConfig,
};

pub use check::check;
pub(super) use check::payload_members;
pub use render::render;
pub use stack::{STACK, on_known_stack};

#[cfg(test)]
mod tests;

/// A template taken apart.
fn parsed(prompt: &str) -> Result<Stmt<'_>, minijinja::Error> {
    parse(prompt, "prompt", SyntaxConfig::default())
}

/// Runs the engine, and turns a panic into an error: no event may end the daemon.
fn unless_it_panics<T>(run: impl FnOnce() -> T) -> Result<T, TemplateError> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| {
        TemplateError("the template engine fails at it: use less of it, or have the agent read the file that AIWG_EVENT_FILE names".to_owned())
    })
}

/// A prompt that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

impl From<minijinja::Error> for TemplateError {
    fn from(error: minijinja::Error) -> Self {
        let place = error.line().map_or_else(String::new, |line| format!("line {line} of the prompt: "));
        let what = match error.kind() {
            ErrorKind::UndefinedError => {
                let named = error.detail().map_or_else(String::new, |what| format!(": {what}"));
                format!("it refers to something that the event does not have{named}")
            }
            ErrorKind::OutOfFuel => {
                "it takes more work or memory than a prompt may: name the members that the agent needs, or \
                                     have it read the file that AIWG_EVENT_FILE names"
                    .to_owned()
            }
            _ => error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
        };
        Self(format!("{place}{what}"))
    }
}
