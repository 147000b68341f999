//! Names and wrapped text.

/// `file_watcher` or `fileWatcher` as `FileWatcher`.
pub(crate) fn pascal_case(name: &str) -> String {
    words(name).iter().map(|word| capitalized(word)).collect()
}

/// `fileWatcher` as `file_watcher`.
pub(crate) fn snake_case(name: &str) -> String {
    words(name).join("_")
}

/// `file_watcher` as `fileWatcher`.
pub(crate) fn camel_case(name: &str) -> String {
    let words = words(name);
    let (first, rest) = words.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    rest.iter().fold(first.to_owned(), |name, word| name + &capitalized(word))
}

fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && after_lower) {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        after_lower = letter.is_lowercase() || letter.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `from 1 to 10` as `From 1 to 10.`
pub(crate) fn sentence(words: &str) -> String {
    capitalized(words) + "."
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Text without what no comment can hold: a character that controls is a blank, but for the end of a line.
pub(crate) fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' => c,
        c if c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
        {
            ' '
        }
        c => c,
    };
    text.replace("\r\n", "\n").trim().chars().map(shown).collect()
}

/// Paragraphs as lines of at most `width` columns, an empty one between paragraphs. The lines of a list stay apart, and go on
/// two columns further in.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let indent = if line.starts_with("- ") { "  " } else { "" };
        wrap_line(line, indent, width, &mut lines);
    }
    lines
}

fn wrap_line(text: &str, indent: &str, width: usize, lines: &mut Vec<String>) {
    let mut line = String::new();
    for word in unbroken(text) {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, indent.to_owned() + &word));
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
}

/// The words of a line; a short piece of code is one word, blanks and all.
fn unbroken(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut in_code = false;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match words.last_mut() {
            Some(last) if in_code => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
        in_code ^= word.matches('`').count() % 2 == 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_their_case() {
        assert_eq!(pascal_case("file_change"), "FileChange");
        assert_eq!(snake_case("timeoutMinutes"), "timeout_minutes");
        assert_eq!(snake_case("uptime_seconds"), "uptime_seconds");
        assert_eq!(camel_case("file_change"), "fileChange");
    }

    #[test]
    fn text_is_wrapped_by_paragraph_and_list_item() {
        let text = "One two three.\n\nA `b c d` e:\n- first item\n- second";
        assert_eq!(
            wrap(text, 9),
            ["One two", "three.", "", "A `b c d`", "e:", "- first", "  item", "- second"]
        );
    }
}
