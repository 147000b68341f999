//! Text of others, as it can be shown: nothing in it may move the cursor, ring the bell, turn the direction of what stands beside it, or begin
//! a line of its own where it should not.

use std::{borrow::Cow, sync::LazyLock};

/// True if what is printed is read as UTF-8. Elsewhere other letters are no letters, and half of one may be a
/// control. Where the locale names no
/// encoding, as in most containers, the terminal is of our time.
static IS_UTF8: LazyLock<bool> = LazyLock::new(|| {
    // The first of them that is set decides, as setlocale(3) has it.
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|set| !set.is_empty()));
    is_utf8(&set.unwrap_or_default())
});

/// True if a locale is one of UTF-8: `de_DE.UTF-8` and `C` are, `de_DE.ISO-8859-1@euro` is not.
fn is_utf8(locale: &str) -> bool {
    let encoding = locale
        .split('@')
        .next()
        .and_then(|locale| locale.split_once('.'))
        .map_or("", |(_, encoding)| encoding);
    encoding.is_empty() || encoding.replace('-', "").eq_ignore_ascii_case("utf8")
}

/// True if what is printed is read as UTF-8.
pub(crate) fn shows_utf8() -> bool {
    *IS_UTF8
}

/// Text on one line: what would act on a terminal is shown as an escape, such as `\u{1b}` or `\n`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// Text of several lines: its line breaks and tabs stay.
pub(crate) fn visible_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

/// Text of several lines, all but the first of which are indented: so none of them can be taken for a line of ours.
pub(crate) fn indented(text: &str, by: usize) -> String {
    let lines: Vec<_> = text.lines().map(visible_lines).collect();
    lines.join(&format!("\n{:by$}", ""))
}

/// JSON as it can be shown anywhere, where it is the same JSON: what would act on a terminal can stand in strings only.
pub(crate) fn visible_json(text: &str) -> Cow<'_, str> {
    let is_bad = |c: char| acts(c) && c != '\n';
    if !text.contains(is_bad) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_bad(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| shown.push_str(&format!("\\u{unit:04x}")));
        } else {
            shown.push(c);
        }
    }
    shown.into()
}

/// True if a terminal does something else with it than show it: what it cannot read, controls, those of the direction
/// of text, and separators of lines.
fn acts(c: char) -> bool {
    if c.is_ascii() {
        return c.is_control();
    }
    !*IS_UTF8
        || c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(c, '\u{2028}' | '\u{2029}')
}

/// True if it has nothing but what is shown by every terminal. Most text is so, and then nobody has to look at its letters.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn escaped(text: &str, may_stay: impl Fn(char) -> bool) -> Cow<'_, str> {
    if is_plain(text) {
        return text.into();
    }
    let is_bad = |c: char| acts(c) && !may_stay(c);
    if !text.contains(is_bad) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_bad(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_shown() {
        assert_eq!(visible("x \x1b]0;P\x07\x1b[2J"), "x \\u{1b}]0;P\\u{7}\\u{1b}[2J");
        assert_eq!(visible("\u{9b}2J\x7f\r\n\t"), "\\u{9b}2J\\u{7f}\\r\\n\\t");
        assert_eq!(visible("\u{202e}\u{2066}\u{2028}"), "\\u{202e}\\u{2066}\\u{2028}");
        assert!(matches!(visible("Grüße, 世界 👩‍👩‍👧 שלום"), Cow::Borrowed(_)));
    }

    #[test]
    fn lines_stay_and_cannot_be_taken_for_ours() {
        assert_eq!(visible_lines("a\tb\nc\x07"), "a\tb\nc\\u{7}");
        assert_eq!(indented("fix\r\nState      completed\x1b", 4), "fix\n    State      completed\\u{1b}");
    }

    #[test]
    fn a_locale_tells_how_its_terminal_reads() {
        for locale in ["", "C", "POSIX", "de_DE", "de_DE.UTF-8", "C.utf8", "en_US.UTF-8@x"] {
            assert!(is_utf8(locale), "{locale}");
        }
        for locale in ["de_DE.ISO-8859-1", "de_DE.ISO-8859-15@euro", "ru_RU.KOI8-R", "ja_JP.eucJP"] {
            assert!(!is_utf8(locale), "{locale}");
        }
    }

    #[test]
    fn json_stays_the_same_json() {
        let text = "{\n  \"a\": \"x\u{7f}\u{202e}\u{9b}\"\n}";
        let shown = visible_json(text);
        assert_eq!(shown, "{\n  \"a\": \"x\\u007f\\u202e\\u009b\"\n}");
        let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(same(&shown), same(text));
    }
}
