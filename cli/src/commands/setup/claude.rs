//! Rules with which `claude` keeps agents from the daemon's own files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use aiwg_fs::write_atomic;
use serde_json::{Map, Value, json};

use crate::error::CliError;

/// Path at which `claude` looks for a project's settings.
const SETTINGS: &str = ".claude/settings.json";

/// Permission that agents are denied: whoever edits these files decides what runs.
pub(super) const DENIED: &str = "Edit(/.aiwg/**)";

/// Adds the rule to the project's settings, and leaves all else in them as it is.
///
/// # Errors
/// They cannot be read or written, or are not as `claude` has them.
pub(super) fn deny(project: &Path) -> Result<PathBuf, CliError> {
    let path = project.join(SETTINGS);
    let mut settings = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => json!({}),
        text => serde_json::from_str(&text.map_err(CliError::at(&path))?)
            .map_err(|error| unclear(&path, &error))?,
    };
    let denied = member(&mut settings, "permissions", json!({}))
        .and_then(|permissions| member(permissions, "deny", json!([])))
        .and_then(Value::as_array_mut)
        .ok_or_else(|| unclear(&path, &"\"permissions\" or its \"deny\" is something else than expected"))?;
    if !denied.iter().any(|rule| rule == DENIED) {
        denied.push(DENIED.into());
        let text = serde_json::to_vec_pretty(&settings).map_err(io::Error::from)?;
        let dir = path.parent().unwrap_or(project);
        fs::create_dir_all(dir).map_err(CliError::at(dir))?;
        // What it leads to, where it is a link: the settings may be kept elsewhere.
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        write_atomic(&real, &text).map_err(CliError::at(&path))?;
    }
    Ok(path)
}

/// A member of an object, made where there is none.
fn member<'a>(value: &'a mut Value, name: &str, new: Value) -> Option<&'a mut Value> {
    let members: &mut Map<String, Value> = value.as_object_mut()?;
    Some(members.entry(name).or_insert(new))
}

fn unclear(path: &Path, why: &dyn std::fmt::Display) -> CliError {
    CliError::Failed(format!(
        "{}: {why}; nothing was changed: add {DENIED:?} to permissions.deny by hand",
        path.display()
    ))
}
