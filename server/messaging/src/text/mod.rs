//! Text with styles: what is said, whatever the platform.

mod markdown;
mod styled;

pub use markdown::markdown;
pub use styled::{Span, Style, Styled};

/// A text without control characters, and without those that change the direction of what follows: nothing is to look like another text than
/// it is.
pub fn clean(text: &str) -> String {
    let is_kept = |c: &char| match c {
        '\n' | '\t' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => false,
        c => !c.is_control(),
    };
    text.replace("\r\n", "\n").chars().filter(is_kept).collect()
}

/// Number of UTF-16 units of a text.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The first line of a text, cleaned, with this many characters at most.
pub fn line(text: &str, most: usize) -> String {
    let clean = clean(text);
    let line = clean.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
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
        assert_eq!(units("a𝕏ß"), 4);
        assert_eq!(line("\n\n first \nsecond", 20), "first");
        assert_eq!(shortened("abcdef", 4), "abc…");
        assert_eq!(shortened("abcd", 4), "abcd");
    }
}
