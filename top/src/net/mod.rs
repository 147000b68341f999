//! The daemons: what they say becomes messages, and what is to be done is asked of them.

mod follow;
mod project;
mod refresh;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aiwg_client::{
    ClientError, DaemonClient, ErrorKind, Options,
    types::{
        ApprovalAnswerParams, ApprovalDecideParams, ApprovalGetParams, ApprovalState, Event, EventListParams,
        OutputStream, TaskCancelParams, TaskDiffParams, TaskGetParams, TaskListParams, TaskRetryParams,
        TaskState,
    },
};
use aiwg_protocol::SOCKET_PATH;
use tokio::{
    sync::mpsc::{Sender, UnboundedSender, unbounded_channel},
    task::AbortHandle,
    time::interval,
};

use crate::{
    Projects, Reader,
    message::{Effect, Key, Message, PAGE, Part, ProjectNo, Reason},
    state::complete,
};

/// Interval at which daemons are looked for that have come since: only the list of them tells.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What finds the projects with a daemon.
type Find = Arc<dyn Fn() -> Vec<PathBuf> + Send + Sync>;

/// A connection, while there is one.
type Shared = Arc<Mutex<Option<DaemonClient>>>;

/// A project that is shown.
struct Way {
    client: Shared,
    refresh: UnboundedSender<Vec<Part>>,
}

/// The way to all daemons that are shown.
pub(crate) struct Net {
    to: Sender<Message>,
    ways: Arc<Mutex<Vec<Way>>>,
    reader: fn() -> Box<dyn Reader>,
    followed: Option<AbortHandle>,
}

impl Net {
    /// Begins to show these projects.
    pub(crate) fn new(
        projects: Projects,
        timeout: Duration,
        to: Sender<Message>,
        reader: fn() -> Box<dyn Reader>,
    ) -> Self {
        let ways = Arc::default();
        match projects {
            Projects::One { name, options } => {
                let (ways, to) = (Arc::clone(&ways), to.clone());
                let options = Options { timeout: Some(timeout), ..options };
                tokio::spawn(async move { begin(&ways, &to, name, options).await });
            }
            Projects::All(find) => {
                tokio::spawn(find_all(Arc::clone(&ways), to.clone(), timeout, find));
            }
        }
        Self { to, ways, reader, followed: None }
    }

    /// The connection to a project's daemon, while there is one.
    pub(crate) fn client(&self, no: ProjectNo) -> Option<DaemonClient> {
        let ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        let client = ways.get(no)?.client.lock().unwrap_or_else(PoisonError::into_inner);
        client.clone()
    }

    /// Carries out what is to be done, beside what else goes on.
    pub(crate) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Refresh(no, parts) => {
                let ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(way) = ways.get(no) {
                    // Without a connection, all is asked for again once there is one.
                    let _ = way.refresh.send(parts);
                }
            }
            Effect::Follow(number, key, stream) => {
                self.unfollow();
                let way = {
                    let ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
                    ways.get(key.project).map(|way| Arc::clone(&way.client))
                };
                if let Some(client) = way {
                    let reader = match stream {
                        OutputStream::Stdout => (self.reader)(),
                        OutputStream::Stderr => Box::new(follow::Verbatim),
                    };
                    let following = follow::follow(client, number, key, stream, reader, self.to.clone());
                    self.followed = Some(tokio::spawn(following).abort_handle());
                }
            }
            Effect::Unfollow => self.unfollow(),
            // The view's own.
            Effect::Redraw | Effect::Suspend | Effect::Quit(_) => {}
            Effect::LoadOlder(..)
            | Effect::LoadEvents(..)
            | Effect::Search(..)
            | Effect::LoadFirst(..)
            | Effect::LoadTask(_)
            | Effect::LoadApproval(_)
            | Effect::LoadDiff(_)
            | Effect::Cancel(_)
            | Effect::Retry(_)
            | Effect::Approve(_)
            | Effect::Reject(..)
            | Effect::Answer(..) => self.ask(effect),
        }
    }

    fn unfollow(&mut self) {
        if let Some(followed) = self.followed.take() {
            followed.abort();
        }
    }

    fn ask(&self, effect: Effect) {
        let client = project_of(&effect).and_then(|no| self.client(no));
        let to = self.to.clone();
        tokio::spawn(async move {
            let messages = match client {
                Some(client) => match asked(&client, &effect).await {
                    Ok(message) => vec![message],
                    Err(error) => failed(&effect, &error),
                },
                None => without_daemon(&effect),
            };
            for message in messages {
                let _ = to.send(message).await;
            }
        });
    }
}

