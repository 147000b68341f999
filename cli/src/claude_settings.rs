//! The files in which `claude` looks for a project's settings.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use aiwg_fs::{open_of_anyone, read_file, rewrite_atomic};
use rustix::{
    fs::{FlockOperation, Mode, OFlags, flock, open},
    io::Errno,
};
use serde_json::{Map, Value, json};

use crate::error::CliError;

/// The longest file of settings that is read, in bytes: 1 MiB.
const LONGEST: u64 = 1024 * 1024;

/// Time for which others may keep the settings locked: each of them only reads and writes them.
const LOCKED: Duration = Duration::from_secs(10);

/// Time between two tries meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A file of settings, as it is and with what is added to it.
pub(crate) struct ClaudeSettings {
    path: PathBuf,
    value: Value,
    /// The rules that were added, each with its list.
    added: Vec<(String, String)>,
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
        Ok(Self { path, value, added: Vec::new() })
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
            self.added.push((list.to_owned(), rule.to_owned()));
        }
        Ok(())
    }

    /// Writes what was added into the file as it is by now: others may have added to it meanwhile, and this waits for those that just do. Returns
    /// the path.
    ///
    /// # Errors
    /// It cannot be written, is no longer one that can be added to, or others keep it locked.
    pub(crate) fn write(self) -> Result<PathBuf, CliError> {
        let Self { path, added, .. } = self;
        if !added.is_empty() {
            if let Some(dir) = path.parent() {
                fs::create_dir_all(dir).map_err(CliError::at(dir))?;
            }
            // What it leads to, where it is a link: the settings may be kept elsewhere.
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            let _lock = locked(real.parent().unwrap_or(&real)).map_err(CliError::at(&path))?;
            let mut now = Self::read(path.clone())?;
            added.iter().try_for_each(|(list, rule)| now.add(list, rule))?;
            if !now.added.is_empty() {
                let mut text = serde_json::to_vec_pretty(&now.value).map_err(io::Error::from)?;
                text.push(b'\n');
                rewrite_atomic(&real, &text).map_err(CliError::at(&path))?;
            }
        }
        Ok(path)
    }
}

/// The lock of a directory whose files are read, changed and written, for as long as it is open; none on a file system that locks files only.
fn locked(dir: &Path) -> io::Result<Option<File>> {
    let dir = File::from(open(dir, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?);
    let began = Instant::now();
    loop {
        match flock(&dir, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(dir)),
            Err(Errno::WOULDBLOCK) if began.elapsed() < LOCKED => thread::sleep(LOOK_EVERY),
            Err(Errno::WOULDBLOCK) => {
                let message =
                    format!("another program has kept its directory locked for {} s", LOCKED.as_secs());
                return Err(io::Error::new(io::ErrorKind::WouldBlock, message));
            }
            Err(_) => return Ok(None),
        }
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
    use std::os::unix::fs::{PermissionsExt, symlink};

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

    #[test]
    fn rules_that_are_added_at_the_same_time_are_all_there_and_the_mode_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.local.json");
        fs::write(&path, "{}").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let rules: Vec<String> = (0..8).map(|n| format!("Bash(echo {n})")).collect();
        let all: Vec<ClaudeSettings> = rules
            .iter()
            .map(|rule| {
                let mut settings = ClaudeSettings::read(path.clone()).ok().unwrap();
                settings.add("allow", rule).ok().unwrap();
                settings
            })
            .collect();
        let writers: Vec<_> = all
            .into_iter()
            .map(|settings| thread::spawn(|| settings.write().map_err(|error| error.to_string())))
            .collect();
        for writer in writers {
            writer.join().unwrap().unwrap();
        }
        let value = ClaudeSettings::read(path.clone()).ok().unwrap().value;
        let mut written: Vec<&str> =
            value["permissions"]["allow"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        written.sort_unstable();
        assert_eq!(written, rules);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
