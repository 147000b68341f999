//! A client that reconnects: a restart, or a tunnel that breaks, is no answer to someone who waits for a task.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};

use aiwg_client::{
    ClientError, DaemonClient, ErrorKind,
    types::{HostStatus, Issue, NoParams, Task, TaskGetParams, TaskWaitParams},
};
use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};

use crate::{
    error::CliError,
    output::{moment, note, visible},
    project::{is_gone, is_silent, reconnect, reconnect_unless_stopped},
};

/// Maximum time for which one call waits for what is to come. What waits longer calls again, so that a way that is
/// silently gone shows in bounded time.
pub(crate) const WAIT: Duration = Duration::from_secs(60);

/// The same as the member of a method's params.
pub(crate) fn wait_ms(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

/// Wait of a call that is answered at once.
pub(crate) const SOON: Duration = Duration::ZERO;

/// Time within which the agent of a task that is cancelled must end: 15 seconds, and some for those that must be
/// killed and for what they leave.
const ENDING: Duration = Duration::from_secs(30);

/// The kind of the issue that says that nothing can be stored.
const STORAGE: &str = "storage";

/// Time that an answer may take beyond what it waits for, before the way to the daemon counts as gone.
const SLACK: Duration = Duration::from_secs(10);

/// Pause before connecting again where the last connection brought no answer, at first and at the most: whoever only takes
/// connections is not worth more.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// A client that connects again when the daemon is gone. Cheap to clone; the clones share the connection.
#[derive(Clone)]
pub(crate) struct ReconnectingClient {
    project: Option<PathBuf>,
    connection: Arc<Mutex<Connection>>,
    outage: Arc<StdMutex<Outage>>,
    /// True if a daemon is waited for that somebody has stopped, too.
    is_patient: bool,
}

struct Connection {
    client: DaemonClient,
    /// Number of connections before it.
    number: u64,
}

/// Time without an answer of the daemon.
#[derive(Default)]
struct Outage {
    /// Number of times that the connection was given up.
    lost: u32,
    /// The last message about it.
    said: Option<&'static str>,
}

impl Outage {
    /// Counts another connection that is given up. Returns the pause before the next, and the message, if it was not printed yet.
    fn lost(&mut self, error: &ClientError) -> (Duration, Option<&'static str>) {
        let (first, longest) = PAUSES;
        let pause = match self.lost.checked_sub(1) {
            None => Duration::ZERO,
            Some(before) => longest.min(first.saturating_mul(2u32.saturating_pow(before))),
        };
        self.lost = self.lost.saturating_add(1);
        let what = match is_silent(error) {
            true => "aiwg: the daemon does not answer; waiting for it",
            false => "aiwg: the daemon is gone, or the way to it; waiting for it",
        };
        let is_news = self.said.replace(what) != Some(what);
        (pause, is_news.then_some(what))
    }
}

impl ReconnectingClient {
    /// Begins with this connection to the daemon of the project named. It lasts until the daemon is stopped for good.
    pub(crate) fn new(project: Option<&Path>, client: DaemonClient) -> Self {
        let connection = Arc::new(Mutex::new(Connection { client, number: 0 }));
        Self { project: project.map(Path::to_owned), connection, outage: Arc::default(), is_patient: false }
    }

    /// The same for whoever wants to see whatever comes: it lasts until the person has seen enough.
    #[must_use]
    pub(crate) fn patient(self) -> Self {
        Self { is_patient: true, ..self }
    }

    /// The present connection, whose calls last no longer than any other.
    pub(crate) async fn client(&self) -> DaemonClient {
        self.connection.lock().await.client.clone()
    }

    /// The answer to `ask`, which must be something that can be asked twice. The daemon may take as long as `wait`.
    ///
    /// # Errors
    /// The daemon's own, or that it has stopped for good. That it is gone for a while is none.
    pub(crate) async fn call<T>(
        &self,
        wait: Duration,
        mut ask: impl AsyncFnMut(DaemonClient) -> Result<T, ClientError>,
    ) -> Result<T, CliError> {
        loop {
            let (client, number) = {
                let connection = self.connection.lock().await;
                (connection.client.clone(), connection.number)
            };
            match ask(client.with_timeout(wait.saturating_add(SLACK))).await {
                Err(error) if is_gone(&error) || is_silent(&error) => self.renew(number, &error).await?,
                answer => {
                    *self.outage.lock().unwrap_or_else(PoisonError::into_inner) = Outage::default();
                    return Ok(answer?);
                }
            }
        }
    }

    /// The task, once it has ended.
    ///
    /// # Errors
    /// There is no such task, or the daemon has stopped for good before its end.
    pub(crate) async fn ended(&self, id: &str) -> Result<Task, CliError> {
        let timeout_ms = Some(wait_ms(WAIT));
        loop {
            let waited = self
                .call(WAIT, async |client: DaemonClient| {
                    client.task_wait(TaskWaitParams { task_id: id.to_owned(), timeout_ms }).await
                })
                .await;
            match waited {
                Err(CliError::Client(error)) if error.kind() == Some(ErrorKind::WaitTimeout) => {}
                other => return other,
            }
        }
    }

    /// A task that is being ended, once it has ended: it has as long as an agent that is asked to end.
    ///
    /// # Errors
    /// The wait has failed, or the task has not ended by then: the error says what is in the way.
    pub(crate) async fn ended_soon(&self, id: &str) -> Result<Task, CliError> {
        if let Ok(ended) = timeout(ENDING, self.ended(id)).await {
            return ended;
        }
        let status = self.call(SOON, async |client| client.daemon_status(NoParams {}).await).await?;
        let stored = |issue: &&Issue| issue.kind == STORAGE;
        let why = match status.issues.iter().find(stored) {
            Some(issue) => format!("that cannot be stored yet: {}", visible(&issue.message)),
            // Whoever may not ask for it is told the rest.
            None => match self.other_host_of(id).await.ok().flatten() {
                Some(host) => format!(
                    "its host, {} ({}), was last heard of at {}, and is given up by itself if it is gone, at once by `aiwg host lost {}`",
                    visible(&host.name),
                    visible(&host.place),
                    moment(host.seen_at),
                    visible(&host.id)
                ),
                None => "its processes may hang in the kernel".to_owned(),
            },
        };
        let (id, seconds) = (visible(id), ENDING.as_secs());
        Err(CliError::Failed(format!(
            "{id} is being ended, but has not ended within {seconds} s; {why}. `aiwg task wait {id}` waits for it"
        )))
    }

    /// The host that a task is on, where that is not the daemon's own.
    async fn other_host_of(&self, id: &str) -> Result<Option<HostStatus>, CliError> {
        let params = TaskGetParams { task_id: id.to_owned(), ..TaskGetParams::default() };
        let task = self.call(SOON, async |client| client.task_get(params.clone()).await).await?;
        let Some(its) = task.host else { return Ok(None) };
        let known = self.call(SOON, async |client| client.host_list(NoParams {}).await).await?;
        Ok(known.hosts.into_iter().find(|host| host.id == its.id && !host.is_this))
    }

    /// Connects again after this error, unless someone has since this connection.
    async fn renew(&self, number: u64, error: &ClientError) -> Result<(), CliError> {
        let mut connection = self.connection.lock().await;
        if connection.number == number {
            let (pause, what) = self.outage.lock().unwrap_or_else(PoisonError::into_inner).lost(error);
            what.into_iter().for_each(note);
            sleep(pause).await;
            let project = self.project.as_deref();
            let client = if self.is_patient {
                Some(reconnect(project).await)
            } else {
                reconnect_unless_stopped(project).await
            };
            connection.client = client.ok_or_else(stopped)?;
            connection.number += 1;
        }
        Ok(())
    }
}

fn stopped() -> CliError {
    let next = "`aiwg daemon start` starts it again: what was queued is queued still, and what ran was cancelled, \
                or goes on; `aiwg task wait ID` waits for it then";
    CliError::Stopped(format!("nothing more comes of what was waited for; {next}"))
}

/// Result of a wait within the time that the person gives it; as long as it takes where none is given. `what` is waited for.
///
/// # Errors
/// The error of the wait, or that it has not ended in time.
pub(crate) async fn within<T>(
    limit: Option<Duration>,
    what: &str,
    wait: impl Future<Output = Result<T, CliError>>,
) -> Result<T, CliError> {
    let Some(limit) = limit else { return wait.await };
    timeout(limit, wait).await.unwrap_or_else(|_| {
        let seconds = limit.as_secs_f64();
        Err(CliError::WaitedInVain(format!(
            "{what} within {seconds} s; nothing was cancelled, and it goes on"
        )))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_each_trouble_is_said_once() {
        let gone = ClientError::Disconnected("x".to_owned());
        let silent = ClientError::Timeout { after: WAIT };
        let mut outage = Outage::default();
        let (pause, what) = outage.lost(&gone);
        assert!(pause.is_zero() && what.unwrap().contains("is gone"));
        let pauses: Vec<u128> = (0..40)
            .map(|_| {
                let (pause, what) = outage.lost(&gone);
                assert_eq!(what, None);
                pause.as_millis()
            })
            .collect();
        assert_eq!(pauses[..7], [50, 100, 200, 400, 800, 1600, 2000]);
        assert!(pauses[7..].iter().all(|pause| *pause == 2000));
        assert!(outage.lost(&silent).1.unwrap().contains("does not answer"));
        assert_eq!(outage.lost(&silent).1, None);
    }
}
