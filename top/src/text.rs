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
    /// Adds what is text of a piece. Line feeds, carriage returns and tabs stay; what else ends a line is a line feed.
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
            '\x0b' | '\x0c' | '\u{85}' | '\u{2028}' | '\u{2029}' => to.push('\n'),
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

/// True for what a terminal does something else with than to show it, and for what shows nothing: each would let a text look other than it
/// is. What joins letters or parts them stays: many scripts and emojis are written with it.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || is_direction(c)
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'
                ..='\u{180f}'
        )
        || matches!(c, '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}' | '\u{3164}')
        || matches!(c, '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}')
        || matches!(c, '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text with all that is in it to be seen: what is hidden is shown as an escape, such as `\r` or `\u{1b}`.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// Text on one line: each run of blanks is one, and no more than so many bytes are looked at. Nothing in it is hidden.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    visible(&collapsed(&text[..text.floor_char_boundary(most)]))
}

/// The same of what is put in place of keys, without what acts on a terminal.
pub(crate) fn pasted(text: &str, most: usize) -> String {
    let mut stripped = String::new();
    Stripper::default().strip(&text[..text.floor_char_boundary(most)], &mut stripped);
    collapsed(&stripped)
}

/// Text in which each run of blanks is one.
fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text of several lines. Nothing in it is hidden: a line ends with a line feed, also behind a carriage return.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| visible(&tabs(line))).collect()
}

/// A line in which a tab is some blanks.
pub(crate) fn tabs(line: &str) -> String {
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
            ("a\x07\x08\x7fb\u{202e}c\u{2066}d", "abcd"),
            ("a\x0bb\x0cc\u{85}d\u{2028}e", "a\nb\nc\nd\ne"),
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
    fn what_would_be_hidden_is_seen() {
        assert_eq!(lines("DO EVIL\rFix a typo\r\nb\r\n\tc\r"), [r"DO EVIL\rFix a typo", "b", r"    c\r"]);
        assert_eq!(
            lines("evil\x08\x08\x08\x08nice\x0b\x0c\u{85}"),
            [r"evil\u{8}\u{8}\u{8}\u{8}nice\u{b}\u{c}\u{85}"]
        );
        // What stands in a title, or is taken back, is text of the request.
        assert_eq!(lines("\x1b]0;evil\x07nice\x1b[2K"), [r"\u{1b}]0;evil\u{7}nice\u{1b}[2K"]);
        assert_eq!(lines("a\u{202e}b\u{200b}\u{e0041}c\u{2028}"), [r"a\u{202e}b\u{200b}\u{e0041}c\u{2028}"]);
        assert_eq!(lines("Grüße, 世界 👩‍👩‍👧 שלום ❤️"), ["Grüße, 世界 👩‍👩‍👧 שלום ❤️"]);
        assert_eq!(one_line("  fix\n\tit \x1b[2Jall\rof\x08 it ", 100), r"fix it \u{1b}[2Jall of\u{8} it");
        assert_eq!(pasted(" fix\n it \x1b[2Jall ", 100), "fix it all");
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
