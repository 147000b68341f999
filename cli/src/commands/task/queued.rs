//! Tells somebody who waits for a task why it does not start.

use std::{convert::Infallible, future::pending, time::Duration};

use aiwg_client::types::{TaskGetParams, TaskState, Waiting};
use tokio::time::sleep;

use super::show;
use crate::{
    output::{Output, note, visible},
    reconnecting_client::{ReconnectingClient, SOON},
};

/// Time in which most tasks have started, also on another host.
const USUALLY_BEGUN: Duration = Duration::from_secs(3);

/// Says once what a task waits for that is still queued after a while. It never ends by itself.
pub(super) async fn tell(connection: &ReconnectingClient, id: &str, output: &Output) -> Infallible {
    if !output.json {
        sleep(USUALLY_BEGUN).await;
        let params = TaskGetParams { task_id: id.to_owned(), ..TaskGetParams::default() };
        let found = connection.call(SOON, async |client| client.task_get(params.clone()).await).await;
        if let Ok(task) = found
            && task.state == TaskState::Queued
            && task.waiting.as_ref().is_some_and(is_news)
        {
            note(&format!("{} is queued, {}.", visible(id), show::until(&task)));
        }
    }
    pending().await
}

/// True where whoever has submitted it need not know it already.
fn is_news(waiting: &Waiting) -> bool {
    !matches!(waiting, Waiting::Dependency | Waiting::Delay | Waiting::Approval)
}
