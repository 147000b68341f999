//! The project of a command.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, Instant},
};

use aiwg_client::{ClientError, DaemonClient, Options, discover, find_project};
use aiwg_protocol::{ErrorKind, SOCKET_ENV, SOCKET_PATH};

use aiwg_server::{
    boot::{is_running, last_holder},
    lifecycle::Phase,
};
use tokio::time::{sleep, timeout};

use crate::error::CliError;

/// Time within which a daemon must answer what it answers at once, unless the person gives it longer.
const PROMPT: Duration = Duration::from_secs(10);

/// The person's limit: `--request-timeout`, which is the same for all that one command asks.
static GIVEN: OnceLock<Duration> = OnceLock::new();

/// Notes how long each request of this command may take.
pub(crate) fn give_requests(time: Duration) {
    // It is noted once, before anything is asked.
    let _ = GIVEN.set(time);
}

/// Time that a request may take that the daemon answers at once: nobody is to wait for ever for one that hangs, or
/// behind a tunnel that does.
pub(crate) fn request_timeout() -> Duration {
    request_timeout_or(PROMPT)
}

/// The same for one that takes the daemon this long as a rule.
pub(crate) fn request_timeout_or(usual: Duration) -> Duration {
    GIVEN.get().copied().unwrap_or(usual)
}

/// The project to start a daemon for: the one named, else the one that this directory is in, else this directory.
pub(crate) fn to_start(named: Option<&Path>) -> Result<PathBuf, CliError> {
    if let Some(project) = named {
        return Ok(project.to_owned());
    }
    let cwd = working_directory()?;
    Ok(find_project(&cwd)?.unwrap_or(&cwd).to_owned())
}

/// Directory in which the command was typed.
pub(crate) fn working_directory() -> Result<PathBuf, CliError> {
    let gone =
        |error| CliError::Failed(format!("the working directory cannot be found: {error}; was it deleted?"));
    std::env::current_dir().map_err(gone)
}

/// The socket that the environment leads to, unless it is that of the project here: then what is named on a command line is not on
/// the daemon's machine.
pub(crate) fn from_afar(named: Option<&Path>) -> Result<Option<PathBuf>, CliError> {
    let Some(socket) = given_socket().filter(|_| named.is_none()) else { return Ok(None) };
    Ok((!leads_to(&socket, &to_start(None)?)).then_some(socket))
}

/// True if the environment leads to this project's daemon, as in its agents.
pub(crate) fn is_own(project: &Path) -> bool {
    given_socket().is_some_and(|socket| leads_to(&socket, project))
}

