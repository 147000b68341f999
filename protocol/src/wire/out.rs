//! Lines that wait to be written, and the memory that they count for.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::AsyncWrite;

use super::Room;

/// Short lines share a piece of this size: one write for many of them, and what is written is not held until the rest is.
const PIECE: usize = 16 * 1024;

/// The bytes to be written, in pieces that are freed one after the other.
#[derive(Debug, Default)]
pub(super) struct Out {
    pieces: VecDeque<Piece>,
    /// Number of waiting bytes.
    waiting: usize,
    /// A piece that was written, to be filled again.
    spare: Vec<u8>,
}

#[derive(Debug, Default)]
struct Piece {
    bytes: Vec<u8>,
    written: usize,
    /// The memory that answers in it have been given; free again when all of it is written.
    rooms: Vec<Room>,
}

impl Out {
    /// Number of waiting bytes.
    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    /// Appends a line, whose line feed is added, with the memory it has been given.
    pub(super) fn line(&mut self, rooms: Vec<Room>, write: impl FnOnce(&mut Vec<u8>)) {
        let is_full = self.pieces.back().is_none_or(|piece| piece.bytes.len() >= PIECE);
        if is_full {
            let bytes = std::mem::take(&mut self.spare);
            self.pieces.push_back(Piece { bytes, ..Piece::default() });
        }
        let Some(piece) = self.pieces.back_mut() else { return };
        let before = piece.bytes.len();
        write(&mut piece.bytes);
        piece.bytes.push(b'\n');
        piece.rooms.extend(rooms);
        self.waiting += piece.bytes.len() - before;
    }

    /// Drops all that waits: nobody takes it any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn poll_write<W: AsyncWrite + Unpin>(
        &mut self,
        writer: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(piece) = self.pieces.front_mut() {
            while let Some(rest) = piece.bytes.get(piece.written..).filter(|rest| !rest.is_empty()) {
                let count = ready!(Pin::new(&mut *writer).poll_write(cx, rest))?;
                if count == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                piece.written += count;
                self.waiting -= count;
            }
            let Some(Piece { mut bytes, .. }) = self.pieces.pop_front() else { break };
            if bytes.capacity() <= PIECE {
                bytes.clear();
                self.spare = bytes;
            }
        }
        Poll::Ready(Ok(()))
    }
}
