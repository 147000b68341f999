//! A tmux session with the daemon's log, what its agents write, and a conversation.

use std::{
    io::{self, IsTerminal},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, ExitCode, Output as Done, Stdio},
};

use crate::error::CliError;

/// The session's name; that of a second project has more to it.
const SESSION: &str = "aiwg-daemon";

/// The option of a session that tells whose it is.
const OWNER: &str = "@aiwg_project";

/// Makes the session of a project, unless there is one. Gives its name.
pub(super) fn make(project: &Path) -> Result<String, CliError> {
    if let Some(session) = session_of(project)? {
        return Ok(session);
    }
    let name = free_name(project)?;
    let program = std::env::current_exe()?;
    // Without a shell, so that no path needs quoting.
    let pane = |words: &[&str]| {
        let mut command = vec![program.as_os_str().to_owned()];
        command.extend(words.iter().map(Into::into));
        command.extend(["--project".into(), project.as_os_str().to_owned()]);
        command
    };
    let target = format!("={name}:");
    tmux(&["new-session", "-d", "-x", "200", "-y", "50", "-s", &name, "-c"])
        .arg(project)
        .args(pane(&["daemon", "logs", "--follow"]))
        .done()?;
    tmux(&["set-option", "-t", &target, OWNER]).arg(project).done()?;
    tmux(&["set-option", "-t", &target, "pane-border-status", "top"]).done()?;
    tmux(&["select-pane", "-t", &target, "-T", "daemon log"]).done()?;
    tmux(&["split-window", "-v", "-l", "60%", "-t", &target, "-c"])
        .arg(project)
        .args(pane(&["task", "logs", "--follow"]))
        .done()?;
    tmux(&["select-pane", "-t", &target, "-T", "task output"]).done()?;
    tmux(&["split-window", "-h", "-t", &target, "-c"]).arg(project).args(pane(&["daemon", "chat"])).done()?;
    tmux(&["select-pane", "-t", &target, "-T", "chat"]).done()?;
    Ok(name)
}

/// Ends the session of a project, if there is one.
pub(super) fn end(project: &Path) {
    // Where there is no tmux there is no session.
    if let Ok(Some(session)) = session_of(project) {
        let _ = tmux(&["kill-session", "-t", &format!("={session}")]).output();
    }
}

/// Shows the session in this terminal, until the person leaves it. Does not return if all is well.
pub(super) fn attach(project: &Path, readonly: bool) -> Result<ExitCode, CliError> {
    let Some(session) = session_of(project)? else {
        return Err(CliError::Failed(format!(
            "there is no tmux session of {}; `aiwg daemon start --tmux` makes one",
            project.display()
        )));
    };
    if !io::stdin().is_terminal() {
        return Err(CliError::Failed(format!(
            "this is no terminal; in one, `tmux attach -t {session}` does it too"
        )));
    }
    let target = format!("={session}");
    // Within tmux, a session is switched to and not nested.
    let verb = if std::env::var_os("TMUX").is_some() { "switch-client" } else { "attach-session" };
    let mut command = tmux(&[verb, "-t", &target]);
    if readonly {
        command.arg("-r");
    }
    Err(missing(command.exec()))
}

/// The session whose project this is.
fn session_of(project: &Path) -> Result<Option<String>, CliError> {
    let wanted = project.display().to_string();
    let sessions = sessions()?;
    Ok(sessions.into_iter().find(|(_, owner)| *owner == wanted).map(|(name, _)| name))
}

/// All sessions, and whose they are. None where no tmux server runs.
fn sessions() -> Result<Vec<(String, String)>, CliError> {
    let format = format!("#{{session_name}}\t#{{{OWNER}}}");
    let done = tmux(&["list-sessions", "-F", &format]).output().map_err(missing)?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let row = |line: &str| line.split_once('\t').map(|(name, owner)| (name.to_owned(), owner.to_owned()));
    Ok(text.lines().filter_map(row).collect())
}

/// `aiwg-daemon`, or with the project's name and a number behind it where another project has that.
fn free_name(project: &Path) -> Result<String, CliError> {
    let taken: Vec<String> = sessions()?.into_iter().map(|(name, _)| name).collect();
    let own = project.file_name().unwrap_or_default().to_string_lossy();
    // tmux has other uses for dots and colons.
    let own: String = own.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let more = (2..).map(|number| format!("{SESSION}-{own}-{number}"));
    let mut names = [SESSION.to_owned(), format!("{SESSION}-{own}")].into_iter().chain(more);
    names.find(|name| !taken.contains(name)).ok_or_else(|| CliError::Failed("no name is free".to_owned()))
}

fn tmux(words: &[&str]) -> Command {
    let mut command = Command::new("tmux");
    command.args(words).stdin(Stdio::inherit());
    command
}

fn missing(error: io::Error) -> CliError {
    if error.kind() == io::ErrorKind::NotFound {
        return CliError::Failed(
            "tmux is not installed: `apt install tmux` or `brew install tmux` does that".to_owned(),
        );
    }
    CliError::Failed(format!("tmux cannot be run: {error}"))
}

trait Finish {
    /// Runs it, and fails with what it says.
    fn done(&mut self) -> Result<Done, CliError>;
}

impl Finish for Command {
    fn done(&mut self) -> Result<Done, CliError> {
        let done = self.output().map_err(missing)?;
        if done.status.success() {
            return Ok(done);
        }
        let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        Err(CliError::Failed(format!("tmux could not make the session: {said}")))
    }
}
