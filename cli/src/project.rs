//! Which project a command is about.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use aiwg_client::{ClientError, DaemonClient, Options, find_project};
use aiwg_protocol::{ErrorKind, SOCKET_ENV, SOCKET_PATH};

use tokio::time::sleep;

use crate::error::CliError;

/// The project to start a daemon for: the one named, else the one that this directory is in, else this directory.
pub(crate) fn to_start(named: Option<&Path>) -> Result<PathBuf, CliError> {
    if let Some(project) = named {
        return Ok(project.to_owned());
    }
    let cwd = working_directory()?;
    Ok(find_project(&cwd)?.unwrap_or(&cwd).to_owned())
}

/// Where the command was typed.
pub(crate) fn working_directory() -> Result<PathBuf, CliError> {
    let gone =
        |error| CliError::Failed(format!("the working directory cannot be told: {error}; was it deleted?"));
    std::env::current_dir().map_err(gone)
}

/// The socket that the environment leads to, unless it is that of the project here: then what is named on a command line is not on
/// the daemon's machine.
pub(crate) fn from_afar(named: Option<&Path>) -> Result<Option<PathBuf>, CliError> {
    let Some(socket) = given_socket().filter(|_| named.is_none()) else { return Ok(None) };
    Ok((!leads_to(&socket, &to_start(None)?)).then_some(socket))
}

/// Whether the environment leads to this project's daemon, as in its agents.
pub(crate) fn is_own(project: &Path) -> bool {
    given_socket().is_some_and(|socket| leads_to(&socket, project))
}

fn given_socket() -> Option<PathBuf> {
    std::env::var_os(SOCKET_ENV).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Whether a socket is that of this project's daemon, be it there or not.
fn leads_to(socket: &Path, project: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let own = real(project).unwrap_or_else(|| project.to_owned()).join(SOCKET_PATH);
    own == socket
        || project.join(SOCKET_PATH) == socket
        || real(&own).is_some_and(|own| Some(own) == real(socket))
}

/// A connection to the daemon: of the project named, else as every client finds it.
pub(crate) async fn connect(named: Option<&Path>) -> Result<DaemonClient, ClientError> {
    let socket = named.map(|project| project.join(SOCKET_PATH));
    DaemonClient::connect_with(Options { socket, ..Options::default() }).await
}

/// How often to look for a daemon that is gone.
const SEEK_EVERY: Duration = Duration::from_millis(300);

/// Whether the daemon is gone, or the way to it: another try may succeed.
pub(crate) fn is_gone(error: &ClientError) -> bool {
    match error {
        ClientError::Api(error) => error.kind() == Some(ErrorKind::ShuttingDown),
        ClientError::Disconnected(_) => true,
        error => error.is_no_daemon(),
    }
}

/// A connection to the daemon, as soon as there is one again.
pub(crate) async fn reconnect(named: Option<&Path>) -> DaemonClient {
    loop {
        match connect(named).await {
            Ok(client) => return client,
            Err(_) => sleep(SEEK_EVERY).await,
        }
    }
}
