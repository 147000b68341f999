//! Text of others, without what would act on a terminal, and as long as there is room for.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The longest sequence for a terminal, in characters: what goes on for longer is text again.
const LONGEST_SEQUENCE: usize = 4096;

/// Number of columns to the next place that a tab leads to.
const TAB: &str = "    ";

/// Takes the sequences that control a terminal out of text that comes in pieces, wherever they are cut.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stripper {
    place: Place,
    /// Number of characters of the sequence so far.
    length: usize,
}

/// The place in which the last character stood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Text,
    /// Behind ESC.
    Escape,
    /// In a sequence that a letter ends: colours, movements (ECMA-48, "CSI").
    Sequence,
    /// In one that has text of its own, such as a title ("OSC", "DCS" and the like).
    Words,
    /// Behind an ESC in that, which ends it.
    WordsEscape,
}

impl Stripper {
    /// Adds what is text of a piece. Line feeds, carriage returns and tabs stay.
    pub(crate) fn strip(&mut self, piece: &str, to: &mut String) {
        for c in piece.chars() {
            self.length = if self.place == Place::Text { 0 } else { self.length + 1 };
            self.place = self.next(c, to);
        }
    }

    fn next(&self, c: char, to: &mut String) -> Place {
        let is_over = self.length > LONGEST_SEQUENCE || c == '\n';
        match self.place {
            Place::Text => Self::text(c, to),
            _ if is_over => Self::text(c, to),
            Place::Escape => match c {
                '[' => Place::Sequence,
                ']' | 'P' | 'X' | '^' | '_' => Place::Words,
                // Of those with another character in between, the last one follows.
                ' '..='/' => Place::Escape,
                '\x1b' => Place::Escape,
                _ => Place::Text,
            },
            Place::Sequence => match c {
                '@'..='~' => Place::Text,
                '\x1b' => Place::Escape,
                _ => Place::Sequence,
            },
            Place::Words | Place::WordsEscape if c == '\x07' || c == '\u{9c}' => Place::Text,
            Place::WordsEscape if c == '\\' => Place::Text,
            Place::Words | Place::WordsEscape if c == '\x1b' => Place::WordsEscape,
            Place::Words => Place::Words,
            // It was broken off by another sequence.
            Place::WordsEscape => Self { place: Place::Escape, length: 0 }.next(c, to),
        }
    }

    fn text(c: char, to: &mut String) -> Place {
        match c {
            '\x1b' => return Place::Escape,
            '\u{9b}' => return Place::Sequence,
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => return Place::Words,
            '\n' | '\r' | '\t' => to.push(c),
            '\u{2028}' | '\u{2029}' => to.push(' '),
            c if c.is_control() || is_direction(c) => {}
            c => to.push(c),
        }
        Place::Text
    }
}

/// True for what turns the direction of the text beside it.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// Text on one line: each run of blanks is one, and no more than so many bytes are looked at.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let mut stripped = String::new();
    Stripper::default().strip(&text[..text.floor_char_boundary(most)], &mut stripped);
    let mut line = String::with_capacity(stripped.len());
    for word in stripped.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// Text of several lines.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let mut stripped = String::new();
    Stripper::default().strip(text, &mut stripped);
    stripped.lines().map(shown).collect()
}

/// A line as it is seen: what a carriage return has written over is gone, and a tab is some blanks.
pub(crate) fn shown(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    let line = line.rsplit_once('\r').map_or(line, |(_, last)| last);
    line.replace('\t', TAB)
}

/// Width of a text, in columns.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The beginning of a text that takes up to so many columns.
pub(crate) fn shorten(text: &str, columns: usize) -> String {
    if text.len() <= columns || text.width() <= columns {
        return text.to_owned();
    }
    let (end, _) = fitting(text, columns.saturating_sub(1), 0);
    let mark = if columns == 0 { "" } else { "…" };
    format!("{}{mark}", text[..end].trim_end())
}

/// A text of exactly so many columns: cut, or with blanks behind it.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    let mut text = shorten(text, columns);
    let missing = columns.saturating_sub(text.width());
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// The same with blanks before it.
pub(crate) fn padded_left(text: &str, columns: usize) -> String {
    let text = shorten(text, columns);
    format!("{:1$}{text}", "", columns.saturating_sub(text.width()))
}

