use std::{io, time::Duration};

use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{DaemonLogs, DaemonLogsParams},
};
use tokio::time::{Instant, sleep};

use super::check;
use crate::{
    engine::EngineError,
    ipc::connection::Handler,
    log::{Cursor, LogChunk, MAX_LINES, follow, last},
};

/// How many lines there are unless asked for otherwise.
const LINES: u32 = 100;

/// How often the file is looked at for one who waits.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(crate) async fn daemon_logs(handler: &Handler, params: DaemonLogsParams) -> Result<DaemonLogs, ApiError> {
    let wait_ms = check::wait_ms(params.wait_ms)?;
    let lines = params.lines.unwrap_or(LINES);
    if lines > MAX_LINES {
        let message = format!("the member \"lines\" must be at most {MAX_LINES}; it is {lines}");
        return Err(ApiError::invalid_member("lines", message));
    }
    let Some(cursor) = params.cursor else {
        return Ok(answer(read(handler, move |log| last(log, lines)).await?));
    };
    check::name("cursor", &cursor)?;
    let Ok(from) = cursor.parse::<Cursor>() else {
        let message = format!("the member \"cursor\" must be that of an earlier answer; it is {cursor:?}");
        return Err(ApiError::invalid_member("cursor", message));
    };
    let _place = if wait_ms > 0 { Some(handler.wait()?) } else { None };
    let until = Instant::now() + Duration::from_millis(wait_ms);
    loop {
        let after = from.clone();
        let chunk = read(handler, move |log| follow(log, &after)).await?;
        if !chunk.lines.is_empty() || chunk.missed || Instant::now() >= until {
            return Ok(answer(chunk));
        }
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = handler.daemon.stopped.cancelled() => return Err(EngineError::Closing.into()),
        }
    }
}

fn answer(chunk: LogChunk) -> DaemonLogs {
    DaemonLogs { lines: chunk.lines, cursor: chunk.cursor.to_string(), missed: chunk.missed }
}

async fn read(
    handler: &Handler,
    read: impl FnOnce(&std::path::Path) -> io::Result<LogChunk> + Send + 'static,
) -> Result<LogChunk, ApiError> {
    let path = handler.daemon.project.log();
    let unreadable = |error: io::Error| {
        ApiError::new(ErrorKind::StorageUnavailable, format!("the log cannot be read: {error}"))
    };
    let done = tokio::task::spawn_blocking(move || read(&path)).await.map_err(io::Error::other);
    done.and_then(|done| done).map_err(unreadable)
}
