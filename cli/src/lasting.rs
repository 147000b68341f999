//! Calls that outlast the daemon they are made to: a restart, or a tunnel that breaks, is no answer to someone who waits for a task.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aiwg_client::{
    ClientError, DaemonClient, ErrorKind,
    types::{Task, TaskWaitParams},
};
use tokio::{sync::Mutex, time::timeout};

use crate::{
    output::note,
    project::{is_gone, reconnect},
};

/// How long one call waits for what is to come. What waits longer calls again, so that a way that is silently gone shows in bounded time.
pub(crate) const WAIT: Duration = Duration::from_secs(60);

/// The same as the member of a method's params.
pub(crate) fn wait_ms(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

/// What a call waits that is answered at once.
pub(crate) const SOON: Duration = Duration::ZERO;

/// How long beyond what it waits for an answer may take before the way to the daemon counts as gone.
const SLACK: Duration = Duration::from_secs(10);

/// A connection that is made anew when the daemon is gone. Cheap to clone; the clones share it.
#[derive(Clone)]
pub(crate) struct Lasting {
    project: Option<PathBuf>,
    connection: Arc<Mutex<Connection>>,
}

struct Connection {
    client: DaemonClient,
    /// How many there were before it.
    number: u64,
}

impl Lasting {
    /// Begins with this connection to the daemon of the project named.
    pub(crate) fn new(project: Option<&Path>, client: DaemonClient) -> Self {
        let connection = Arc::new(Mutex::new(Connection { client, number: 0 }));
        Self { project: project.map(Path::to_owned), connection }
    }

    /// The answer to what `ask` asks, which must be something that can be asked twice. `wait` is how long the daemon may take.
    ///
    /// # Errors
    /// The daemon's own. That it is gone is none.
    pub(crate) async fn call<T>(
        &self,
        wait: Duration,
        mut ask: impl AsyncFnMut(DaemonClient) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        loop {
            let (client, number) = {
                let connection = self.connection.lock().await;
                (connection.client.clone(), connection.number)
            };
            match timeout(wait + SLACK, ask(client)).await {
                Ok(Err(error)) if is_gone(&error) => {}
                Ok(answer) => return answer,
                Err(_) => {}
            }
            self.renew(number).await;
        }
    }

    /// The task, once it has ended.
    ///
    /// # Errors
    /// There is no such task.
    pub(crate) async fn ended(&self, id: &str) -> Result<Task, ClientError> {
        let timeout_ms = Some(wait_ms(WAIT));
        loop {
            let waited = self
                .call(WAIT, async |client: DaemonClient| {
                    client.task_wait(TaskWaitParams { task_id: id.to_owned(), timeout_ms }).await
                })
                .await;
            match waited {
                Err(error) if error.kind() == Some(ErrorKind::WaitTimeout) => {}
                other => return other,
            }
        }
    }

    /// Connects again, unless someone has since this connection.
    async fn renew(&self, number: u64) {
        let mut connection = self.connection.lock().await;
        if connection.number == number {
            note("aiwg: the daemon is gone, or the way to it; waiting for it");
            connection.client = reconnect(self.project.as_deref()).await;
            connection.number += 1;
        }
    }
}
