use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient, Pushed, Subscribe,
    types::{Event, EventEmitParams, EventEmitted, EventListParams, RefusedMatch},
};

use futures::StreamExt;

use crate::{
    args::EventCommand,
    error::CliError,
    output::{Output, ago, shorten, table, write_table},
};

pub(crate) async fn run(
    client: &DaemonClient,
    command: EventCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        EventCommand::Emit { topic, payload } => {
            let emitted = client.event_emit(EventEmitParams { topic, payload }).await?;
            output.result(&emitted, show_emitted)?;
        }
        EventCommand::Watch { topics, since } => watch(client, topics, since, output).await?,
        EventCommand::List { topics, since, limit } => {
            let topics = (!topics.is_empty()).then_some(topics);
            let events = client.event_list(EventListParams { topics, since, limit }).await?;
            output.result(&events, |out, events| show(out, events))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show_emitted(out: &mut dyn Write, emitted: &EventEmitted) -> io::Result<()> {
    let EventEmitted { seq, rules, refused } = emitted;
    match rules.as_slice() {
        [] if refused.is_empty() => writeln!(out, "Event {seq} is in the log; no rule waits for it.")?,
        [] => writeln!(out, "Event {seq} is in the log; no rule has made a task of it.")?,
        rules => writeln!(out, "Event {seq} fired {}. Next: aiwg task list", rules.join(", "))?,
    }
    refused
        .iter()
        .try_for_each(|RefusedMatch { rule, reason }| writeln!(out, "! {rule} did nothing: {reason}"))
}

/// Prints events as they come, until the daemon stops: as JSON, one a line.
async fn watch(
    client: &DaemonClient,
    topics: Vec<String>,
    since: Option<u64>,
    output: &Output,
) -> Result<(), CliError> {
    let mut events = client.subscribe(Subscribe { topics, since, reconnect: true }).await?;
    while let Some(pushed) = events.next().await {
        let mut out = io::stdout().lock();
        match pushed? {
            Pushed::Event(event) if output.json => {
                serde_json::to_writer(&mut out, &event).map_err(io::Error::from)?;
                writeln!(out)?;
            }
            Pushed::Event(Event { seq, at, topic, payload, .. }) => {
                writeln!(out, "{at}  {seq:>6}  {topic}  {}", payload.as_str())?;
            }
            Pushed::Missed { missed, since } => {
                writeln!(io::stderr(), "{missed} events were passed over; aiwg event list --since {since}")?;
            }
        }
        out.flush()?;
    }
    Ok(())
}

fn show(out: &mut dyn Write, events: &[Event]) -> io::Result<()> {
    if events.is_empty() {
        return writeln!(out, "No events.");
    }
    let mut rows = table(["SEQ", "AT", "TOPIC", "PAYLOAD"]);
    for event in events {
        rows.add_row([
            event.seq.to_string(),
            ago(event.at),
            event.topic.clone(),
            shorten(event.payload.as_str(), 80),
        ]);
    }
    write_table(out, &rows)
}
