//! The thread on which templates are parsed and rendered: the engine recurses, as deep as [`tokens`](super::tokens) allows.

use std::thread;

use super::TemplateError;

/// The stack of a thread that parses or renders templates, in bytes. It is reserved, and taken only where it is used.
pub const STACK: usize = 8 * 1024 * 1024;

/// Calls a function on a thread of its own, which has the stack that templates need.
///
/// # Errors
/// No thread could be started.
pub fn on_known_stack<T: Send>(run: impl FnOnce() -> T + Send) -> Result<T, TemplateError> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("template".to_owned()).stack_size(STACK);
        let started = thread.spawn_scoped(scope, run);
        let thread = started.map_err(|error| TemplateError(format!("it could not be looked at: {error}")))?;
        thread.join().map_err(|_| TemplateError("it could not be looked at".to_owned()))
    })
}
