//! What agents have written, for the hosts that have not run them.
//!
//! It is in blocks: a block begins at a multiple of [`BLOCK`] of its stream, and is written again while it fills. So whatever is written twice, as after a
//! connection that was lost, is the same. The end of a stream may be an empty block, which begins anywhere.

use aiwg_model::{RunId, TaskNo};
use aiwg_protocol::types::OutputStream;

use crate::Result;

/// Size of a block, in bytes; the last one of a stream may be shorter.
pub const BLOCK: u64 = 16 * 1024;

/// One of the two streams of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamOf {
    /// The run.
    pub run: RunId,
    /// The stream.
    pub stream: OutputStream,
}

impl StreamOf {
    /// The number by which a stream is stored, that of its file descriptor.
    pub fn number(self) -> i64 {
        match self.stream {
            OutputStream::Stdout => 1,
            OutputStream::Stderr => 2,
        }
    }
}

/// A block of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputBlock {
    /// The stream.
    pub of: StreamOf,
    /// The byte of the stream at which it begins.
    pub start: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// True if the stream ends with it.
    pub is_last: bool,
}

/// The blocks of a stream that stay: those of its beginning and those of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptOutput {
    /// The stream.
    pub of: StreamOf,
    /// Blocks that begin before this byte stay.
    pub head: u64,
    /// So do those from this byte on.
    pub from: u64,
}

/// How far a stream is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredEnd {
    /// The stream.
    pub of: StreamOf,
    /// The byte after the last one that is stored.
    pub end: u64,
    /// True if the stream ends there.
    pub is_whole: bool,
}

/// A piece of a stream, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutputPiece {
    /// The byte of the stream at which it begins: that which was asked for, or a later one where what is between is not kept.
    pub start: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// True if what comes next in the stream is not kept.
    pub is_cut: bool,
    /// True if nothing is stored behind it.
    pub is_at_end: bool,
    /// True if the stream ends with it.
    pub is_last: bool,
}

/// Where a host carries what its agents write. It goes past the one writer, since nothing is decided by it; it waits for nobody who writes, and nobody waits for
/// it.
pub trait OutputSink: Send {
    /// How far the streams of these runs are stored; none of those of which nothing is.
    ///
    /// # Errors
    /// The store cannot be read.
    fn ends(&mut self, runs: &[RunId]) -> impl Future<Output = Result<Vec<StoredEnd>>> + Send;

    /// The runs of this host that have ended in the last day, and whose streams are not stored to their ends, each with its directory as in
    /// [`aiwg_model::RunRow::dir`].
    ///
    /// # Errors
    /// The store cannot be read.
    fn unfinished(&mut self) -> impl Future<Output = Result<Vec<(RunId, Option<String>)>>> + Send;

    /// Stores blocks, in place of shorter ones that begin where they do, and removes those that do not stay, and those of earlier runs of these tasks, all at
    /// once. The runs that are this host's, each the last one of its task: of others nothing is stored.
    ///
    /// # Errors
    /// The store cannot be written. Whether it was is not known then.
    fn put(
        &mut self,
        blocks: &[OutputBlock],
        kept: &[KeptOutput],
    ) -> impl Future<Output = Result<Vec<RunId>>> + Send;

    /// Removes all that the agents of those of these tasks have written whose last run was this host's.
    ///
    /// # Errors
    /// The store cannot be written.
    fn forget(&mut self, tasks: &[TaskNo]) -> impl Future<Output = Result<()>> + Send;
}
