//! `aiwg daemon logs`: over the socket, so that it works from afar; from the file where no daemon runs.

use std::{io::Write, path::Path, process::ExitCode};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{DaemonLogs, DaemonLogsParams},
};
use aiwg_protocol::SOCKET_ENV;
use aiwg_server::{log, project::Project};

use super::args::LogsArgs;
use crate::{
    error::CliError,
    output::{Output, Page, end_with_the_reader, json_line, note},
    project::{connect, is_silent, reconnect, to_start},
    reconnecting_client::{ReconnectingClient, WAIT, wait_ms},
};

pub(super) fn run(project: Option<&Path>, args: &LogsArgs, output: &Output) -> Result<ExitCode, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let connected = connect(project).await;
        let (client, first) = match connected {
            Ok(client) => {
                let params = DaemonLogsParams { lines: Some(args.lines), ..DaemonLogsParams::default() };
                match client.daemon_logs(params).await {
                    Err(error) if is_silent(&error) => (None, from_file(project, args, error)?),
                    first => (Some(client), first?),
                }
            }
            Err(error) if error.is_no_daemon() || is_silent(&error) => {
                (None, from_file(project, args, error)?)
            }
            Err(error) => return Err(error.into()),
        };
        print(&first, output)?;
        if args.follow { go_on(project, client, first.cursor, output).await } else { Ok(ExitCode::SUCCESS) }
    })
}

/// Prints what comes, until the person has seen enough.
async fn go_on(
    project: Option<&Path>,
    client: Option<DaemonClient>,
    mut cursor: String,
    output: &Output,
) -> Result<ExitCode, CliError> {
    end_with_the_reader();
    let client = match client {
        Some(client) => client,
        None => reconnect(project).await,
    };
    let connection = ReconnectingClient::new(project, client).patient();
    loop {
        let params = DaemonLogsParams { lines: None, cursor: Some(cursor), wait_ms: Some(wait_ms(WAIT)) };
        let more = connection.call(WAIT, async |client| client.daemon_logs(params.clone()).await).await?;
        print(&more, output)?;
        cursor = more.cursor;
    }
}

/// The end of the log that the last daemon has left.
fn from_file(project: Option<&Path>, args: &LogsArgs, error: ClientError) -> Result<DaemonLogs, CliError> {
    // A named socket may be that of another machine, whose files are not here.
    if project.is_none() && std::env::var_os(SOCKET_ENV).is_some_and(|path| !path.is_empty()) {
        return Err(error.into());
    }
    let log = Project::at(&to_start(project)?)?.log();
    if !log.exists() {
        return Err(error.into());
    }
    say(if is_silent(&error) {
        "the daemon does not answer; this is what it has written"
    } else {
        "no daemon runs; this is what the last one has left"
    });
    let log::LogChunk { lines, cursor, missed } = log::last(&log, args.lines)?;
    Ok(DaemonLogs { lines, cursor: cursor.to_string(), missed })
}

fn print(logs: &DaemonLogs, output: &Output) -> Result<(), CliError> {
    if logs.missed {
        say("some lines are gone: the log was rotated away meanwhile");
    }
    if output.json {
        return json_line(logs);
    }
    // It has words of agents and events in it.
    let mut out = Page::stdout();
    logs.lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    Ok(out.flush()?)
}

/// For people: standard output holds nothing but the log.
fn say(what: &str) {
    note(&format!("aiwg: {what}"));
}
