use std::{
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aiwg_fs::{is_absent, open_regular};
use aiwg_model::{TaskNo, TaskRow};
use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{OutputEncoding, OutputStream, TaskOutput, TaskOutputParams},
};
use aiwg_store::Reader;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    check,
    stored_output::{self, Source},
};
use crate::{
    api::{Handler, answer::Part, growth::Waiting},
    engine::EngineError,
};

/// The most that one answer holds, in bytes of the output.
const CHUNK: u64 = 256 * 1024;

/// Time between two looks at what is in the store.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(crate) async fn task_output(handler: &Handler, params: TaskOutputParams) -> Result<TaskOutput, ApiError> {
    let no = check::task_no(&params.task_id)?;
    let wait_ms = check::wait_ms(params.wait_ms)?;
    let follow = Follow {
        handler,
        no,
        stream: params.stream.unwrap_or_default(),
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

struct Follow<'a> {
    handler: &'a Handler,
    no: TaskNo,
    stream: OutputStream,
    offset: u64,
    encoding: OutputEncoding,
}

impl Follow<'_> {
    /// Waits for something, the task's end and another attempt at it included.
    async fn wait(&self, until: Instant) -> Result<TaskOutput, ApiError> {
        let waiting = self.handler.context.bus.wait_for(self.no);
        let growth = &self.handler.api.growth;
        // The next run makes its directory there.
        let runs = growth.wait_for(&self.handler.context.project.action_dir(self.no), 0);
        let mut file: Option<Waiting> = None;
        let mut began_with = None;
        loop {
            let (ended, begun) = (waiting.ended(), runs.changed());
            let changed = file.as_ref().map(Waiting::changed);
            let (output, path) = match self.read().await {
                // A store that is elsewhere may be away for a while.
                Err(error) if self.is_away(&error) && Instant::now() < until => {
                    self.pause(until, ended).await?;
                    continue;
                }
                found => found?,
            };
            let is_another = self.offset > 0 && *began_with.get_or_insert(output.attempt) != output.attempt;
            if !output.data.is_empty() || output.ended || is_another || Instant::now() >= until {
                return Ok(output);
            }
            let Some(path) = path else {
                // Another host writes it.
                self.pause(until, ended).await?;
                continue;
            };
            let Some(changed) = changed.filter(|_| file.as_ref().is_some_and(|file| file.path() == path))
            else {
                // What was written since the look is not missed: there is another one.
                file = Some(growth.wait_for(&path, self.offset));
                continue;
            };
            // It may begin on another host, which no file here tells.
            let context = &self.handler.context;
            let may_be_elsewhere = context.store.is_some() && context.running.launch(self.no).is_none();
            tokio::select! {
                _ = timeout_at(until, ended) => {}
                () = begun => {}
                () = changed => {}
                () = sleep(LOOK_EVERY), if may_be_elsewhere => {}
                () = self.handler.context.stopped.cancelled() => {
                    // The agent's last output, and that the stop itself has ended it.
                    let last = self.read().await?.0;
                    let is_news = !last.data.is_empty() || last.ended;
                    return if is_news { Ok(last) } else { Err(EngineError::Closing.into()) };
                }
            }
        }
    }

    fn is_away(&self, error: &ApiError) -> bool {
        self.handler.context.store.is_some() && error.kind() == Some(ErrorKind::StorageUnavailable)
    }

    /// Waits for the next look at the store.
    async fn pause(&self, until: Instant, ended: impl Future<Output = ()>) -> Result<(), ApiError> {
        let next = until.min(Instant::now() + LOOK_EVERY);
        tokio::select! {
            _ = timeout_at(next, ended) => Ok(()),
            () = self.handler.context.stopped.cancelled() => Err(EngineError::Closing.into()),
        }
    }

    /// The output of the last run that is there now, read beside the connections, and the file that it is from; none where it is from the store.
    async fn read(&self) -> Result<(TaskOutput, Option<PathBuf>), ApiError> {
        self.handler.answer(|bytes| self.part(bytes)).await
    }

    async fn part(&self, bytes: usize) -> Result<Part<(TaskOutput, Option<PathBuf>)>, ApiError> {
        let (no, stream, offset, encoding) = (self.no, self.stream, self.offset, self.encoding);
        let context = Arc::clone(&self.handler.context);
        let most = u64::try_from(bytes).unwrap_or(u64::MAX).min(CHUNK);
        let read = move |reader: &dyn Reader| {
            // The state before the file, so that the file of an ended task is complete.
            let Some(task) = reader.task(no)? else { return Ok(None) };
            let dir = match stored_output::source(&context, reader, &task)? {
                Source::Here(dir) => dir,
                Source::Stored(run) => {
                    let how = (encoding == OutputEncoding::Utf8, context.engine.now());
                    let piece = stored_output::piece(reader, (&task, &run), (stream, offset, most), how)?;
                    return Ok(Some(Ok(part(&task, piece, encoding, most, None))));
                }
            };
            let path = dir.join(match stream {
                OutputStream::Stdout => aiwg_shim::STDOUT_FILE,
                OutputStream::Stderr => aiwg_shim::STDERR_FILE,
            });
            let part = match chunk(&path, offset, most) {
                Ok((bytes, is_at_end)) => {
                    let ended = task.state.is_final() && is_at_end;
                    let piece = Piece { offset, bytes, is_at_end, is_whole: ended, ended };
                    Ok(part(&task, piece, encoding, most, Some(path)))
                }
                Err(error) => Err(format!("the output {} cannot be read: {error}", path.display())),
            };
            Ok(Some(part))
        };
        let found = self.handler.read(read).await?.ok_or(EngineError::TaskNotFound(no))?;
        found.map_err(|message| ApiError::new(ErrorKind::StorageUnavailable, message))
    }
}

/// A piece of an output.
pub(super) struct Piece {
    /// The byte it begins at.
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
    /// True if nothing is there behind it.
    pub(super) is_at_end: bool,
    /// True if a character that it ends in the middle of has no rest.
    pub(super) is_whole: bool,
    /// True if no more will follow.
    pub(super) ended: bool,
}

/// It as an answer, which has more where it has more than `most` bytes of memory.
fn part(
    task: &TaskRow,
    piece: Piece,
    encoding: OutputEncoding,
    most: u64,
    path: Option<PathBuf>,
) -> Part<(TaskOutput, Option<PathBuf>)> {
    // Each round and each check has an output of its own.
    let has_rounds = task.spec.terms.verify.is_some();
    let attempt = if has_rounds { task.launch } else { task.attempts };
    let is_cut = !piece.is_at_end && most < CHUNK;
    Part::new((encoded(piece, encoding, attempt), path), is_cut).expecting(2 * CHUNK as usize)
}

fn encoded(piece: Piece, encoding: OutputEncoding, attempt: u32) -> TaskOutput {
    let Piece { offset, mut bytes, ended, .. } = piece;
    if encoding == OutputEncoding::Utf8 && !piece.is_whole {
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