fn project_of(effect: &Effect) -> Option<ProjectNo> {
    match effect {
        Effect::Refresh(no, _)
        | Effect::LoadOlder(no, _)
        | Effect::LoadEvents(no, ..)
        | Effect::Search(no, _)
        | Effect::LoadFirst(no, _) => Some(*no),
        Effect::LoadTask(key)
        | Effect::LoadApproval(key)
        | Effect::LoadDiff(key)
        | Effect::Cancel(key)
        | Effect::Retry(key)
        | Effect::Approve(key)
        | Effect::Reject(key, _)
        | Effect::Answer(key, _)
        | Effect::Follow(_, key, _) => Some(key.project),
        Effect::Unfollow | Effect::Redraw | Effect::Suspend | Effect::Quit(_) => None,
    }
}

async fn asked(client: &DaemonClient, effect: &Effect) -> Result<Message, ClientError> {
    let page = TaskListParams { limit: Some(PAGE), ..TaskListParams::default() };
    Ok(match effect {
        Effect::LoadOlder(no, cursor) => {
            let params = TaskListParams { cursor: Some(cursor.clone()), ..page };
            Message::Tasks(*no, Reason::Older, client.task_list(params).await?)
        }
        Effect::LoadEvents(no, before, most) => {
            Message::OlderEvents(*no, events_before(client, *before, *most).await?)
        }
        Effect::Search(no, text) => {
            let params = TaskListParams { text: Some(text.clone()), ..page };
            Message::Tasks(*no, Reason::Asked, client.task_list(params).await?)
        }
        Effect::LoadFirst(no, order) => {
            let params = TaskListParams { sort: Some(*order), ..page };
            Message::Tasks(*no, Reason::Asked, client.task_list(params).await?)
        }
        Effect::LoadTask(key) => {
            let task =
                client.task_get(TaskGetParams { task_id: key.task_id(), ..TaskGetParams::default() }).await?;
            Message::Tasks(key.project, Reason::Asked, vec![task])
        }
        Effect::LoadApproval(key) => {
            let params = ApprovalGetParams { approval_id: key.approval_id() };
            let mut approval = client.approval_get(params).await?;
            if approval.request.cut {
                let params = TaskGetParams { task_id: approval.task_id.clone(), whole: Some(true) };
                // Without it, the request is shown as it is, and says so.
                if let Ok(task) = client.task_get(params).await {
                    complete(&mut approval.request, &task);
                }
            }
            Message::Approval(key.project, Box::new(approval))
        }
        Effect::LoadDiff(key) => {
            let params = TaskDiffParams { task_id: key.task_id(), ..TaskDiffParams::default() };
            Message::Diff(key.project, Box::new(client.task_diff(params).await?))
        }
        Effect::Cancel(key) => {
            let cancelled = client.task_cancel(TaskCancelParams { task_id: key.task_id() }).await?;
            Message::Done(
                key.project,
                match cancelled.state {
                    TaskState::Running => format!("{} is being ended: it has 15 seconds", key.task_id()),
                    _ => format!("{} is cancelled", key.task_id()),
                },
            )
        }
        Effect::Retry(key) => {
            let params = TaskRetryParams { task_id: key.task_id(), ..TaskRetryParams::default() };
            let task = client.task_retry(params).await?;
            let said = format!("{} is {}: {} once more", task.task_id, task.state, key.task_id());
            Message::Done(key.project, said)
        }
        Effect::Approve(key) => {
            let params = ApprovalDecideParams { approval_id: key.approval_id(), reason: None };
            decided(*key, client.approval_approve(params).await?.state)
        }
        Effect::Reject(key, reason) => {
            let params = ApprovalDecideParams { approval_id: key.approval_id(), reason: reason.clone() };
            decided(*key, client.approval_reject(params).await?.state)
        }
        Effect::Answer(key, answer) => {
            let params = ApprovalAnswerParams { approval_id: key.approval_id(), answer: answer.clone() };
            client.approval_answer(params).await?;
            Message::Done(key.project, format!("{} is answered", key.approval_id()))
        }
        _ => Message::Done(0, String::new()),
    })
}

