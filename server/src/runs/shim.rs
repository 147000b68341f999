//! Starting a shim, and waiting for the end of one.

use std::{ffi::OsString, io, path::Path, process::Stdio, sync::OnceLock, time::Duration};

use aiwg_fs::is_shortage;
use aiwg_model::TaskNo;
use aiwg_protocol::SOCKET_ENV;
use aiwg_shim::{LaunchSpec, ON_RECORD, Process, ROLE, STORED, ShimProgram, Started};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::{error::Elapsed, timeout},
};

use super::{environment::TASK_ENV, launch::Launch};
use crate::beside::beside;

/// Path of this very program, even if its file has been replaced since.
const OWN_PROGRAM: &str = if cfg!(target_os = "linux") { "/proc/self/exe" } else { "" };

/// The small program that is a shim as well, and starts in half the time; none where it does not fit. It is looked for once, so that a daemon
/// that goes on while both are replaced goes on with both.
static SMALL: OnceLock<Option<ShimProgram>> = OnceLock::new();

/// Time between two checks that a shim which is not our child still lives, where the system cannot tell us.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Time that a shim has to exit once it may.
const EXITS_WITHIN: Duration = Duration::from_secs(2);

/// The longest line of a shim that is read, in bytes: the reason why an agent could not be started may name a path.
const LONGEST_LINE: u64 = 64 * 1024;

