//! The topics of a project, as types.

use aiwg_protocol::types::{Event, EventEmitted};
use serde::{Serialize, de::DeserializeOwned};

use crate::{ClientError, DaemonClient};

/// The payload of the events of one topic.
///
/// `aiwg generate rust` writes such a type for each topic that the project's configuration declares. A type of one's own is one with
/// two lines:
///
/// ```
/// use aiwg_client::{Topic, serde::{Deserialize, Serialize}};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(crate = "aiwg_client::serde")]
/// struct DeploymentComplete {
///     version: String,
/// }
///
/// impl Topic for DeploymentComplete {
///     const NAME: &'static str = "deployment:complete";
/// }
///
/// let event = serde_json::from_value(serde_json::json!({
///     "seq": 42, "topic": "deployment:complete", "payload": { "version": "1.2.3" },
///     "source": "client", "at": "2026-11-23T14:33:23.042Z",
/// }))?;
/// let read = DeploymentComplete::read(&event).transpose()?;
/// assert_eq!(read, Some(DeploymentComplete { version: "1.2.3".into() }));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait Topic: Serialize + DeserializeOwned {
    /// The topic's name: `deployment:complete`.
    const NAME: &'static str;

    /// Reads the payload of an event of this topic; none if the event has another one.
    ///
    /// # Errors
    /// The payload is not of this type.
    fn read(event: &Event) -> Option<serde_json::Result<Self>> {
        (event.topic == Self::NAME).then(|| serde_json::from_str(event.payload.as_str()))
    }
}

impl DaemonClient {
    /// Emits an event of a topic that is a type: [`Self::emit`] of its name and of the value as its payload.
    ///
    /// ```
    /// # use aiwg_client::{ClientError, DaemonClient, Topic, serde::{Deserialize, Serialize}};
    /// # #[derive(Serialize, Deserialize)]
    /// # #[serde(crate = "aiwg_client::serde")]
    /// # struct DeploymentComplete { version: String }
    /// # impl Topic for DeploymentComplete { const NAME: &'static str = "deployment:complete"; }
    /// # aiwg_testing::example(|client| async move {
    /// let emitted = client.emit_event(&DeploymentComplete { version: "1.2.3".into() }).await?;
    /// println!("event {}", emitted.seq);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// A payload that does not fit does not compile:
    ///
    /// ```compile_fail,E0308
    /// # use aiwg_client::{ClientError, DaemonClient, Topic, serde::{Deserialize, Serialize}};
    /// # #[derive(Serialize, Deserialize)]
    /// # #[serde(crate = "aiwg_client::serde")]
    /// # struct DeploymentComplete { version: String }
    /// # impl Topic for DeploymentComplete { const NAME: &'static str = "deployment:complete"; }
    /// # async fn example(client: &DaemonClient) -> Result<(), ClientError> {
    /// client.emit_event(&DeploymentComplete { version: 1 }).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The errors of `event.emit`.
    pub async fn emit_event<T: Topic>(&self, event: &T) -> Result<EventEmitted, ClientError> {
        self.emit(T::NAME, event).await
    }
}
