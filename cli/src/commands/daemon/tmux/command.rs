//! Running tmux.

use std::{
    ffi::{OsStr, OsString},
    io,
    process::Command,
};

use crate::error::CliError;

/// tmux, of the person's usual server: whatever server this may run in, the session is to be found from everywhere.
pub(super) fn tmux(words: &[&str]) -> Command {
    let mut command = own(words);
    command.env_remove("TMUX").env_remove("TMUX_PANE");
    command
}

/// tmux, of the server that this runs in.
pub(super) fn own(words: &[&str]) -> Command {
    let mut command = Command::new("tmux");
    // Outside of a UTF-8 locale, as under cron or systemd, it replaces characters in what it prints otherwise.
    command.arg("-u").args(words);
    command
}

/// A word of any characters, for tmux: a semicolon at its end would be the end of a command.
pub(super) fn word(text: impl AsRef<OsStr>) -> OsString {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let mut bytes = text.as_ref().as_bytes().to_vec();
    if bytes.last() == Some(&b';') {
        bytes.insert(bytes.len() - 1, b'\\');
    }
    OsString::from_vec(bytes)
}

/// Fails where there is no tmux.
pub(super) fn installed() -> Result<(), CliError> {
    tmux(&["-V"]).output().map(drop).map_err(missing)
}

pub(super) fn missing(error: io::Error) -> CliError {
    if error.kind() == io::ErrorKind::NotFound {
        return CliError::Failed(
            "tmux is not installed: `apt install tmux` or `brew install tmux` does that".to_owned(),
        );
    }
    CliError::Failed(format!("tmux cannot be run: {error}"))
}

pub(super) trait Finish {
    /// Runs it, and gives what it prints, without the end of the line, or fails with that.
    fn done(&mut self) -> Result<String, CliError>;
}

impl Finish for Command {
    fn done(&mut self) -> Result<String, CliError> {
        let done = self.output().map_err(missing)?;
        if done.status.success() {
            return Ok(String::from_utf8_lossy(&done.stdout).trim_end().to_owned());
        }
        let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        Err(CliError::Failed(format!("tmux could not do it: {said}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_word_whatever_it_ends_with() {
        let words = ["a", "", "a;b", "a;", ";", "a\\;"].map(|text| word(text).into_string().unwrap());
        assert_eq!(words, ["a", "", "a;b", "a\\;", "\\;", "a\\\\;"]);
    }
}