/// Time that a task's directory has to answer, where nobody is to wait for that.
pub(super) const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// The marks of a shim, which its agent has as well: the names and values of variables.
type Markers = [(&'static str, String); 3];

/// Looks for the small program, which takes a moment: it is read.
pub(super) fn look_for_small() -> Option<&'static ShimProgram> {
    SMALL.get_or_init(ShimProgram::beside_own).as_ref()
}

/// Starts a shim, without these variables of the daemon's environment. It is marked as its agent is, so that it is found as that is. It waits
/// for its launch specification, which [`OwnShim::give`] gives.
pub(super) fn spawn(launch: Launch, markers: Markers, kept_back: &[OsString]) -> io::Result<Child> {
    if let Some(program) = look_for_small().and_then(ShimProgram::path) {
        match spawn_program(&program, launch, &markers, kept_back) {
            Ok(child) => return Ok(child),
            // What the system is short of, the other one would not get either.
            Err(error) if is_shortage(&error) => return Err(error),
            Err(error) => {
                tracing::debug!(%error, "the small program of the shims cannot be executed, and aiwg does its work")
            }
        }
    }
    let own = if OWN_PROGRAM.is_empty() { std::env::current_exe()? } else { OWN_PROGRAM.into() };
    spawn_program(&own, launch, &markers, kept_back)
}

fn spawn_program(
    program: &Path,
    launch: Launch,
    markers: &Markers,
    kept_back: &[OsString],
) -> io::Result<Child> {
    let mut command = Command::new(program);
    // From the shim itself: an agent can look at its parent.
    for name in kept_back {
        command.env_remove(name);
    }
    for (name, value) in markers {
        command.env(name, value);
    }
    command
        .arg0("aiwg")
        .args([ROLE, &launch.no.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

/// A shim that this daemon has started, and what the two say to each other.
pub(super) struct OwnShim {
    child: Child,
    lines: Option<BufReader<ChildStdout>>,
}

impl OwnShim {
    pub(super) fn new(mut child: Child) -> Self {
        // Two short lines: one buffer for each agent that runs.
        let lines = child.stdout.take().map(|stdout| BufReader::with_capacity(256, stdout));
        Self { child, lines }
    }

    /// Gives it its launch specification. It answers through [`started`](Self::started).
    pub(super) async fn give(&mut self, spec: &LaunchSpec) -> io::Result<()> {
        let Some(stdin) = &mut self.child.stdin else { return Ok(()) };
        let mut line = serde_json::to_vec(spec)?;
        line.push(b'\n');
        stdin.write_all(&line).await
    }

    /// Its report on the agent's start; none if it ended without a word.
    pub(super) async fn started(&mut self) -> Option<Started> {
        serde_json::from_str(&self.line().await?).ok()
    }

    /// Waits until the end of its run is on record in `dir`, or it is gone; then it gives what it has exited with, where that can be told.
    pub(super) async fn ended(&mut self, dir: &Path) -> Option<i32> {
        while let Some(line) = self.line().await {
            // Its agent can write there, too. While that lives, the shim has the lock.
            if line.trim_end() == ON_RECORD && !is_held(dir).await {
                return None;
            }
        }
        self.child.wait().await.ok().and_then(|status| status.code())
    }

    /// Has it exit: the end of its run is stored.
    pub(super) async fn release(mut self) {
        if let Some(mut stdin) = self.child.stdin.take() {
            // It may be gone.
            let _ = stdin.write_all(&[STORED]).await;
        }
        // One that was stopped does not hear it: whoever lets it go on lets it exit.
        let _ = timeout(EXITS_WITHIN, self.child.wait()).await;
    }

    /// The next line; none if there is no more.
    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.lines.as_mut()?.take(LONGEST_LINE).read_line(&mut line).await;
        read.ok().filter(|read| *read > 0).map(|_| line)
    }
}

/// Waits until the shim of the task of `dir` is gone. It is not our child: the daemon that was its parent has died.
pub(super) async fn gone(shim: Option<Process>, dir: &Path) {
    let Some(shim) = shim else {
        // It has not taken the lock in a way that tells whose it is.
        while is_held(dir).await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        return;
    };
    #[cfg(target_os = "linux")]
    exited(&shim).await;
    // It has the last word, and not the lock: another process may have that by now. A zombie has let go of it.
    while shim.is_alive() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The shim of a task that is found by what it is marked with: its directory does not answer.
pub(super) fn marked(task: TaskNo, socket: &str) -> Option<Process> {
    aiwg_shim::shims(&[(TASK_ENV, &task.to_string()), (SOCKET_ENV, socket)]).pop()
}

/// The shim that holds the lock in a task's directory.
///
/// # Errors
/// The directory does not answer.
pub(super) async fn holder(dir: &Path) -> Result<Option<Process>, Elapsed> {
    let dir = dir.to_owned();
    timeout(ANSWERS_WITHIN, beside(move || aiwg_shim::holder(&dir).ok().flatten())).await
}

/// True if a shim is alive for the task of `dir`, as far as that can be told.
pub(super) async fn is_held(dir: &Path) -> bool {
    let dir = dir.to_owned();
    beside(move || aiwg_shim::is_held(&dir).unwrap_or(false)).await
}

/// Lets the system forget the shim of a launch, now gone, if it was a child of this very process before it began anew.
pub(super) async fn reap(launch: Launch, dir: &Path) {
    use rustix::process::{Pid, WaitOptions, waitpid};
    let dir = dir.to_owned();
    let Some(run) = beside(move || launch.run(&dir)).await else { return };
    // Or the number may by now be another child's, for whose end someone else waits.
    if Process::of(run.shim.pid) == Some(run.shim) {
        let pid = i32::try_from(run.shim.pid).ok().and_then(Pid::from_raw);
        let _ = waitpid(pid, WaitOptions::NOHANG);
    }
}

/// Returns when this process has ended, or at once when that cannot be watched.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
async fn exited(process: &Process) {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    use tokio::io::{Interest, unix::AsyncFd};

    let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) else { return };
    let Ok(pidfd) = pidfd_open(pid, PidfdFlags::NONBLOCK) else { return };
    // Between the record and the opening, the number may have gone to another process.
    if !process.is_alive() {
        return;
    }
    // SAFETY: the `AsyncFd` owns the descriptor, and nothing else closes or replaces it.
    let Ok(pidfd) = (unsafe { AsyncFd::register_with_interest(pidfd, Interest::READABLE) }) else { return };
    let _ = pidfd.readable().await;
}
