//! An agent's output, as it comes: over the socket, so that it works from afar.

use std::io::{self, Write};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{OutputEncoding, OutputStream, TaskOutput, TaskOutputParams},
};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{error::CliError, output::Output};

/// How long one call waits for more: a minute, so that a dead connection shows in bounded time.
const WAIT_MS: u64 = 60_000;

/// Prints what there is, or, to `follow` it, all until the task has ended. As JSON it is one chunk a line.
pub(super) async fn logs(
    client: &DaemonClient,
    id: &str,
    stream: OutputStream,
    follow: bool,
    output: &Output,
) -> Result<(), CliError> {
    let mut reading = Reading::of(id, stream, follow);
    while let Some(chunk) = reading.next(client).await? {
        let mut out = io::stdout().lock();
        if output.json {
            serde_json::to_writer(&mut out, &chunk).map_err(io::Error::from)?;
            writeln!(out)?;
        } else {
            out.write_all(&bytes(&chunk)?)?;
        }
        out.flush()?;
    }
    Ok(())
}

/// Copies all of a stream to `to`, until the task has ended.
pub(super) async fn copy(
    client: &DaemonClient,
    id: &str,
    stream: OutputStream,
    mut to: impl Write,
) -> Result<(), CliError> {
    let mut reading = Reading::of(id, stream, true);
    while let Some(chunk) = reading.next(client).await? {
        to.write_all(&bytes(&chunk)?)?;
        to.flush()?;
    }
    Ok(())
}

/// Where one is in a task's output.
pub(in crate::commands) struct Reading {
    params: TaskOutputParams,
    follow: bool,
    at_end: bool,
    attempt: u32,
}

impl Reading {
    /// From the beginning. As base64: output need not be text.
    pub(in crate::commands) fn of(id: &str, stream: OutputStream, follow: bool) -> Self {
        let params = TaskOutputParams {
            task_id: id.to_owned(),
            stream: Some(stream),
            encoding: Some(OutputEncoding::Base64),
            offset: Some(0),
            wait_ms: follow.then_some(WAIT_MS),
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
                // The output of another attempt begins anew.
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