/// The rows that a line takes where there are so many columns: one at least.
pub(crate) fn wrap(line: &str, columns: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut left = line;
    loop {
        let (end, is_all) = fitting(left, columns.max(1), 1);
        rows.push(left[..end].to_owned());
        if is_all {
            return rows;
        }
        left = &left[end..];
    }
}

/// The same, broken between words where that is possible.
pub(crate) fn wrap_words(line: &str, columns: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut left = line;
    loop {
        let (end, is_all) = fitting(left, columns.max(1), 1);
        if is_all {
            rows.push(left.to_owned());
            return rows;
        }
        // A blank has room even behind the last column.
        let blank = if left[end..].starts_with(' ') { Some(end) } else { left[..end].rfind(' ') };
        let at = match blank {
            Some(at) if at > 0 => at,
            _ => end,
        };
        rows.push(left[..at].to_owned());
        left = left[at..].trim_start_matches(' ');
    }
}

/// The end of what fits into so many columns, but of so many characters at the least, in bytes; and true if that is all.
fn fitting(text: &str, columns: usize, least: usize) -> (usize, bool) {
    let mut taken = 0;
    for (number, (at, grapheme)) in text.grapheme_indices(true).enumerate() {
        taken += grapheme.width();
        if taken > columns && number >= least {
            return (at, false);
        }
    }
    (text.len(), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(text: &str, piece: usize) -> String {
        let mut stripper = Stripper::default();
        let mut out = String::new();
        let chars: Vec<char> = text.chars().collect();
        for piece in chars.chunks(piece) {
            stripper.strip(&piece.iter().collect::<String>(), &mut out);
        }
        out
    }

    #[test]
    fn nothing_that_acts_on_a_terminal_is_left_however_it_is_cut() {
        for (text, left) in [
            ("\x1b[1;31mred\x1b[0m", "red"),
            ("a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "ablink"),
            ("\u{9b}2Jx\u{9d}title\u{9c}y\x1bPq#1\x1b\\z", "xyz"),
            ("\x1bcx\x1b(By\x1b#8z\x1b7", "xyz"),
            ("a\x07\x08\x7f\u{85}b\u{202e}c\u{2066}d", "abcd"),
            // One without an end takes no more than its line.
            ("\x1b]0;never\nends", "\nends"),
            ("\x1b[12\nx", "\nx"),
            ("\x1b]0;x\x1b[31mred", "red"),
            ("\x1b", ""),
            ("Grüße, 世界 👩‍👩‍👧\r\n\t", "Grüße, 世界 👩‍👩‍👧\r\n\t"),
        ] {
            for piece in 1..text.chars().count() + 1 {
                assert_eq!(stripped(text, piece), left, "{text:?} in pieces of {piece}");
            }
        }
        let endless = format!("\x1b]0;{}", "x".repeat(10_000));
        assert!(stripped(&endless, 7).len() > 5000);
    }

    #[test]
    fn what_is_seen_of_a_line() {
        assert_eq!(shown("10 %\r20 %\r30 %\r"), "30 %");
        assert_eq!(shown("a\tb"), "a    b");
        assert_eq!(one_line("  fix\n\tit \x1b[2Jall ", 100), "fix it all");
        assert_eq!(lines("a\x1b[31m\r\nb\r"), ["a", "b"]);
    }

    #[test]
    fn a_text_takes_its_columns_and_no_more() {
        assert_eq!(shorten("fix it", 6), "fix it");
        assert_eq!(shorten("fix it all", 7), "fix it…");
        assert_eq!(shorten("世界世界", 6), "世界…");
        assert_eq!(shorten("世", 1), "…");
        assert_eq!(shorten("abc", 0), "");
        assert_eq!(padded("世界", 5), "世界 ");
        assert_eq!(padded_left("7", 3), "  7");
        assert_eq!(wrap("世界世", 4), ["世界", "世"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("世", 1), ["世"]);
        assert_eq!(wrap_words("fix all of it", 7), ["fix all", "of it"]);
        assert_eq!(wrap_words("abcdefgh i", 4), ["abcd", "efgh", "i"]);
        for columns in 0..20 {
            for text in ["", "fix it all", "世界世界", "👩‍👩‍👧👩‍👩‍👧 x", "e\u{301}e\u{301}"]
            {
                assert!(width(&padded(text, columns)) == columns, "{text} in {columns}");
            }
        }
    }
}
