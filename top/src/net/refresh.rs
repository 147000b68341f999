//! Answers that are kept up to date: asked for again when an event says that they may have changed, and no more often than is good.

use std::time::{Duration, Instant};

use aiwg_client::{
    ClientError, DaemonClient, ErrorKind,
    types::{ApprovalListParams, NoParams, TaskListParams, TaskOrder, TaskState},
};
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::time::sleep_until;

use crate::message::{MOST_APPROVALS, Message, PAGE, Part, ProjectNo, Reason};

/// The shortest time between two looks at a part; and each takes at most a fifth of the time.
const LEAST: Duration = Duration::from_millis(250);
const SHARE: u32 = 4;

/// A part, and when it is asked for.
struct Wanted {
    part: Part,
    is_stale: bool,
    is_asked: bool,
    not_before: Instant,
}

/// An answer, and for how long it was waited.
type Answer = (Part, Result<Option<Message>, ClientError>, Duration);

/// What is asked of one daemon.
pub(super) struct Refresh {
    no: ProjectNo,
    client: DaemonClient,
    wanted: Vec<Wanted>,
    asked: FuturesUnordered<BoxFuture<'static, Answer>>,
}

impl Refresh {
    pub(super) fn new(no: ProjectNo, client: DaemonClient) -> Self {
        let not_before = Instant::now();
        let wanted = Part::ALL.map(|part| Wanted { part, is_stale: false, is_asked: false, not_before });
        Self { no, client, wanted: wanted.into(), asked: FuturesUnordered::new() }
    }

    /// Notes that these may have changed.
    pub(super) fn want(&mut self, parts: &[Part]) {
        for wanted in self.wanted.iter_mut().filter(|wanted| parts.contains(&wanted.part)) {
            wanted.is_stale = true;
        }
    }

    /// The next answer, however long that takes. It may be dropped at any moment, and nothing is lost.
    pub(super) async fn next(&mut self) -> Result<Message, ClientError> {
        loop {
            self.ask_for_what_is_due();
            let due = self.wanted.iter().filter(|wanted| wanted.is_stale && !wanted.is_asked);
            let due = due.map(|wanted| wanted.not_before).min();
            let wait = async {
                match due {
                    Some(at) => sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = wait => {}
                Some(answer) = self.asked.next() => {
                    if let Some(message) = self.take(answer)? {
                        return Ok(message);
                    }
                }
            }
        }
    }

    fn ask_for_what_is_due(&mut self) {
        let now = Instant::now();
        for wanted in &mut self.wanted {
            if wanted.is_stale && !wanted.is_asked && wanted.not_before <= now {
                (wanted.is_stale, wanted.is_asked) = (false, true);
                let (no, client, part) = (self.no, self.client.clone(), wanted.part);
                self.asked.push(Box::pin(async move {
                    let began = Instant::now();
                    let answer = ask(no, &client, part).await;
                    (part, answer, began.elapsed())
                }));
            }
        }
    }

    fn take(&mut self, (part, answer, took): Answer) -> Result<Option<Message>, ClientError> {
        for wanted in self.wanted.iter_mut().filter(|wanted| wanted.part == part) {
            wanted.is_asked = false;
            wanted.not_before = Instant::now() + LEAST.max(took * SHARE);
        }
        match answer {
            // An answer that is no longer the daemon's to give is none: what is known stays.
            Err(ClientError::Api(error)) if error.kind() != Some(ErrorKind::ShuttingDown) => Ok(None),
            other => other,
        }
    }
}

async fn ask(no: ProjectNo, client: &DaemonClient, part: Part) -> Result<Option<Message>, ClientError> {
    let tasks = async |state, sort| {
        let params = TaskListParams { state, sort, limit: Some(PAGE), ..TaskListParams::default() };
        Ok::<_, ClientError>(Message::Tasks(no, Reason::Part(part), client.task_list(params).await?))
    };
    Ok(Some(match part {
        Part::Running => tasks(Some(TaskState::Running), None).await?,
        // Of many, those that were submitted first start next.
        Part::Queued => tasks(Some(TaskState::Queued), Some(TaskOrder::Oldest)).await?,
        Part::Newest => tasks(None, None).await?,
        Part::Approvals => {
            let params = ApprovalListParams { limit: Some(MOST_APPROVALS), ..ApprovalListParams::default() };
            Message::Approvals(no, client.approval_list(params).await?)
        }
        Part::Budget => Message::Budget(no, Box::new(client.budget_status(NoParams {}).await?)),
        Part::Status => Message::Status(no, Box::new(client.daemon_status(NoParams {}).await?)),
    }))
}
