//! An agent's output, as it comes: over the socket, so that it works from afar.

use std::io::Write;

use aiwg_client::{
    ClientError, DaemonClient,
    types::{OutputEncoding, OutputStream, TaskOutput, TaskOutputParams},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;

use crate::{
    commands::output_printer::OutputPrinter,
    error::CliError,
    output::{Output, agent_stdout, json_line, note},
    reconnecting_client::{ReconnectingClient, WAIT, wait_ms},
    visible::visible,
};

/// Output of `--json` for an output: the method's result, and what it takes to understand a line by itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chunk<'a> {
    pub(super) task_id: &'a str,
    stream: OutputStream,
    encoding: OutputEncoding,
    #[serde(flatten)]
    output: &'a TaskOutput,
}

impl<'a> Chunk<'a> {
    pub(super) fn of(task_id: &'a str, stream: OutputStream, output: &'a TaskOutput) -> Self {
        Self { task_id, stream, encoding: ENCODING, output }
    }
}

/// Output need not be text.
const ENCODING: OutputEncoding = OutputEncoding::Base64;

/// The part of an output that is printed.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) stream: OutputStream,
    /// All until the task has ended, and not only what there is.
    pub(super) follow: bool,
    /// Every byte, and not what the agent says by them.
    pub(super) raw: bool,
}

/// Prints an output; as JSON it is one chunk a line.
pub(super) async fn logs(
    connection: &ReconnectingClient,
    id: &str,
    wanted: Wanted,
    output: &Output,
) -> Result<(), CliError> {
    if !output.json {
        return copy(connection, id, wanted, agent_stdout()).await;
    }
    let mut reading = Reading::of(id, wanted.stream, wanted.follow);
    while let Some(chunk) = next(connection, &mut reading).await? {
        json_line(&Chunk::of(id, wanted.stream, &chunk))?;
    }
    Ok(())
}

/// Copies an output to where people, or programs, read it. It goes on where the daemon is gone for a while.
pub(super) async fn copy(
    connection: &ReconnectingClient,
    id: &str,
    wanted: Wanted,
    to: Box<dyn Write>,
) -> Result<(), CliError> {
    let mut reading = Reading::of(id, wanted.stream, wanted.follow);
    let is_verbatim = wanted.raw || wanted.stream == OutputStream::Stderr;
    let mut printer = if is_verbatim { OutputPrinter::verbatim(to) } else { OutputPrinter::to(to) };
    while let Some(chunk) = next(connection, &mut reading).await? {
        let left_out = printer.write_at(chunk.offset, &bytes(&chunk)?)?;
        if left_out > 0 {
            note(&format!(
                "aiwg: {left_out} bytes before byte {} are left out: only the host that has run {} has them",
                chunk.offset,
                visible(id)
            ));
        }
    }
    Ok(printer.finish()?)
}

/// The next chunk; none at the end. Only who follows waits for a daemon that is gone, or that does not answer.
async fn next(
    connection: &ReconnectingClient,
    reading: &mut Reading,
) -> Result<Option<TaskOutput>, CliError> {
    if reading.follow {
        return connection.call(WAIT, async |client| reading.next(&client).await).await;
    }
    Ok(reading.next(&connection.client().await).await?)
}

/// Position in a task's output.
pub(in crate::commands) struct Reading {
    params: TaskOutputParams,
    follow: bool,
    at_end: bool,
    attempt: u32,
}

impl Reading {
    /// From the beginning.
    pub(in crate::commands) fn of(id: &str, stream: OutputStream, follow: bool) -> Self {
        let params = TaskOutputParams {
            task_id: id.to_owned(),
            stream: Some(stream),
            encoding: Some(ENCODING),
            offset: Some(0),
            wait_ms: follow.then(|| wait_ms(WAIT)),
        };
        Self { params, follow, at_end: false, attempt: 0 }
    }

    /// The next chunk; none at the end.
    pub(in crate::commands) async fn next(
        &mut self,
        client: &DaemonClient,
    ) -> Result<Option<TaskOutput>, ClientError> {
        while !self.at_end {
            let chunk = client.task_output(self.params.clone()).await?;
            if std::mem::replace(&mut self.attempt, chunk.attempt) != chunk.attempt && chunk.offset > 0 {
                // The output of another attempt starts from 0.
                self.params.offset = Some(0);
                continue;
            }
            self.params.offset = Some(chunk.next_offset);
            self.at_end = chunk.ended || (!self.follow && chunk.data.is_empty());
            if !chunk.data.is_empty() {
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }
}

pub(in crate::commands) fn bytes(chunk: &TaskOutput) -> Result<Vec<u8>, CliError> {
    BASE64_STANDARD
        .decode(&chunk.data)
        .map_err(|error| CliError::Failed(format!("the daemon sent output that is no base64: {error}")))
}