fn given_socket() -> Option<PathBuf> {
    std::env::var_os(SOCKET_ENV).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// True if a socket is that of this project's daemon, be it there or not.
fn leads_to(socket: &Path, project: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let own = real(project).unwrap_or_else(|| project.to_owned()).join(SOCKET_PATH);
    own == socket
        || project.join(SOCKET_PATH) == socket
        || real(&own).is_some_and(|own| Some(own) == real(socket))
}

/// A connection to the daemon: of the project named, else as every client finds it. Each of its calls has [`request_timeout`], which what
/// waits for something sets otherwise.
pub(crate) async fn connect(named: Option<&Path>) -> Result<DaemonClient, ClientError> {
    // What is asked for again is decided by each command, and by the person.
    DaemonClient::connect_with(Options { retry: false, ..options(named) }).await
}

/// A client that emits events also where there is no daemon: those go to the project's spool.
pub(crate) async fn connect_offline(named: Option<&Path>) -> Result<DaemonClient, ClientError> {
    DaemonClient::connect_with(Options { offline: true, ..options(named) }).await
}

fn options(named: Option<&Path>) -> Options {
    let socket = named.map(|project| project.join(SOCKET_PATH));
    Options { socket, timeout: Some(request_timeout()), ..Options::default() }
}

/// What a view of projects is to show.
pub(crate) enum Viewed {
    /// One: its directory, if that is known, and the way to its daemon.
    One { path: Option<PathBuf>, options: Options },
    /// All of this user's with a daemon that runs.
    All,
}

/// What a view is to show, whether or not a daemon runs there yet.
///
/// # Errors
/// There is no project, or it is not to be trusted.
pub(crate) fn to_view(named: Option<&Path>, is_all: bool) -> Result<Viewed, CliError> {
    if is_all {
        if named.is_some() {
            return Err(CliError::Usage(
                "--all is for the daemons of all projects: leave out --project, or --all".to_owned(),
            ));
        }
        return Ok(Viewed::All);
    }
    let cwd = working_directory()?;
    let socket = named.map(|project| project.join(SOCKET_PATH));
    // An error is said here, and not in the view.
    discover(socket.as_deref(), &cwd)?;
    let path = match from_afar(named)? {
        Some(_) => None,
        None => {
            let path = to_start(named)?;
            Some(path.canonicalize().unwrap_or(path))
        }
    };
    Ok(Viewed::One { path, options: Options { socket, cwd: Some(cwd), ..Options::default() } })
}

/// Interval at which a daemon that is gone is looked for.
pub(crate) const SEEK_EVERY: Duration = Duration::from_millis(300);

/// True if the daemon is gone, or the way to it: another try may succeed.
pub(crate) fn is_gone(error: &ClientError) -> bool {
    match error {
        ClientError::Api(error) => error.kind() == Some(ErrorKind::ShuttingDown),
        ClientError::Disconnected(_) => true,
        error => error.is_no_daemon(),
    }
}

/// True if a daemon of this machine that is gone is to answer in a moment: it restarts, or is being started. Its lock says so.
pub(crate) fn comes_back(named: Option<&Path>) -> bool {
    let Some(project) = here(named).filter(|project| is_running(project)) else { return false };
    last_holder(&project).is_some_and(|holder| match holder.phase {
        Phase::Restarts => true,
        Phase::Runs => holder.process.is_alive(),
        Phase::Stops | Phase::Moves => false,
    })
}

/// True if something is there that does not answer.
pub(crate) fn is_silent(error: &ClientError) -> bool {
    matches!(error, ClientError::Timeout { .. })
}

/// True if the daemon takes no more connections: somebody keeps it from being asked anything.
pub(crate) fn is_full(error: &ClientError) -> bool {
    matches!(error, ClientError::Api(error) if error.kind() == Some(ErrorKind::TooManyConnections))
}

/// True if the daemon answers, and its database does not.
pub(crate) fn is_without_store(error: &ClientError) -> bool {
    matches!(error, ClientError::Api(error) if error.kind() == Some(ErrorKind::StorageUnavailable))
}

/// An answer that the daemon gives at once, where the client's own time does not count.
pub(crate) async fn in_time<T>(
    answer: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, ClientError> {
    let after = request_timeout();
    timeout(after, answer).await.unwrap_or(Err(ClientError::Timeout { after }))
}

/// The project whose daemon is meant, where that is one of this machine.
pub(crate) fn here(named: Option<&Path>) -> Option<PathBuf> {
    let is_afar = from_afar(named).is_ok_and(|socket| socket.is_some());
    to_start(named).ok().filter(|_| !is_afar)
}

/// A connection to the daemon, as soon as there is one again, however long that takes.
pub(crate) async fn reconnect(named: Option<&Path>) -> DaemonClient {
    loop {
        match connect(named).await {
            Ok(client) => return client,
            Err(_) => sleep(SEEK_EVERY).await,
        }
    }
}

/// For how long none must run after one that was stopped: somebody may type `stop` and then `start`.
const STOPPED_FOR_GOOD: Duration = Duration::from_secs(3);

/// A connection to the daemon, as soon as there is one again; none once the last one was stopped, and nobody has started another.
///
/// One that was killed is waited for, as is the way to another machine.
pub(crate) async fn reconnect_unless_stopped(named: Option<&Path>) -> Option<DaemonClient> {
    let mut stopped = None;
    loop {
        if let Ok(client) = connect(named).await {
            return Some(client);
        }
        if has_stopped(named) {
            if stopped.get_or_insert_with(Instant::now).elapsed() > STOPPED_FOR_GOOD {
                return None;
            }
        } else {
            stopped = None;
        }
        sleep(SEEK_EVERY).await;
    }
}

/// True if no daemon runs in the project here, and the last one has ended in good order: one that restarts keeps its lock.
fn has_stopped(named: Option<&Path>) -> bool {
    here(named).is_some_and(|project| !is_running(&project) && last_holder(&project).is_none())
}
