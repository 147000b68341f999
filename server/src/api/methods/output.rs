use std::{
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aiwg_fs::{is_absent, open_regular};
use aiwg_model::TaskNo;
use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{OutputEncoding, OutputStream, TaskOutput, TaskOutputParams, TaskState},
};
use aiwg_store::Reader;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::time::{Instant, sleep, timeout_at};

use super::check;
use crate::{
    api::{Handler, answer::Part},
    engine::EngineError,
    running::Running,
};

/// The most that one answer holds, in bytes of the output.
const CHUNK: u64 = 256 * 1024;

/// The time before another look at a task whose agent is only just being started.
const START: Duration = Duration::from_millis(50);

pub(crate) async fn task_output(handler: &Handler, params: TaskOutputParams) -> Result<TaskOutput, ApiError> {
    let no = check::task_no(&params.task_id)?;
    let wait_ms = check::wait_ms(params.wait_ms)?;
    let follow = Follow {
        handler,
        no,
        path: path(handler, no, params.stream.unwrap_or_default()),
        offset: params.offset.unwrap_or(0),
        encoding: params.encoding.unwrap_or_default(),
    };
    if wait_ms == 0 {
        return Ok(follow.read().await?.0);
    }
    let _place = handler.wait()?;
    let _slot = handler.lend(no).await;
    follow.wait(Instant::now() + Duration::from_millis(wait_ms)).await
}

fn path(handler: &Handler, no: TaskNo, stream: OutputStream) -> PathBuf {
    handler.context.project.action_dir(no).join(match stream {
        OutputStream::Stdout => aiwg_shim::STDOUT_FILE,
        OutputStream::Stderr => aiwg_shim::STDERR_FILE,
    })
}

struct Follow<'a> {
    handler: &'a Handler,
    no: TaskNo,
    path: PathBuf,
    offset: u64,
    encoding: OutputEncoding,
}

impl Follow<'_> {
    /// Waits for something, the task's end and another attempt at it included.
    async fn wait(&self, until: Instant) -> Result<TaskOutput, ApiError> {
        let waiting = self.handler.context.bus.wait_for(self.no);
        let file = self.handler.api.growth.wait_for(&self.path, self.offset);
        let mut began_with = None;
        loop {
            let (ended, changed) = (waiting.ended(), file.changed());
            let (chunk, is_starting) = self.read().await?;
            let is_another = self.offset > 0 && *began_with.get_or_insert(chunk.attempt) != chunk.attempt;
            if !chunk.data.is_empty() || chunk.ended || is_another || Instant::now() >= until {
                return Ok(chunk);
            }
            tokio::select! {
                _ = timeout_at(until, ended) => {}
                () = changed => {}
                // Its file may be there before it is known whose it is.
                () = sleep(START), if is_starting => {}
                () = self.handler.context.stopped.cancelled() => {
                    // The agent's last output, and that the stop itself has ended it.
                    let (last, _) = self.read().await?;
                    let is_news = !last.data.is_empty() || last.ended;
                    return if is_news { Ok(last) } else { Err(EngineError::Closing.into()) };
                }
            }
        }
    }

    /// The output that is there now, read beside the connections, and whether the agent is only just being started.
    async fn read(&self) -> Result<(TaskOutput, bool), ApiError> {
        self.handler.answer(|bytes| self.part(bytes)).await
    }

    async fn part(&self, bytes: usize) -> Result<Part<(TaskOutput, bool)>, ApiError> {
        let (no, path, offset, encoding) = (self.no, self.path.clone(), self.offset, self.encoding);
        let context = Arc::clone(&self.handler.context);
        let most = u64::try_from(bytes).unwrap_or(u64::MAX).min(CHUNK);
        let read = move |reader: &dyn Reader| {
            let Some(found) = look(reader, &context.running, no, &path, offset, most)? else {
                return Ok(None);
            };
            let part = found.chunk.map(|(bytes, at_end)| {
                let output = encoded(offset, encoding, bytes, found.attempts, found.is_final && at_end);
                Part::new((output, found.is_starting), !at_end && most < CHUNK).expecting(2 * CHUNK as usize)
            });
            Ok(Some(part))
        };
        let found = self.handler.read(read).await?.ok_or(EngineError::TaskNotFound(no))?;
        found.map_err(|error| {
            let message = format!("the output {} cannot be read: {error}", self.path.display());
            ApiError::new(ErrorKind::StorageUnavailable, message)
        })
    }
}

