//! A writer to a terminal that may know no more than 16 colours: their own sequences stand in place of those for 256 colours, which the
//! backend writes, and which such a terminal takes for something else.

use std::io::{self, Write};

/// Holds back what is written until it is flushed, so that a picture is written as a whole.
pub(crate) struct Sixteen<W> {
    to: W,
    held: Vec<u8>,
}

impl<W> Sixteen<W> {
    pub(crate) fn to(to: W) -> Self {
        Self { to, held: Vec::new() }
    }
}

impl<W: Write> Write for Sixteen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.held.is_empty() {
            let shown = in_sixteen(&self.held);
            self.held.clear();
            self.to.write_all(&shown)?;
        }
        self.to.flush()
    }
}

/// The same with 16 colours.
fn in_sixteen(bytes: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(bytes.len());
    let mut left = bytes;
    while let Some(at) = left.windows(2).position(|two| two == b"\x1b[") {
        let (before, sequence) = left.split_at(at + 2);
        shown.extend_from_slice(before);
        let end =
            sequence.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';')).unwrap_or(sequence.len());
        let (parameters, rest) = sequence.split_at(end);
        match std::str::from_utf8(parameters) {
            Ok(parameters) if rest.first() == Some(&b'm') => {
                shown.extend_from_slice(look(parameters).as_bytes());
            }
            _ => shown.extend_from_slice(parameters),
        }
        left = rest;
    }
    shown.extend_from_slice(left);
    shown
}

/// The parameters of a look.
fn look(parameters: &str) -> String {
    let mut left: Vec<&str> = parameters.split(';').collect();
    let mut look = Vec::new();
    while !left.is_empty() {
        let own = match left[..] {
            [ground @ ("38" | "48"), "5", color, ..] => {
                color.parse().ok().and_then(|color| own(ground, color))
            }
            _ => None,
        };
        let taken = if own.is_some() { 3 } else { 1 };
        let first = left.drain(..taken).next().unwrap_or_default().to_owned();
        look.push(own.unwrap_or(first));
    }
    look.join(";")
}

/// The parameter of one of the 16 colours, for the text (38) or what is behind it (48).
fn own(ground: &str, color: u8) -> Option<String> {
    let base = match (ground, color < 8) {
        ("38", true) => 30,
        ("38", false) => 90 - 8,
        (_, true) => 40,
        (_, false) => 100 - 8,
    };
    (color < 16).then(|| (base + color).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_that_every_terminal_has() {
        for (written, shown) in [
            ("\x1b[38;5;1mred\x1b[0m", "\x1b[31mred\x1b[0m"),
            ("\x1b[38;5;9;48;5;0mx", "\x1b[91;40mx"),
            ("\x1b[48;5;15;1m\x1b[39;49m", "\x1b[107;1m\x1b[39;49m"),
            ("\x1b[38;5;200m\x1b[38;2;1;2;3m", "\x1b[38;5;200m\x1b[38;2;1;2;3m"),
            ("\x1b[38;5;1H\x1b[?25l\x1b[m\x1b[", "\x1b[38;5;1H\x1b[?25l\x1b[m\x1b["),
            ("世界", "世界"),
        ] {
            let mut out = Vec::new();
            let mut writer = Sixteen::to(&mut out);
            // However it comes.
            written.as_bytes().chunks(2).for_each(|piece| writer.write_all(piece).unwrap());
            writer.flush().unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), shown);
        }
    }
}
