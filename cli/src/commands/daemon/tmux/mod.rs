//! A tmux session with the daemon's log, what its agents write, and a conversation.

mod command;
mod session;

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, ExitCode},
    time::Duration,
};

use aiwg_client::types::NoParams;
use aiwg_protocol::SOCKET_ENV;
use aiwg_server::boot::{Options, Ready, is_running};
use serde::Serialize;

use self::{
    command::{Finish, installed, missing, own, tmux, word},
    session::{make, session_of},
};
use crate::{
    daemon::detach,
    error::CliError,
    output::{Output, indented},
    project::{connect, from_afar, to_start},
};

/// Time within which a daemon that runs must say so.
const ANSWER: Duration = Duration::from_secs(10);

/// The daemon and its session.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(flatten)]
    ready: Ready,
    tmux_session: String,
}

/// Starts the daemon unless it runs, and makes its session, or what is missing of it.
pub(super) fn start(options: &Options, output: &Output) -> Result<ExitCode, CliError> {
    installed()?;
    let project = options.project.canonicalize().map_err(CliError::at(&options.project))?;
    // One that runs with another configuration is not what was asked for.
    let is_there = options.config.is_none() && is_running(&project);
    let ready = if is_there { running(&project)? } else { detach(options)? };
    let tmux_session = make(&project).map_err(|error| {
        CliError::Failed(format!("the daemon runs as process {}, but has no session: {error}", ready.pid))
    })?;
    output.result(&Shown { ready, tmux_session }, |out, Shown { ready, tmux_session }| {
        writeln!(out, "The daemon runs as process {}.", ready.pid)?;
        ready.warnings.iter().try_for_each(|warning| writeln!(out, "! {}", indented(warning, 4)))?;
        writeln!(out, "The tmux session is {tmux_session}. Next: aiwg daemon attach")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The answer that the daemon would have given when it was started.
fn running(project: &Path) -> Result<Ready, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let status = runtime.block_on(async {
        connect(Some(project)).await?.with_timeout(ANSWER).daemon_status(NoParams {}).await
    })?;
    Ok(Ready {
        pid: status.pid,
        socket: status.socket,
        warnings: Vec::new(),
        changes: Vec::new(),
        shares_with: Vec::new(),
    })
}

/// Ends the session of a project, if there is one.
pub(super) fn end(project: &Path) {
    // Where there is no tmux there is no session.
    if let Ok(Some(session)) = session_of(project) {
        let _ = tmux(&["kill-session", "-t", &format!("={session}")]).output();
    }
}

/// Shows the session in this terminal, until the person leaves it. Outside of tmux it does not return if all is well.
pub(super) fn attach(named: Option<&Path>, readonly: bool) -> Result<ExitCode, CliError> {
    if let Some(socket) = from_afar(named)? {
        return Err(CliError::Failed(format!(
            "{SOCKET_ENV} leads to {}, and the session is on the machine at its other end: in the project there, \
             `ssh -t HOST aiwg daemon attach` shows it; for one here, unset {SOCKET_ENV} or name the project with --project",
            socket.display()
        )));
    }
    let project = to_start(named)?.canonicalize()?;
    let Some(session) = session_of(&project)? else {
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
    match std::env::var_os("TMUX").filter(|server| !server.is_empty()) {
        Some(server) => within_tmux(&server, &session, readonly),
        None => {
            let mut command = Command::new("tmux");
            command.args(viewing(&session, readonly));
            Err(missing(command.exec()))
        }
    }
}

/// Within tmux a session is switched to and not nested; but only to look, or in another server, it is in a window of its own: what a client may
/// do, it may do in all sessions.
fn within_tmux(server: &OsString, session: &str, readonly: bool) -> Result<ExitCode, CliError> {
    let target = format!("={session}:");
    let socket = tmux(&["display-message", "-p", "-t", &target, "#{socket_path}"]).done()?;
    let server = server.to_string_lossy();
    let here = server.split(',').next().unwrap_or_default();
    let is_same = Path::new(here).canonicalize().ok() == Path::new(&socket).canonicalize().ok();
    if is_same && !readonly {
        own(&["switch-client", "-t", &target]).done()?;
        return Ok(ExitCode::SUCCESS);
    }
    if is_same && own(&["display-message", "-p", "#{session_name}"]).done()? == session {
        return Err(CliError::Failed(format!("this is in the session {session} already")));
    }
    own(&["new-window", "-n", session, "env", "-u", "TMUX", "-u", "TMUX_PANE", "tmux", "-S"])
        .arg(word(socket))
        .args(viewing(session, readonly))
        .done()?;
    Ok(ExitCode::SUCCESS)
}

fn viewing(session: &str, readonly: bool) -> Vec<String> {
    let mut words = vec!["attach-session".to_owned(), "-t".to_owned(), format!("={session}")];
    words.extend(readonly.then(|| "-r".to_owned()));
    words
}