/// The events before one, so many numbers back: an answer has those that come first, and as many as there is room for.
async fn events_before(client: &DaemonClient, before: u64, most: u32) -> Result<Vec<Event>, ClientError> {
    let mut since = before.saturating_sub(u64::from(most) + 1);
    let mut found = Vec::new();
    loop {
        let params = EventListParams { since: Some(since), limit: Some(most), ..EventListParams::default() };
        let events = client.event_list(params).await?;
        let Some(last) = events.last().map(|event| event.seq) else { return Ok(found) };
        found.extend(events.into_iter().filter(|event| event.seq < before));
        if last + 1 >= before {
            return Ok(found);
        }
        since = last;
    }
}

fn decided(key: Key, state: ApprovalState) -> Message {
    Message::Done(key.project, format!("{} is {}", key.approval_id(), state.name()))
}

/// What is heard of a call that has failed.
fn failed(effect: &Effect, error: &ClientError) -> Vec<Message> {
    let is_gone = error.kind() == Some(ErrorKind::TaskNotFound);
    let of = project_of(effect).unwrap_or_default();
    match effect {
        // The person has not asked for that.
        Effect::LoadTask(key) if is_gone => vec![Message::Forgotten(*key)],
        Effect::LoadTask(_) | Effect::LoadFirst(..) => Vec::new(),
        Effect::LoadOlder(no, _) | Effect::LoadEvents(no, ..) => vec![Message::NotLoaded(*no)],
        Effect::Cancel(key) | Effect::Retry(key) if is_gone => {
            vec![Message::Forgotten(*key), Message::Failed(of, error.to_string())]
        }
        Effect::LoadApproval(_) | Effect::LoadDiff(_) | Effect::Search(..) => {
            vec![Message::Failed(of, error.to_string())]
        }
        _ => {
            let said = match error {
                ClientError::Disconnected(_) | ClientError::Timeout { .. } => {
                    format!("{error}; what was asked for may have taken effect or not")
                }
                other => other.to_string(),
            };
            vec![Message::Failed(of, said)]
        }
    }
}

/// What is heard of something that nobody can be asked for.
fn without_daemon(effect: &Effect) -> Vec<Message> {
    match effect {
        Effect::LoadOlder(no, _) | Effect::LoadEvents(no, ..) => vec![Message::NotLoaded(*no)],
        Effect::LoadTask(_) | Effect::LoadFirst(..) | Effect::Search(..) => Vec::new(),
        _ => project_of(effect).map(Message::NobodyThere).into_iter().collect(),
    }
}

/// Begins to show a project. None where nobody listens any more.
async fn begin(ways: &Mutex<Vec<Way>>, to: &Sender<Message>, name: String, options: Options) -> Option<()> {
    let (refresh, asked) = unbounded_channel();
    let client = Shared::default();
    let no = {
        let mut ways = ways.lock().unwrap_or_else(PoisonError::into_inner);
        ways.push(Way { client: Arc::clone(&client), refresh });
        ways.len() - 1
    };
    to.send(Message::Project(name)).await.ok()?;
    tokio::spawn(project::Source { no, options, client, to: to.clone() }.run(asked));
    Some(())
}

/// Shows all projects with a daemon, and those that get one.
async fn find_all(
    ways: Arc<Mutex<Vec<Way>>>,
    to: Sender<Message>,
    timeout: Duration,
    find: Find,
) -> Option<()> {
    let mut known: HashMap<PathBuf, String> = HashMap::new();
    let mut look = interval(LOOK_EVERY);
    while !to.is_closed() {
        look.tick().await;
        let find = Arc::clone(&find);
        // It reads files.
        for path in tokio::task::spawn_blocking(move || find()).await.ok()? {
            if known.contains_key(&path) {
                continue;
            }
            let name = name_of(&path, &known);
            known.insert(path.clone(), name.clone());
            let socket = Some(path.join(SOCKET_PATH));
            begin(&ways, &to, name, Options { socket, timeout: Some(timeout), ..Options::default() }).await?;
        }
    }
    None
}

/// A project's name: the last part of its path, and more of it where another one has the same.
fn name_of(path: &std::path::Path, known: &HashMap<PathBuf, String>) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    (1..=parts.len())
        .map(|number| parts[parts.len() - number..].join("/"))
        .find(|name| known.values().all(|other| other != name))
        .unwrap_or_else(|| path.display().to_string())
}
