//! What there is to carry of a stream: its file, and how much of it is stored.

use std::{
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use aiwg_fs::{is_absent, is_shortage, open_regular};
use aiwg_protocol::types::OutputStream;
use aiwg_store::{BLOCK, KeptOutput, OutputBlock, StreamOf};

const MIB: u64 = 1024 * 1024;

/// What is kept of a stream of a run, in bytes: whole blocks of its beginning and of its end. Both streams have 8 MiB together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    head: u64,
    tail: u64,
}

impl Most {
    /// Of standard output, where agents report, more than of standard error.
    pub(super) fn of(stream: OutputStream) -> Self {
        match stream {
            OutputStream::Stdout => Self { head: MIB, tail: 5 * MIB },
            OutputStream::Stderr => Self { head: MIB / 4, tail: MIB * 7 / 4 },
        }
    }
}

/// How much of a stream is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// The byte after the last one.
    pub(super) end: u64,
    /// True if the stream ends there, and that is stored.
    pub(super) is_whole: bool,
}

/// The next part of a stream to carry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) blocks: Vec<OutputBlock>,
    pub(super) kept: KeptOutput,
    /// How much of the stream is stored once they are.
    pub(super) then: Progress,
}

/// The name of a stream's file in the directory of a run.
pub(super) fn name(stream: OutputStream) -> &'static str {
    match stream {
        OutputStream::Stdout => aiwg_shim::STDOUT_FILE,
        OutputStream::Stderr => aiwg_shim::STDERR_FILE,
    }
}

/// The next part of a stream, of about so many bytes at the most; none if there is nothing to carry now. Where nobody writes it any more (`is_over`), its end is
/// a part of it, too.
pub(super) fn next(
    path: &Path,
    of: StreamOf,
    stored: Progress,
    (is_over, bytes): (bool, u64),
) -> io::Result<Option<Next>> {
    let mut file = match open_regular(path) {
        Ok(file) => Some(file),
        // Whatever else has been put there says nothing more later.
        Err(error) if is_absent(&error) || (is_over && !is_shortage(&error)) => None,
        Err(error) => return Err(error),
    };
    let length = file.as_ref().map_or(Ok(0), |file| file.metadata().map(|found| found.len()))?;
    let (kept, range) = plan(of, stored.end, length, bytes);
    let mut read = Vec::new();
    if let (Some(file), Some((start, count))) = (&mut file, range) {
        file.seek(SeekFrom::Start(start))?;
        file.take(count).read_to_end(&mut read)?;
    }
    let start = range.map_or(stored.end, |(start, _)| start);
    let end = start.saturating_add(read.len() as u64).max(stored.end);
    let is_whole = is_over && end >= length;
    if end == stored.end && (stored.is_whole || !is_whole) {
        return Ok(None);
    }
    let block = |(at, bytes): (u64, &[u8])| OutputBlock {
        of,
        start: start.saturating_add(at * BLOCK),
        bytes: bytes.to_vec(),
        is_last: false,
    };
    let size = usize::try_from(BLOCK).unwrap_or(usize::MAX);
    let mut blocks: Vec<OutputBlock> = (0..).zip(read.chunks(size)).map(block).collect();
    if is_whole {
        match blocks.last_mut() {
            Some(last) => last.is_last = true,
            // All of it is stored, but for that it ends there.
            None => blocks.push(OutputBlock { of, start: stored.end, bytes: Vec::new(), is_last: true }),
        }
    }
    Ok(Some(Next { blocks, kept, then: Progress { end, is_whole } }))
}

/// What is kept of a stream that is so long, and what is to be read next, from a byte on and how much: about as many `bytes`. None if all of it is stored.
fn plan(of: StreamOf, stored: u64, length: u64, bytes: u64) -> (KeptOutput, Option<(u64, u64)>) {
    let Most { head, tail } = Most::of(of.stream);
    // That from which on a tail is left after the last block.
    let from = length.div_ceil(BLOCK).saturating_mul(BLOCK).saturating_sub(tail).max(head);
    let kept = KeptOutput { of, head, from };
    if length <= stored {
        return (kept, None);
    }
    // The last block grows.
    let start = stored / BLOCK * BLOCK;
    let start = if start >= head { start.max(from) } else { start };
    let end = length.min(start.saturating_add(bytes.max(BLOCK).div_ceil(BLOCK) * BLOCK));
    let end = if start < head && from > head { end.min(head) } else { end };
    (kept, Some((start, end.saturating_sub(start))))
}

