//! The terms on which tasks run: what both the configuration and the methods can say of them.

mod retry;
mod span;
mod verify;

pub use retry::{RetryOn, RetryPolicy};
pub use span::Span;
pub use verify::{CheckCommand, Verify};
