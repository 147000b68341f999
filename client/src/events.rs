//! What is made of the methods of events.

use aiwg_protocol::types::{Event, EventListParams};
use futures::{Stream, StreamExt, TryStreamExt, stream};

use crate::{
    client::DaemonClient,
    connection::{closed, in_time},
    error::ClientError,
    subscribe::{Pushed, Subscribe},
};

impl DaemonClient {
    /// Every event that the log holds, from the oldest one or from the one after `since` on, page by page: `limit` is the size of a page. It ends
    /// with the newest; a subscription goes on.
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// use aiwg_client::types::EventListParams;
    /// use futures::TryStreamExt;
    ///
    /// let of_tasks = EventListParams { topics: Some(vec!["task:*".into()]), ..Default::default() };
    /// let mut events = client.event_iterate(of_tasks);
    /// while let Some(event) = events.try_next().await? {
    ///     println!("{} {}", event.seq, event.topic);
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn event_iterate(
        &self,
        mut params: EventListParams,
    ) -> impl Stream<Item = Result<Event, ClientError>> + Send + Unpin + use<> {
        let client = self.clone();
        // Without a number, the answer would hold the newest.
        params.since.get_or_insert(0);
        let pages = stream::try_unfold(params, move |mut params| {
            let client = client.clone();
            async move {
                let page = client.event_list(params.clone()).await?;
                let Some(last) = page.last() else { return Ok(None) };
                params.since = Some(last.seq);
                Ok::<_, ClientError>(Some((stream::iter(page.into_iter().map(Ok)), params)))
            }
        });
        Box::pin(pages.try_flatten())
    }

    /// The first event that matches the subscription, and of which `is_meant` is true, however often the daemon restarts meanwhile.
    ///
    /// ```
    /// # aiwg_testing::example(|client| async move {
    /// use aiwg_client::{Subscribe, types::TaskSubmitParams};
    ///
    /// let before = client.emit("release:begun", &"1.2.3").await?.seq;
    /// client.task_submit(TaskSubmitParams { prompt: "Tidy up".into(), ..Default::default() }).await?;
    /// let ends = Subscribe { topics: vec!["task:{completed,failed}".into()], since: Some(before), ..Default::default() };
    /// let event = client.wait_for(ends, |event| event.topic == "task:completed").await?;
    /// println!("{}", event.payload.as_str());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `event.subscribe` has failed, the daemon has not answered in the client's time, or its deadline has passed.
    pub async fn wait_for(
        &self,
        options: Subscribe,
        mut is_meant: impl FnMut(&Event) -> bool,
    ) -> Result<Event, ClientError> {
        let found = async {
            let mut events = self.subscribe(Subscribe { reconnect: true, ..options }).await?;
            while let Some(pushed) = events.next().await {
                if let Pushed::Event(event) = pushed?
                    && is_meant(&event)
                {
                    return Ok(event);
                }
            }
            Err(closed())
        };
        in_time(self.until_deadline(), found).await
    }
}