#[cfg(test)]
mod tests {
    use aiwg_model::{RunId, TaskNo};

    use super::*;

    const OUT: StreamOf = StreamOf { run: RunId { task: TaskNo(1), n: 1 }, stream: OutputStream::Stdout };

    fn stored(end: u64) -> Progress {
        Progress { end, is_whole: false }
    }

    /// Carries a file until there is nothing more to carry, and gives the bytes that are kept by their offsets.
    fn carried(path: &Path, is_over: bool) -> (Vec<(u64, Vec<u8>)>, Progress) {
        let (mut all, mut at) = (std::collections::BTreeMap::new(), Progress::default());
        while let Some(next) = next(path, OUT, at, (is_over, 300_000)).unwrap() {
            for block in next.blocks {
                all.insert(block.start, block.bytes);
            }
            all.retain(|start, _| *start < next.kept.head || *start >= next.kept.from);
            at = next.then;
        }
        (all.into_iter().collect(), at)
    }

    #[test]
    fn a_block_is_written_again_while_it_grows_and_the_end_is_said_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        assert_eq!(next(&path, OUT, stored(0), (false, 1)).unwrap(), None);
        let block =
            |start, bytes: &[u8], is_last| OutputBlock { of: OUT, start, bytes: bytes.to_vec(), is_last };
        let end = next(&path, OUT, stored(0), (true, 1)).unwrap().unwrap();
        assert_eq!(end.blocks, [block(0, b"", true)], "one that has written nothing has ended, too");
        let size = usize::try_from(BLOCK).unwrap();
        let all = vec![b'x'; size + 10];
        std::fs::write(&path, &all[..5]).unwrap();
        let first = next(&path, OUT, stored(0), (false, 1)).unwrap().unwrap();
        assert_eq!((first.blocks, first.then.end), (vec![block(0, &all[..5], false)], 5));
        assert_eq!(next(&path, OUT, stored(5), (false, 1)).unwrap(), None);
        let end = next(&path, OUT, stored(5), (true, 1)).unwrap().unwrap();
        assert_eq!(end.blocks, [block(5, b"", true)]);
        assert_eq!(next(&path, OUT, end.then, (true, 1)).unwrap(), None);
        std::fs::write(&path, &all).unwrap();
        let more = next(&path, OUT, stored(5), (true, 1)).unwrap().unwrap();
        assert_eq!((more.blocks, more.then), (vec![block(0, &all[..size], false)], stored(BLOCK)));
        let last = next(&path, OUT, more.then, (true, 1)).unwrap().unwrap();
        assert_eq!((last.blocks, last.then.is_whole), (vec![block(BLOCK, &all[size..], true)], true));
        // A file that was cut, or taken away, changes nothing of what is stored.
        std::fs::write(&path, b"").unwrap();
        assert_eq!(next(&path, OUT, stored(7), (false, 1)).unwrap(), None);
        assert_eq!(next(&path, OUT, stored(7), (true, 1)).unwrap().unwrap().blocks, [block(7, b"", true)]);
    }

    #[test]
    fn of_a_long_stream_the_beginning_and_the_end_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let bytes: Vec<u8> = (0..20 * MIB + 7).map(|at| u8::try_from(at % 251).unwrap()).collect();
        for length in [6 * MIB, 6 * MIB + 1, 20 * MIB + 7] {
            let all = &bytes[..usize::try_from(length).unwrap()];
            std::fs::write(&path, all).unwrap();
            let (kept, at) = carried(&path, true);
            assert_eq!(at, Progress { end: length, is_whole: true });
            let size: usize = kept.iter().map(|(_, bytes)| bytes.len()).sum();
            assert!(size as u64 <= 6 * MIB && size as u64 > 6 * MIB - 2 * BLOCK, "{size} of {length}");
            for (start, part) in &kept {
                let start = usize::try_from(*start).unwrap();
                assert!(all[start..start + part.len()] == part[..], "{start}");
            }
            assert_eq!(kept[0].0, 0);
            let gaps = kept.windows(2).filter(|two| two[0].0 + two[0].1.len() as u64 != two[1].0).count();
            assert_eq!(gaps, usize::from(length > 6 * MIB));
        }
    }
}
