//! The files in which `claude` looks for a project's settings.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use aiwg_fs::{open_of_anyone, read_file, write_atomic};
use serde_json::{Map, Value, json};

use crate::error::CliError;

/// The longest file of settings that is read, in bytes: 1 MiB.
const LONGEST: u64 = 1024 * 1024;

/// A file of settings, as it is and with what is added to it.
pub(crate) struct ClaudeSettings {
    path: PathBuf,
    value: Value,
    is_changed: bool,
}

impl ClaudeSettings {
    /// The settings in this file; empty ones where there is none.
    ///
    /// # Errors
    /// The file cannot be read, is no regular one, has more than 1 MiB, or is no JSON.
    pub(crate) fn read(path: PathBuf) -> Result<Self, CliError> {
        let value = match content(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => json!({}),
            text => serde_json::from_slice(&text.map_err(CliError::at(&path))?)
                .map_err(|error| unclear(&path, &error))?,
        };
        Ok(Self { path, value, is_changed: false })
    }

    /// Adds a rule to this list of `permissions`, unless it is there, and leaves all else as it is.
    ///
    /// # Errors
    /// The settings are not as `claude` has them.
    pub(crate) fn add(&mut self, list: &str, rule: &str) -> Result<(), CliError> {
        let path = &self.path;
        let rules = member(&mut self.value, "permissions", json!({}))
            .and_then(|permissions| member(permissions, list, json!([])))
            .and_then(Value::as_array_mut)
            .ok_or_else(|| {
                unclear(path, &format!("\"permissions\" or its {list:?} is something else than expected"))
            })?;
        if !rules.iter().any(|known| known == rule) {
            rules.push(rule.into());
            self.is_changed = true;
        }
        Ok(())
    }

    /// Writes what was added. Returns the path.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(self) -> Result<PathBuf, CliError> {
        let Self { path, value, is_changed } = self;
        if is_changed {
            let mut text = serde_json::to_vec_pretty(&value).map_err(io::Error::from)?;
            text.push(b'\n');
            if let Some(dir) = path.parent() {
                fs::create_dir_all(dir).map_err(CliError::at(dir))?;
            }
            // What it leads to, where it is a link: the settings may be kept elsewhere.
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            write_atomic(&real, &text).map_err(CliError::at(&path))?;
        }
        Ok(path)
    }
}

/// The file, or what it leads to. An agent can put anything there, so neither a pipe is waited for nor a file of any size read.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    read_file(open_of_anyone(&path.canonicalize()?)?, LONGEST)
}

/// A member of an object, made where there is none.
fn member<'a>(value: &'a mut Value, name: &str, new: Value) -> Option<&'a mut Value> {
    let members: &mut Map<String, Value> = value.as_object_mut()?;
    Some(members.entry(name).or_insert(new))
}

fn unclear(path: &Path, why: &dyn std::fmt::Display) -> CliError {
    CliError::Failed(format!(
        "{}: {why}; nothing was changed: mend the file first, or add the rule by hand",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_a_regular_file_of_a_bounded_size_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        assert_eq!(ClaudeSettings::read(place("none")).ok().unwrap().value, json!({}));
        fs::write(place("good"), r#"{"model": "opus"}"#).unwrap();
        symlink("good", place("link")).unwrap();
        for name in ["good", "link"] {
            assert_eq!(ClaudeSettings::read(place(name)).ok().unwrap().value, json!({ "model": "opus" }));
        }
        let why = |name: &str| ClaudeSettings::read(place(name)).err().unwrap().to_string();
        assert!(std::process::Command::new("mkfifo").arg(place("pipe")).status().unwrap().success());
        symlink("pipe", place("to_pipe")).unwrap();
        for name in ["pipe", "to_pipe"] {
            assert!(why(name).contains("a named pipe"), "{}", why(name));
        }
        fs::File::create(place("huge")).unwrap().set_len(3 << 30).unwrap();
        assert!(why("huge").contains("bytes, of which no more than 1048576 are read"), "{}", why("huge"));
        assert!(
            fs::File::create(place("huge")).unwrap().set_len(1).is_ok()
                && why("huge").contains("nothing was changed")
        );
    }
}
