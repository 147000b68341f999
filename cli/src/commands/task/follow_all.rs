//! Prints what all agents write, as they come and go.

use std::{
    collections::{HashMap, HashSet},
    io::Write,
    path::PathBuf,
    sync::Arc,
};

use aiwg_client::{
    DaemonClient, Pushed, Subscribe,
    types::{OutputStream, TaskEvent, TaskGetParams, TaskListParams, TaskOutput, TaskState},
};
use futures::StreamExt;
use serde::Serialize;
use tokio::sync::mpsc::{Sender, channel};

use super::{
    follow::{Chunk, Reading, bytes},
    show::outcome,
};
use crate::{
    commands::output_printer::OutputPrinter,
    error::CliError,
    output::{Output, Page, agent_stdout, json_line, visible},
    project::{in_time, is_gone, is_silent, reconnect},
    reconnecting_client::WAIT,
};

/// Message about a task that is followed.
enum Heard {
    Started(String),
    Output(String, TaskOutput),
    Ended(String, TaskState),
}

/// Output of `--json` when a task has ended.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ended<'a> {
    task_id: &'a str,
    state: TaskState,
}

/// Prints what runs, and what is started from here on, under a heading for each task. Goes on over restarts of the daemon.
pub(super) async fn follow_all(
    project: Option<PathBuf>,
    client: &DaemonClient,
    raw: bool,
    output: &Output,
) -> Result<(), CliError> {
    let project = Arc::new(project);
    let (sender, mut heard) = channel(64);
    let topics = vec!["task:started".to_owned()];
    let mut events =
        in_time(client.subscribe(Subscribe { topics, reconnect: true, ..Subscribe::default() })).await?;
    let running =
        TaskListParams { state: Some(TaskState::Running), limit: Some(1000), ..TaskListParams::default() };
    let mut followed = HashSet::new();
    for task in client.task_list(running).await?.into_iter().rev() {
        followed.insert(task.id.clone());
        tokio::spawn(listen(Arc::clone(&project), client.clone(), task.id, sender.clone()));
    }
    let mut outputs = Outputs { raw, json: output.json, printers: HashMap::new(), last: None };
    loop {
        let next = tokio::select! {
            Some(next) = heard.recv() => next,
            pushed = events.next() => match pushed {
                Some(Ok(Pushed::Event(event))) => match serde_json::from_str::<TaskEvent>(event.payload.as_str()) {
                    Ok(task) => Heard::Started(task.task_id),
                    Err(_) => continue,
                },
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(error.into()),
                None => return Ok(()),
            },
        };
        match next {
            Heard::Output(id, chunk) => outputs.output(&id, &chunk)?,
            Heard::Started(id) => {
                if followed.insert(id.clone()) {
                    tokio::spawn(listen(Arc::clone(&project), client.clone(), id, sender.clone()));
                }
            }
            Heard::Ended(id, state) => {
                outputs.end(&id, state)?;
                followed.remove(&id);
            }
        }
    }
}

/// Prints the outputs of tasks, each under its heading.
struct Outputs {
    raw: bool,
    json: bool,
    printers: HashMap<String, OutputPrinter<Vec<u8>>>,
    /// The task whose output was printed last, and the stream of its rest.
    last: Option<(String, Box<dyn Write>)>,
}

impl Outputs {
    fn output(&mut self, id: &str, chunk: &TaskOutput) -> Result<(), CliError> {
        if self.json {
            return json_line(&Chunk::of(id, OutputStream::Stdout, chunk));
        }
        let raw = self.raw;
        let new = || if raw { OutputPrinter::verbatim(Vec::new()) } else { OutputPrinter::to(Vec::new()) };
        let printer = self.printers.entry(id.to_owned()).or_insert_with(new);
        printer.write_at(chunk.offset, &bytes(chunk)?)?;
        let said = printer.take();
        self.say(id, &said)
    }

    fn end(&mut self, id: &str, state: TaskState) -> Result<(), CliError> {
        if self.json {
            return json_line(&Ended { task_id: id, state });
        }
        if let Some(mut printer) = self.printers.remove(id) {
            printer.finish()?;
            let said = printer.take();
            self.say(id, &said)?;
        }
        // What the last agent has begun, such as a colour, ends before the line.
        self.last = None;
        Ok(writeln!(Page::stdout(), "── {} {} ──", visible(id), outcome(state))?)
    }

    fn say(&mut self, id: &str, said: &[u8]) -> Result<(), CliError> {
        if said.is_empty() {
            return Ok(());
        }
        if self.last.as_ref().is_none_or(|(last, _)| last != id) {
            self.last = None;
            writeln!(Page::stdout(), "── {} ──", visible(id))?;
        }
        let (_, out) = self.last.get_or_insert_with(|| (id.to_owned(), agent_stdout()));
        out.write_all(said)?;
        Ok(out.flush()?)
    }
}

/// Hands a task's output on, until it has ended.
async fn listen(project: Arc<Option<PathBuf>>, mut client: DaemonClient, id: String, to: Sender<Heard>) {
    let mut reading = Reading::of(&id, OutputStream::Stdout, true);
    loop {
        match reading.next(&client.clone().with_timeout(WAIT + WAIT)).await {
            Ok(Some(chunk)) => {
                if to.send(Heard::Output(id.clone(), chunk)).await.is_err() {
                    return;
                }
            }
            Ok(None) => {
                if let Ok(task) =
                    client.task_get(TaskGetParams { task_id: id.clone(), ..TaskGetParams::default() }).await
                {
                    let _ = to.send(Heard::Ended(id, task.state)).await;
                }
                return;
            }
            Err(error) if is_gone(&error) || is_silent(&error) => {
                client = reconnect(project.as_ref().as_deref()).await
            }
            // The task is gone from the store: nothing more is to be heard of it.
            Err(_) => return,
        }
    }
}
