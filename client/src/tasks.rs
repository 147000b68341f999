//! What is made of the methods of tasks.

use std::time::Duration;

use aiwg_protocol::types::{
    Task, TaskCancelParams, TaskListParams, TaskOutputParams, TaskSubmitParams, TaskWaitParams,
};
use futures::{Stream, TryStreamExt, stream};
use tokio::{runtime::Handle, sync::oneshot};

use crate::{client::DaemonClient, connection::in_time, error::ClientError};

/// How long the daemon waits for something new before it answers.
const WAIT: Duration = Duration::from_secs(20);

impl DaemonClient {
    /// Submits a task, waits until it has ended, in whatever state, and gives it.
    ///
    /// The client's time-out is for the submission, its deadline for all of it, and [`tokio::time::timeout`] bounds the whole as well. Where the
    /// future is dropped before the task has ended, or the deadline passes, the task is cancelled: where the daemon has not answered the submission
    /// yet, as soon as it does, if the runtime still runs then.
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// use aiwg_client::types::TaskSubmitParams;
    ///
    /// let order = TaskSubmitParams { prompt: "Write the release notes".into(), ..Default::default() };
    /// let task = client.task_run(order).await?;
    /// println!("{}: {:?}", task.state, task.result);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of `task.submit` and `task.wait`.
    pub async fn task_run(&self, params: TaskSubmitParams) -> Result<Task, ClientError> {
        let submitted = in_time(self.within(), self.submitted(params)).await?;
        let mut running = Running { client: self.clone(), id: Some(submitted) };
        let params = TaskWaitParams { task_id: running.id.clone().unwrap_or_default(), timeout_ms: None };
        let task = self.clone().without_timeout().task_wait(params).await?;
        running.id = None;
        Ok(task)
    }

    /// Submits a task, in a task of its own: what was sent takes effect however late, and somebody has to hear then which one nobody wants.
    async fn submitted(&self, params: TaskSubmitParams) -> Result<String, ClientError> {
        let (tell, told) = oneshot::channel();
        let client = self.clone().without_limits();
        tokio::spawn(async move {
            let answer = client.task_submit(params).await.map(|submitted| submitted.task_id);
            if let Err(Ok(unwanted)) = tell.send(answer) {
                drop(Running { client, id: Some(unwanted) });
            }
        });
        told.await.unwrap_or_else(|_| Err(ClientError::Disconnected("the runtime has ended".to_owned())))
    }

    /// The output of a task from the byte `offset` on, in pieces, until the task has ended and all is read. When the task is attempted again, the
    /// output of that attempt follows from its beginning. The client's time-out is for each answer.
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// use aiwg_client::types::{TaskOutputParams, TaskSubmitParams};
    /// use futures::TryStreamExt;
    ///
    /// let order = TaskSubmitParams { prompt: "Tidy up".into(), ..Default::default() };
    /// let task_id = client.task_submit(order).await?.task_id;
    /// let mut output = client.task_follow(TaskOutputParams { task_id, ..Default::default() });
    /// while let Some(text) = output.try_next().await? {
    ///     print!("{text}");
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn task_follow(
        &self,
        mut params: TaskOutputParams,
    ) -> impl Stream<Item = Result<String, ClientError>> + Send + Unpin + use<> {
        let client = self.clone();
        // None at the end, and the attempt that the last piece was of.
        let begin = Some((params.offset.take().unwrap_or(0), None));
        Box::pin(stream::try_unfold(begin, move |at| {
            let (client, mut params) = (client.clone(), params.clone());
            async move {
                let Some((mut offset, mut last)) = at else { return Ok(None) };
                loop {
                    let wait = client.within().map_or(WAIT, |within| WAIT.min(within / 2));
                    params.wait_ms = u64::try_from(wait.as_millis()).ok();
                    params.offset = Some(offset);
                    let piece = client.task_output(params.clone()).await?;
                    // Another attempt at the task begins anew, and so does its output.
                    let is_another = last.is_some_and(|last| piece.attempt != last) && piece.offset > 0;
                    last = Some(piece.attempt);
                    if is_another {
                        offset = 0;
                        continue;
                    }
                    offset = piece.next_offset;
                    if !piece.data.is_empty() {
                        return Ok(Some((piece.data, (!piece.ended).then_some((offset, last)))));
                    }
                    if piece.ended {
                        return Ok(None);
                    }
                }
            }
        }))
    }

    /// Every task that matches, the newest first, page by page: `limit` is the size of a page. Tasks that are submitted meanwhile do not appear.
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// use aiwg_client::types::{TaskListParams, TaskState};
    /// use futures::TryStreamExt;
    ///
    /// let completed = TaskListParams { state: Some(TaskState::Completed), ..Default::default() };
    /// let mut tasks = client.task_iterate(completed);
    /// while let Some(task) = tasks.try_next().await? {
    ///     println!("{}: {:?}", task.id, task.result);
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn task_iterate(
        &self,
        params: TaskListParams,
    ) -> impl Stream<Item = Result<Task, ClientError>> + Send + Unpin + use<> {
        let client = self.clone();
        let pages = stream::try_unfold(params, move |mut params| {
            let client = client.clone();
            async move {
                let page = client.task_list(params.clone()).await?;
                let Some(last) = page.last() else { return Ok(None) };
                params.cursor = Some(last.id.clone());
                Ok::<_, ClientError>(Some((stream::iter(page.into_iter().map(Ok)), params)))
            }
        });
        Box::pin(pages.try_flatten())
    }
}

/// A task that is cancelled when nobody waits for it any more.
struct Running {
    client: DaemonClient,
    /// None if it has ended.
    id: Option<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let (Some(task_id), Ok(runtime)) = (self.id.take(), Handle::try_current()) else { return };
        let client = self.client.clone().without_limits();
        // It has ended, or nobody can be told, where that fails.
        runtime.spawn(async move { client.task_cancel(TaskCancelParams { task_id }).await });
    }
}
