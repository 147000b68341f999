//! Events: emit, watch, list.

mod args;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use aiwg_client::{
    ClientError, DaemonClient, Emission, Pushed, Subscribe,
    types::{Event, EventEmitParams, EventEmitted, EventListParams, RefusedMatch},
};
use aiwg_model::names::{TOPIC_RULE, is_topic, reserved};
use aiwg_protocol::{ApiError, ErrorKind, SOCKET_PATH, spool::SPOOL_PATH};
use futures::StreamExt;
use serde::Serialize;

pub(crate) use self::args::EventCommand;
use crate::{
    error::CliError,
    input,
    output::{
        Column::{Number, Text, Whole},
        Output, Page, Table, ago, end_with_the_reader, json_line, local, note, visible,
    },
    project::{connect_offline, in_time},
    repeat::{self, repeated},
    values::Payload,
};

/// The notes of a watch on its connection.
const AWAY: &str = "the connection to the daemon is lost; the events since come when it is back";
const BACK: &str = "the connection to the daemon is back";

pub(crate) async fn run(
    client: &DaemonClient,
    command: EventCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        EventCommand::Emit { topic, payload, offline: _, idempotency_key } => {
            let params = emitted(topic, payload, idempotency_key)?;
            let emitted = repeated(client, async |client| client.event_emit(params.clone()).await).await?;
            output.result(&emitted, show_emitted)?;
        }
        EventCommand::Watch { topics, since } => watch(client, topics, since, output).await?,
        EventCommand::List { topics, since, limit } => {
            let topics = (!topics.is_empty()).then_some(topics);
            let params = EventListParams { topics, since, limit: Some(limit) };
            let events = client.event_list(params.clone()).await?;
            output.result(&events, |out, events| show(out, events))?;
            if !output.json && events.len() == limit as usize {
                more(client, params, &events).await?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The variable of the environment that has events kept where no daemon answers.
const OFFLINE: &str = "AIWG_OFFLINE";

/// True if the environment says that events are kept where no daemon answers.
pub(crate) fn is_offline() -> bool {
    std::env::var_os(OFFLINE).is_some_and(|value| value == "1")
}

/// An event that waits for the next daemon.
#[derive(Serialize)]
struct Spooled {
    /// The name of its file in `.aiwg/spool/`.
    spooled: String,
}

/// Emits an event to the daemon, or keeps it for the next one.
pub(crate) fn emit_offline(
    project: Option<&Path>,
    topic: String,
    payload: Option<Payload>,
    key: Option<String>,
    output: &Output,
) -> Result<ExitCode, CliError> {
    if !is_topic(&topic) {
        return Err(CliError::Usage(format!("{TOPIC_RULE}: {} is none", visible(&topic))));
    }
    if let Some(prefix) = reserved(&topic) {
        let why = format!("topics that start with \"{prefix}\" are the daemon's own: choose another");
        return Err(ClientError::Api(ApiError::new(ErrorKind::TopicReserved, why)).into());
    }
    let params = emitted(topic, payload, key)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (emission, spool) = runtime.block_on(async {
        let client = connect_offline(project).await?;
        let emission = client.emit_or_spool(params).await?;
        Ok::<_, ClientError>((emission, spool_of(client.socket())))
    })?;
    match emission {
        Emission::Taken(emitted) => output.result(&emitted, show_emitted)?,
        Emission::Spooled(spooled) => output.result(&Spooled { spooled }, |out, Spooled { spooled }| {
            let path = spool.join(spooled);
            writeln!(
                out,
                "No daemon answers: the event waits in {} for the next one.",
                visible(&path.display().to_string())
            )
        })?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The spool of the project that a socket belongs to: relative where that is the directory in which the command was typed.
fn spool_of(socket: &Path) -> PathBuf {
    let project = socket.ancestors().nth(Path::new(SOCKET_PATH).iter().count());
    let is_here = project.is_some_and(|project| std::env::current_dir().is_ok_and(|cwd| cwd == project));
    match project.filter(|_| !is_here) {
        Some(project) => project.join(SPOOL_PATH),
        None => SPOOL_PATH.into(),
    }
}

fn emitted(
    topic: String,
    payload: Option<Payload>,
    key: Option<String>,
) -> Result<EventEmitParams, CliError> {
    let payload = payload.map(input::payload).transpose()?;
    Ok(EventEmitParams { topic, payload, idempotency_key: repeat::key(key), ..Default::default() })
}

fn show_emitted(out: &mut Page, emitted: &EventEmitted) -> io::Result<()> {
    let EventEmitted { seq, rules, waiting, refused } = emitted;
    let fired: Vec<&str> = rules.iter().filter(|rule| !waiting.contains(rule)).map(String::as_str).collect();
    match fired.as_slice() {
        [] if !waiting.is_empty() => writeln!(out, "Event {seq} is in the log.")?,
        [] if refused.is_empty() => writeln!(out, "Event {seq} is in the log; no rule waits for it.")?,
        [] => writeln!(out, "Event {seq} is in the log; no rule has made a task of it.")?,
        fired => {
            writeln!(out, "Event {seq} fired {}. Next: aiwg task list", visible(&fired.join(", ")))?;
        }
    }
    if !waiting.is_empty() {
        let (waiting, wait) = (waiting.join(", "), if waiting.len() == 1 { "waits" } else { "wait" });
        writeln!(
            out,
            "{} {wait} with it, for quiet, its own task to end, or room in the queue. Next: aiwg automation status",
            visible(&waiting)
        )?;
    }
    refused.iter().try_for_each(|RefusedMatch { rule, reason }| {
        writeln!(out, "! {} did nothing: {}", visible(rule), visible(reason))
    })
}

/// Prints events as they come, until the daemon stops: as JSON, one a line.
async fn watch(
    client: &DaemonClient,
    topics: Vec<String>,
    since: Option<u64>,
    output: &Output,
) -> Result<(), CliError> {
    end_with_the_reader();
    let (is_connected, mut connection) = tokio::sync::watch::channel(true);
    let subscribe = Subscribe { topics, since, reconnect: true, is_connected: Some(is_connected) };
    let mut events = in_time(client.subscribe(subscribe)).await?;
    loop {
        let pushed = tokio::select! {
            // The end of a silence is said before the events after it.
            biased;
            Ok(()) = connection.changed() => {
                note(if *connection.borrow_and_update() { BACK } else { AWAY });
                continue;
            }
            pushed = events.next() => pushed,
        };
        let Some(pushed) = pushed else { return Ok(()) };
        match pushed? {
            Pushed::Event(event) if output.json => json_line(&event)?,
            Pushed::Event(Event { seq, at, topic, payload, .. }) => {
                let mut page = Page::stdout();
                let (topic, payload) = (visible(&topic), visible(payload.as_str()));
                writeln!(page, "{}  {seq:>6}  {topic}  {payload}", local(at))?;
                page.flush()?;
            }
            Pushed::Missed { missed, since } => {
                note(&format!("{missed} events were passed over; aiwg event list --since {since}"));
            }
        }
    }
}

/// Prints what to type for the events that are not listed, if there are any.
async fn more(client: &DaemonClient, params: EventListParams, events: &[Event]) -> Result<(), CliError> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
    let (listed, is_all_topics) = (events.len(), params.topics.is_none());
    let since = Some(if params.since.is_some() { last.seq } else { 0 });
    let goes_on = params.since.is_some();
    let other = client.event_list(EventListParams { since, limit: Some(1), ..params }).await?;
    match other.first() {
        Some(_) if goes_on => note(&format!("{listed}, and there are more; more: --since {}", last.seq)),
        Some(oldest) if oldest.seq < first.seq => {
            let of = if is_all_topics {
                // They are numbered one by one.
                format!("of {}", last.seq.saturating_sub(oldest.seq).saturating_add(1))
            } else {
                "events".to_owned()
            };
            note(&format!("the newest {listed} {of}; more: --limit N, or from the oldest on with --since 0"));
        }
        _ => {}
    }
    Ok(())
}

fn show(out: &mut Page, events: &[Event]) -> io::Result<()> {
    if events.is_empty() {
        return writeln!(out, "No events.");
    }
    let mut rows = Table::new([Number("SEQ"), Whole("AT"), Text("TOPIC", usize::MAX), Text("PAYLOAD", 80)]);
    for event in events {
        rows.add([
            event.seq.into(),
            ago(event.at).into(),
            event.topic.as_str().into(),
            event.payload.as_str().into(),
        ]);
    }
    rows.write(out)
}
