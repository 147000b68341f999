//! What an agent's standard output says, where it is the JSON of `claude -p --output-format json` or `stream-json`.
//!
//! An agent's exit code is not the truth: an interrupted one may exit with 0, and one may never exit after it has told its result.
//! Its `result` message is: tried with `claude` 2.1.330, see `scripts/test-real-agent`.

mod format;
mod lines;
mod message;
mod watch;

pub(crate) use format::Format;
pub(crate) use message::ResultMessage;
pub(crate) use watch::ResultWatch;
