//! The command line of the configuration.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

use crate::examples;

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ConfigCommand {
    /// List all errors in a configuration file, and where they are
    #[command(after_help = examples::CONFIG_CHECK)]
    Check {
        /// The file, - for standard input; .aiwg/daemon.json of the project unless given
        #[arg(value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
    },
}
