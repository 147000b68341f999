use std::{
    fs::{DirBuilder, File},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use aiwg_protocol::CONFIG_PATH;
use serde::Serialize;

use crate::{error::CliError, output::Output};

/// The configuration to begin with: every section, explained, and nothing on that costs money by itself.
const STARTING: &str = include_str!("starting.jsonc");

/// Beside the configuration, for editors to complete and check it.
const SCHEMA_FILE: &str = "daemon.schema.json";

#[derive(Serialize)]
struct Written {
    config: PathBuf,
    schema: PathBuf,
}

/// Writes a configuration to begin with, unless there is one.
pub(crate) fn init(project: Option<&Path>, output: &Output) -> Result<ExitCode, CliError> {
    // Here, and not in a directory above that is a project already: whoever wants that is there.
    let project = project.map_or_else(std::env::current_dir, |dir| Ok(dir.to_owned()))?;
    let config = project.join(CONFIG_PATH);
    let dir = config.parent().unwrap_or(&project);
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    let file = File::options().write(true).create_new(true).open(&config);
    match file {
        Ok(mut file) => file.write_all(STARTING.as_bytes())?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let message = format!("{} exists already; `aiwg config check` checks it", config.display());
            return Err(CliError::Failed(message));
        }
        Err(error) => return Err(error.into()),
    }
    let schema = dir.join(SCHEMA_FILE);
    let document = serde_json::to_vec_pretty(&aiwg_protocol::schema::config_schema());
    std::fs::write(&schema, document.map_err(io::Error::from)?)?;
    output.result(&Written { config, schema }, |out, written| {
        writeln!(out, "{} explains each setting.", written.config.display())?;
        writeln!(out, "Next: edit it, aiwg config check, aiwg daemon start")
    })?;
    Ok(ExitCode::SUCCESS)
}
