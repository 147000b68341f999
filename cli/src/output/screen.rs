//! The output of agents on its way to a terminal: colours may pass, as with `less -R`; all else that would act on the
//! terminal is shown.

use std::io::{self, IsTerminal, Write};

use crate::visible::visible_lines;

/// Beginning of a sequence that sets colours and the like (ECMA-48, "SGR").
const COLOR: &[u8] = b"\x1b[";

/// The longest such sequence that is waited for, in bytes.
const LONGEST_COLOR: usize = 64;

/// Sequence that switches all colours off.
const PLAIN: &[u8] = b"\x1b[0m";

/// Standard output for the bytes of agents: they go as they are, unless it is a terminal.
pub(crate) fn agent_stdout() -> Box<dyn Write> {
    agent_text(io::stdout())
}

/// Standard error for the bytes of agents.
pub(crate) fn agent_stderr() -> Box<dyn Write> {
    agent_text(io::stderr())
}

fn agent_text(to: impl Write + IsTerminal + 'static) -> Box<dyn Write> {
    if to.is_terminal() { Box::new(Screen::on(to)) } else { Box::new(to) }
}

/// Writes bytes of others to a terminal.
struct Screen<W: Write> {
    out: W,
    /// The beginning of a character, of a colour, or of a line break.
    rest: Vec<u8>,
    is_colored: bool,
}

impl<W: Write> Screen<W> {
    fn on(out: W) -> Self {
        Self { out, rest: Vec::new(), is_colored: false }
    }

    fn show(&mut self, bytes: &[u8], is_end: bool) -> io::Result<()> {
        let mut left = bytes;
        while let Some((shown, taken)) = self.next(left, is_end) {
            self.out.write_all(shown.as_bytes())?;
            left = &left[taken..];
        }
        self.rest = left.to_vec();
        Ok(())
    }

    /// The next piece as it is shown, and how many bytes it stands for. None where more has to come first.
    fn next(&mut self, bytes: &[u8], is_end: bool) -> Option<(String, usize)> {
        match bytes {
            [] => None,
            [b'\r'] if !is_end => None,
            [b'\r', b'\n', ..] => Some(("\n".to_owned(), 2)),
            [0x1b, ..] => match color(bytes) {
                Some(Ok(color)) => {
                    self.is_colored = true;
                    Some((String::from_utf8_lossy(color).into_owned(), color.len()))
                }
                None if !is_end => None,
                _ => Some((visible_lines("\x1b").into_owned(), 1)),
            },
            _ => text(bytes, is_end),
        }
    }
}

/// The colour that bytes begin with. None where that is not known yet.
fn color(bytes: &[u8]) -> Option<Result<&[u8], ()>> {
    if bytes.len() < COLOR.len() {
        return if COLOR.starts_with(bytes) { None } else { Some(Err(())) };
    }
    let Some(digits) = bytes.strip_prefix(COLOR) else { return Some(Err(())) };
    match digits.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':')) {
        Some(end) if digits[end] == b'm' => Some(Ok(&bytes[..COLOR.len() + end + 1])),
        None if bytes.len() < LONGEST_COLOR => None,
        _ => Some(Err(())),
    }
}

/// Text up to what has to be looked at. None where only the beginning of a character is there.
fn text(bytes: &[u8], is_end: bool) -> Option<(String, usize)> {
    let special = bytes.iter().skip(1).position(|byte| matches!(byte, b'\r' | 0x1b));
    let part = &bytes[..special.map_or(bytes.len(), |at| at + 1)];
    match std::str::from_utf8(part) {
        Ok(text) => Some((visible_lines(text).into_owned(), part.len())),
        Err(error) if error.valid_up_to() > 0 => {
            let valid = &part[..error.valid_up_to()];
            Some((visible_lines(&String::from_utf8_lossy(valid)).into_owned(), valid.len()))
        }
        Err(error) if error.error_len().is_none() && part.len() == bytes.len() && !is_end => None,
        Err(error) => Some(("\u{fffd}".to_owned(), error.error_len().unwrap_or(part.len()))),
    }
}

impl<W: Write> Write for Screen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        self.show(&all, false)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        // The terminal may be gone: then nobody sees it.
        let rest = std::mem::take(&mut self.rest);
        let _ = self.show(&rest, true);
        if self.is_colored {
            let _ = self.out.write_all(PLAIN);
        }
        let _ = self.out.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows bytes that come in pieces of this size.
    fn shown(bytes: &[u8], piece: usize) -> String {
        let mut out = Vec::new();
        let mut screen = Screen::on(&mut out);
        bytes.chunks(piece).for_each(|piece| screen.write_all(piece).unwrap());
        drop(screen);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn colours_pass_and_nothing_else_acts_however_it_is_cut() {
        let bytes = "\x1b[1;31mré\x1b[0m\r\n\x1b]0;P\x07\x1b[2J\u{9b}2J 100%\r\tdone\u{202e}".as_bytes();
        let expected =
            "\x1b[1;31mré\x1b[0m\n\\u{1b}]0;P\\u{7}\\u{1b}[2J\\u{9b}2J 100%\\r\tdone\\u{202e}\x1b[0m";
        for piece in 1..bytes.len() + 1 {
            assert_eq!(shown(bytes, piece), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_no_text_or_has_no_end_is_shown_as_well() {
        for piece in 1..4 {
            assert_eq!(shown(b"a\xffb\xc3", piece), "a\u{fffd}b\u{fffd}");
            assert_eq!(shown(b"a\x1b[3", piece), "a\\u{1b}[3");
            assert_eq!(shown(b"a\r", piece), "a\\r");
        }
        let long = [b"\x1b[".as_slice(), &b"1;".repeat(100), b"m"].concat();
        assert!(!shown(&long, 7).contains('\x1b'));
    }
}
