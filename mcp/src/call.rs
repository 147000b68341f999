//! Calls of the daemon.

use std::{path::PathBuf, pin::Pin, time::Duration};

use aiwg_client::{ClientError, DaemonClient, ErrorKind, Options};
use aiwg_protocol::{SOCKET_PATH, definition::Method, for_each_method, types::*, wire::decode_params};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use crate::failure::{Failure, no_daemon};

/// The way to the daemon, which may come and go.
#[derive(Debug)]
pub(crate) struct Daemon {
    /// The project; else the daemon is found as every client finds it.
    project: Option<PathBuf>,
    /// Time for what is answered at once.
    timeout: Duration,
    client: Mutex<Option<DaemonClient>>,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, ClientError>> + Send + 'a>>;

macro_rules! dispatch {
    ($($(#[doc = $doc:literal])* fn $name:ident = $wire:literal($params:ty) -> $result:ty;)*) => {
        /// The call of a method by its name in Rust, with params as JSON; none if there is no such method.
        fn dispatch(client: DaemonClient, ident: &str, params: &str) -> Result<Option<Answer<'static>>, aiwg_protocol::wire::DecodeError> {
            Ok(match ident {
                $(stringify!($name) => {
                    let params: $params = decode_params(Some(params))?;
                    Some(Box::pin(async move {
                        let result = client.$name(params).await?;
                        serde_json::to_value(result).map_err(|error| ClientError::Unreadable(error.to_string()))
                    }))
                })*
                _ => None,
            })
        }
    };
}
for_each_method!(dispatch);

impl Daemon {
    pub(crate) fn new(project: Option<PathBuf>, timeout: Duration) -> Self {
        Self { project, timeout, client: Mutex::default() }
    }

    /// Calls a method. Dropping the future cancels the call.
    ///
    /// # Errors
    /// The arguments do not fit, the daemon's answer, or that there was none.
    pub(crate) async fn call(
        &self,
        method: &Method,
        arguments: &Map<String, Value>,
    ) -> Result<Value, Failure> {
        let params = Value::Object(arguments.clone()).to_string();
        let within = self.within(method, arguments);
        // What does not fit is refused before there is a daemon.
        let client = match self.client().await {
            Ok(client) => client.with_timeout(within),
            Err(error) => return Err(error.into()),
        };
        let call = dispatch(client, method.ident, &params).map_err(|error| error.into_error(method.name))?;
        let Some(call) = call else {
            return Err(Failure::new("failed", format!("there is no {}", method.name), None));
        };
        match call.await {
            Ok(result) => Ok(result),
            Err(error) => Err(self.failed(method, error).await),
        }
    }

    /// The connection. One that was lost is made again by itself.
    pub(crate) async fn client(&self) -> Result<DaemonClient, ClientError> {
        let mut client = self.client.lock().await;
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let socket = self.project.as_ref().map(|project| project.join(SOCKET_PATH));
        let options = Options { socket, timeout: Some(self.timeout), ..Options::default() };
        let connected = DaemonClient::connect_with(options).await?;
        Ok(client.insert(connected).clone())
    }

    /// The failure of a call. Where the daemon is gone, the next call looks for it anew: it may be another project's by then.
    pub(crate) async fn failed(&self, method: &Method, error: ClientError) -> Failure {
        if !matches!(
            error,
            ClientError::Disconnected(_) | ClientError::NoDaemon { .. } | ClientError::Timeout { .. }
        ) {
            return error.into();
        }
        self.client.lock().await.take();
        match self.client().await {
            Err(gone @ (ClientError::NoDaemon { .. } | ClientError::NoProject { .. })) => {
                let effect = if method.is_read_only() {
                    ""
                } else {
                    "; what was asked for may have taken effect or not"
                };
                no_daemon(format!("{gone}{effect}"))
            }
            _ => error.into(),
        }
    }

    /// How long a call may take: what waits has its wait beside.
    fn within(&self, method: &Method, arguments: &Map<String, Value>) -> Duration {
        let given = |name| arguments.get(name).and_then(Value::as_u64);
        match (method.name, given("waitMs"), given("timeoutMs")) {
            ("task.wait", _, None) => Duration::MAX,
            (_, Some(ms), _) | (_, _, Some(ms)) => self.timeout.saturating_add(Duration::from_millis(ms)),
            _ => self.timeout,
        }
    }
}

/// True if the daemon is gone, or the way to it: another try may succeed.
pub(crate) fn is_gone(error: &ClientError) -> bool {
    match error {
        ClientError::Api(error) => error.kind() == Some(ErrorKind::ShuttingDown),
        ClientError::Disconnected(_) | ClientError::NoDaemon { .. } | ClientError::Timeout { .. } => true,
        _ => false,
    }
}
