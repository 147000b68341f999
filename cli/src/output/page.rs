//! The writer of all text for people. Whatever was put into it, nothing of it acts on the terminal but the colours of
//! our own: no command has to think of that, and none can forget it.

use std::io::{self, BufWriter, Write};

use anstyle::{AnsiColor, Style};

use crate::visible::visible_lines;

/// A writer of text for people. What is written to it is shown, line breaks and tabs apart; see [`visible`](crate::visible) for text that is
/// to stay on one line.
pub(crate) struct Page {
    out: Box<dyn Write>,
}

impl Page {
    /// On standard output.
    pub(crate) fn stdout() -> Self {
        // Which takes colours out where they are not wanted.
        Self { out: Box::new(anstream::stdout().lock()) }
    }

    /// On standard output, for what is printed at once: it is gathered, and there for sure after [`flush`](Write::flush).
    pub(super) fn gathered() -> Self {
        Self { out: Box::new(BufWriter::new(anstream::stdout().lock())) }
    }

    /// On standard error.
    pub(crate) fn stderr() -> Self {
        Self { out: Box::new(anstream::stderr().lock()) }
    }

    /// Writes a word that is good news, or bad.
    pub(crate) fn marked(&mut self, word: &str, is_good: bool) -> io::Result<()> {
        let color = if is_good { AnsiColor::Green } else { AnsiColor::Red };
        let style = Style::new().fg_color(Some(color.into()));
        self.own(&format!("{style}{}{style:#}", visible_lines(word)))
    }

    /// Writes what is made visible already, with colours of our own.
    pub(super) fn own(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Formatting writes whole texts.
        self.out.write_all(visible_lines(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
