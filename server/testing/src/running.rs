//! A daemon on a thread of its own.

use std::{
    path::Path,
    sync::{Once, mpsc},
    thread::{self, JoinHandle},
};

use aiwg_server::boot::{self, Ended, Options, Ready};
use tokio::sync::oneshot;
use tracing_subscriber::{EnvFilter, fmt};

/// A daemon that answers. It stops when this is dropped; [`Running::ended`] waits for that as well.
pub(crate) struct Running {
    pub(crate) ready: Ready,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<Ended, String>>,
}

impl Running {
    /// Starts the daemon of a project, and returns once it answers; otherwise the reason for which it does not start.
    pub(crate) fn start(project: &Path, shared: &Path) -> Result<Self, String> {
        Self::start_as(project, shared, false)
    }

    /// The same; it may adopt the state that it finds.
    pub(crate) fn start_as(project: &Path, shared: &Path, adopt_state: bool) -> Result<Self, String> {
        show_traces();
        let options = Options {
            project: project.to_owned(),
            config: None,
            detached: false,
            attended: true,
            again: false,
            shared: Some(shared.to_owned()),
            in_worktree: false,
            adopt_state,
            import: false,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let (report, reported) = mpsc::channel();
        let thread = thread::Builder::new().name("daemon".to_owned()).spawn(move || {
            let runtime = boot::runtime().map_err(|error| error.to_string())?;
            let stop = async { drop(stopped.await) };
            let ready = |ready| report.send(ready).unwrap_or_default();
            // Dropped at the end, the runtime waits for its threads.
            runtime.block_on(boot::embed(options, stop, ready)).map_err(|error| error.to_string())
        });
        let thread = thread.unwrap();
        match reported.recv() {
            Ok(ready) => Ok(Self { ready, stop, thread }),
            Err(_) => Err(joined(thread).unwrap_err()),
        }
    }

    /// Asks the daemon to end, and its agents with it, and waits for that.
    pub(crate) fn stop(self) -> Result<Ended, String> {
        // A client may have stopped it already.
        let _ = self.stop.send(());
        joined(self.thread)
    }

    /// Waits for the end of a daemon that something else has asked to end.
    pub(crate) fn ended(self) -> Result<Ended, String> {
        joined(self.thread)
    }
}

fn joined(thread: JoinHandle<Result<Ended, String>>) -> Result<Ended, String> {
    thread.join().unwrap_or_else(|_| Err("the daemon panicked".to_owned()))
}

/// The traces of all daemons of the process go to its standard error, which a test that fails shows.
fn show_traces() {
    static SHOWN: Once = Once::new();
    SHOWN.call_once(|| {
        let levels = EnvFilter::try_from_env("AIWG_LOG").unwrap_or_else(|_| {
            EnvFilter::new("warn,tarpc=error,automation=info,aiwg_server=info,aiwg_watch=info")
        });
        let lines = fmt().with_ansi(false).with_env_filter(levels).with_writer(std::io::stderr);
        // A test may have set its own.
        let _ = lines.try_init();
    });
}
