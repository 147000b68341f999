//! Text with styles: what is said, whatever the platform.

mod markdown;
mod styled;

pub use markdown::markdown;
pub use styled::{Span, Style, Styled};

/// A text without control characters, without those that change the direction of what follows and without invisible ones: nothing is to look
/// like another text than it is. The joiners U+200C and U+200D stay: scripts and emoji need them.
pub fn clean(text: &str) -> String {
    let is_kept = |c: &char| match c {
        '\n' | '\t' => true,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => false,
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}' => false,
        c => !c.is_control(),
    };
    text.replace("\r\n", "\n").chars().filter(is_kept).collect()
}

/// True if a text shows nothing: it has blanks only, and characters that join others or stand for nothing.
pub fn is_blank(text: &str) -> bool {
    let shows_nothing = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}'
            )
            || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200c}' | '\u{200d}' | '\u{3164}' | '\u{ffa0}')
            || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
    };
    clean(text).chars().all(shows_nothing)
}

/// Number of UTF-16 units of a text.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The first line of a text, cleaned, with this many characters at most.
pub fn line(text: &str, most: usize) -> String {
    let clean = clean(text);
    let line = clean.lines().find(|line| !is_blank(line)).unwrap_or_default().trim();
    shortened(line, most)
}

/// A text with this many characters at most.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", head.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_turns_what_follows() {
        assert_eq!(clean("a\u{202e}b\u{2067}c\u{0}\u{1b}[1m\r\nd\te"), "abc[1m\nd\te");
        assert_eq!(clean("👩‍💻 שלום"), "👩‍💻 שלום");
        assert_eq!(clean("a\u{200e}\u{200f}\u{61c}\u{2060}\u{200b}\u{e0041}\u{e007f}b"), "ab");
        assert!(is_blank(" \u{200b}\u{200d}\u{fe0f}\n\u{3164}") && is_blank("") && !is_blank(" \u{200d}x"));
        assert_eq!(units("a𝕏ß"), 4);
        assert_eq!(line("\n\n first \nsecond", 20), "first");
        assert_eq!(shortened("abcdef", 4), "abc…");
        assert_eq!(shortened("abcd", 4), "abcd");
    }
}
