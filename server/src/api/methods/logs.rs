use std::{io, path::Path, time::Duration};

use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{DaemonLogs, DaemonLogsParams},
};
use tokio::time::{Instant, timeout_at};

use super::check;
use crate::{
    api::{Handler, answer::Part},
    engine::EngineError,
    log::{Cursor, LogChunk, MAX_LINES, follow, last},
};

/// The number of lines that are given unless the caller asks for another.
const LINES: u32 = 100;

pub(crate) async fn daemon_logs(handler: &Handler, params: DaemonLogsParams) -> Result<DaemonLogs, ApiError> {
    let wait_ms = check::wait_ms(params.wait_ms)?;
    let lines = params.lines.unwrap_or(LINES);
    if lines > MAX_LINES {
        let message = format!("the member \"lines\" must be at most {MAX_LINES}; it is {lines}");
        return Err(ApiError::invalid_member("lines", message));
    }
    let Some(cursor) = params.cursor else {
        return handler.answer(|_| read(handler, move |log| last(log, lines))).await;
    };
    check::name("cursor", &cursor)?;
    let Ok(from) = cursor.parse::<Cursor>() else {
        let message = format!("the member \"cursor\" must be that of an earlier answer; it is {cursor:?}");
        return Err(ApiError::invalid_member("cursor", message));
    };
    let next = || {
        let from = from.clone();
        handler.answer(move |_| {
            let from = from.clone();
            read(handler, move |log| follow(log, &from))
        })
    };
    if wait_ms == 0 {
        return next().await;
    }
    let _place = handler.wait()?;
    // One looks at the file for all who wait for it.
    let file = handler.api.growth.wait_for(&handler.context.project.log(), 0);
    let until = Instant::now() + Duration::from_millis(wait_ms);
    loop {
        let changed = file.changed();
        let chunk = next().await?;
        if !chunk.lines.is_empty() || chunk.missed || Instant::now() >= until {
            return Ok(chunk);
        }
        tokio::select! {
            _ = timeout_at(until, changed) => {}
            () = handler.context.stopped.cancelled() => return Err(EngineError::Closing.into()),
        }
    }
}

async fn read(
    handler: &Handler,
    read: impl FnOnce(&Path) -> io::Result<LogChunk> + Send + 'static,
) -> Result<Part<DaemonLogs>, ApiError> {
    let path = handler.context.project.log();
    let answer = |chunk: LogChunk| DaemonLogs {
        lines: chunk.lines,
        cursor: chunk.cursor.to_string(),
        missed: chunk.missed,
    };
    let read = move || read(&path).map(|chunk| Part::new(answer(chunk), false));
    handler.apart(read).await?.map_err(|error| {
        ApiError::new(ErrorKind::StorageUnavailable, format!("the log cannot be read: {error}"))
    })
}
