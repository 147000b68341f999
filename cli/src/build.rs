//! The build of this program.

use std::sync::LazyLock;

use aiwg_protocol::PROTOCOL_VERSION;

/// Its version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that it was built from. None in a build for development.
pub(crate) const COMMIT: Option<&str> = option_env!("AIWG_COMMIT");

/// The day of that commit, as `2026-11-29`.
pub(crate) const COMMIT_DATE: Option<&str> = option_env!("AIWG_COMMIT_DATE");

/// Its version with its commit and its protocol, as `--version` shows them.
pub(crate) static LONG: LazyLock<String> = LazyLock::new(|| {
    let commit = COMMIT.map_or_else(String::new, |commit| format!("commit {commit}, "));
    format!("{VERSION} ({commit}protocol {PROTOCOL_VERSION})")
});
