use std::io::{self, Read};

/// The longest line that is looked at, in bytes. A longer one is no result: it is passed over, and not held.
pub(super) const MAX_LINE: usize = 1024 * 1024;

/// The lines of a file, which may still grow: after the end, more may come.
pub(super) struct Lines<R> {
    file: R,
    /// What has been read and not given yet.
    buffer: Vec<u8>,
    /// How much of that has been given.
    given: usize,
    /// Whether the line at hand is too long.
    too_long: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn of(file: R) -> Self {
        Self { file, buffer: Vec::new(), given: 0, too_long: false }
    }

    /// The next whole line, without its line feed; none where there is none yet.
    pub(super) fn next_line(&mut self) -> io::Result<Option<&[u8]>> {
        loop {
            if let Some(length) = self.buffer[self.given..].iter().position(|byte| *byte == b'\n') {
                let line = self.given..self.given + length;
                self.given = line.end + 1;
                if !std::mem::take(&mut self.too_long) {
                    return Ok(Some(&self.buffer[line]));
                }
            } else if !self.read_more()? {
                return Ok(None);
            }
        }
    }

    /// What stands after the last line feed.
    pub(super) fn rest(&self) -> &[u8] {
        if self.too_long { &[] } else { &self.buffer[self.given..] }
    }

    fn read_more(&mut self) -> io::Result<bool> {
        const PIECE: u64 = 64 * 1024;
        self.buffer.drain(..self.given);
        self.given = 0;
        if self.buffer.len() > MAX_LINE {
            self.buffer.clear();
            self.too_long = true;
        }
        let count = self.file.by_ref().take(PIECE).read_to_end(&mut self.buffer)?;
        Ok(count > 0)
    }
}
