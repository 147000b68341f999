//! The terms on which tasks run: what both the configuration and the methods can say of them.

mod approval;
mod retry;
mod span;
mod verify;
mod workspace;

pub use approval::{ApprovalLimits, ApprovalTerms, OnTimeout};
pub use retry::{RetryOn, RetryPolicy};
pub use span::Span;
pub use verify::{CheckCommand, Verify};
pub use workspace::{
    Workspace, WorkspaceBack, WorkspaceDefault, WorkspaceMode, WorkspaceRemote, WorkspaceSettings,
    WorkspaceTerms,
};
