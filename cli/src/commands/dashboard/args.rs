//! The arguments of `aiwg dashboard`.

use std::path::PathBuf;

use aiwg_dashboard::Listen;
use clap::{Args, ValueHint};

/// The beginning of a place that is a Unix socket.
const UNIX: &str = "unix:";

/// The arguments of `aiwg dashboard`.
#[derive(Debug, Clone, Args)]
pub(crate) struct DashboardArgs {
    /// Port of 127.0.0.1 to listen on; 0 is any that is free
    #[arg(long, value_name = "PORT", default_value_t = 0, value_hint = ValueHint::Other)]
    port: u16,

    /// Open it in the browser
    #[arg(long, conflicts_with = "listen")]
    pub(super) open: bool,

    /// Let nothing be changed by it
    #[arg(long)]
    pub(super) readonly: bool,

    /// Show the daemons of all your projects
    #[arg(long)]
    pub(super) all: bool,

    /// Listen on a Unix socket instead, for `ssh -L PORT:PATH`
    #[arg(long, value_name = "unix:PATH", value_parser = socket, conflicts_with = "port", value_hint = ValueHint::Other)]
    listen: Option<PathBuf>,
}

impl DashboardArgs {
    /// The place to listen.
    pub(super) fn place(&self) -> Listen {
        self.listen.clone().map_or(Listen::Port(self.port), Listen::Unix)
    }
}

fn socket(text: &str) -> Result<PathBuf, String> {
    match text.strip_prefix(UNIX) {
        Some("") | None => Err("expected unix:PATH; --port names a port of 127.0.0.1".to_owned()),
        Some(path) => Ok(path.into()),
    }
}
