//! The commands that set a project or a machine up. None of them needs a daemon.

mod claude;
mod completions;
mod init;
mod man;
mod service;

use std::{io, path::Path, process::ExitCode};

use aiwg_protocol::{CONFIG_PATH, PROJECT_DIR};
use aiwg_server::boot::load_config;

pub(crate) use completions::completions;
pub(crate) use init::init;
pub(crate) use man::man;
pub(crate) use service::service;

use crate::{error::CliError, output::verbatim, project::to_start, values::SchemaKind};

/// Prints one of the documents.
pub(crate) fn schema(project: Option<&Path>, kind: SchemaKind) -> Result<ExitCode, CliError> {
    let document = match kind {
        SchemaKind::Config => aiwg_protocol::schema::config_schema(),
        SchemaKind::Openrpc => aiwg_protocol::schema::openrpc(),
        SchemaKind::Events => events(&to_start(project)?)?,
    };
    let text = serde_json::to_string_pretty(&document).map_err(io::Error::from)?;
    verbatim(format!("{text}\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The document of a project's events.
fn events(project: &Path) -> Result<serde_json::Value, CliError> {
    if !project.join(PROJECT_DIR).is_dir() {
        return Err(CliError::Failed(format!(
            "{} is in no project, so there are no events to describe: `aiwg init` makes it one, and --project names another",
            project.display()
        )));
    }
    let loaded = load_config(project, &project.join(CONFIG_PATH), false)
        .map_err(|error| CliError::Failed(error.to_string()))?;
    let project = project.canonicalize()?;
    let name = project.file_name().map_or_else(|| "/".into(), |name| name.to_string_lossy());
    Ok(aiwg_protocol::schema::asyncapi(&name, &loaded.config))
}