fn encoded(
    offset: u64,
    encoding: OutputEncoding,
    mut bytes: Vec<u8>,
    attempt: u32,
    ended: bool,
) -> TaskOutput {
    if encoding == OutputEncoding::Utf8 && !ended {
        // The rest of the last character comes with the next chunk.
        bytes.truncate(bytes.len() - cut_character(&bytes));
    }
    TaskOutput {
        offset,
        next_offset: offset.saturating_add(bytes.len() as u64),
        attempt,
        data: match encoding {
            OutputEncoding::Utf8 => String::from_utf8_lossy(&bytes).into_owned(),
            OutputEncoding::Base64 => BASE64_STANDARD.encode(&bytes),
        },
        ended,
    }
}

/// The state of a task's output at one look.
struct Look {
    attempts: u32,
    is_final: bool,
    is_starting: bool,
    chunk: io::Result<(Vec<u8>, bool)>,
}

/// Reads the state before the file, so that the file of an ended task is complete.
fn look(
    reader: &dyn Reader,
    running: &Running,
    no: TaskNo,
    path: &Path,
    offset: u64,
    most: u64,
) -> aiwg_store::Result<Option<Look>> {
    loop {
        let Some(task) = reader.task(no)? else { return Ok(None) };
        let (attempts, is_final) = (task.attempts, task.state.is_final());
        if task.state == TaskState::Running && running.pid(no).is_none() {
            // The file may still hold the output of another attempt.
            let chunk = Ok((Vec::new(), false));
            return Ok(Some(Look { attempts, is_final, is_starting: true, chunk }));
        }
        let chunk = chunk(path, offset, most);
        if running.launch(no).is_none_or(|launch| launch == task.launch) {
            return Ok(Some(Look { attempts, is_final, is_starting: false, chunk }));
        }
    }
}

/// A chunk of a file, and whether it reaches the end. A task that has not written anything may have no file.
fn chunk(path: &Path, offset: u64, most: u64) -> io::Result<(Vec<u8>, bool)> {
    let mut file = match open_regular(path) {
        Err(error) if is_absent(&error) => return Ok((Vec::new(), true)),
        other => other?,
    };
    let length = file.metadata()?.len();
    // An offset may be further than files can be: there is nothing to seek then.
    if offset >= length {
        return Ok((Vec::new(), true));
    }
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    let at_end = offset.saturating_add(bytes.len() as u64) >= length;
    Ok((bytes, at_end))
}

/// The number of bytes at the end that are the beginning of a character whose rest is missing. Bytes that can be part of no character count as
/// whole: their rest would never come.
fn cut_character(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    match std::str::from_utf8(tail) {
        Err(error) if error.error_len().is_none() => tail.len() - error.valid_up_to(),
        Err(error) => {
            // The tail may itself begin in the middle of a character.
            let rest = &tail[error.valid_up_to() + error.error_len().unwrap_or(1)..];
            if rest.is_empty() { 0 } else { cut_character(rest) }
        }
        Ok(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::cut_character;

    #[test]
    fn only_a_beginning_waits_for_its_rest() {
        assert_eq!(cut_character(b""), 0);
        assert_eq!(cut_character("aä".as_bytes()), 0);
        assert_eq!(cut_character(b"a\xc3"), 1);
        assert_eq!(cut_character(b"\xf0\x9f\x98"), 3);
        assert_eq!(cut_character("€".as_bytes()), 0);
        assert_eq!(cut_character(b"\x80\x80\x80"), 0);
        assert_eq!(cut_character(b"\xff\xe2\x82"), 2);
    }
}
