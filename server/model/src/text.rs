//! Texts for people: which name was meant, and lines that are safe to print.

/// The fewest characters of which a longer name is made out.
const FEWEST: usize = 3;

/// The longest name that others are compared with, in characters: the work grows with the square of it.
const LONGEST: usize = 100;

/// With how many known names a name is compared.
const MOST_KNOWN: usize = 1000;

/// The known name that another one was most likely meant to be: one that goes on as it does, or has it within, else one that is
/// written nearly so.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let is_short = |name: &str| name.chars().nth(LONGEST).is_none();
    if !is_short(name) {
        return None;
    }
    let known: Vec<&str> = known.iter().copied().filter(|known| is_short(known)).take(MOST_KNOWN).collect();
    let name = name.to_lowercase();
    let shortest = |is_like: &dyn Fn(&str) -> bool| {
        known.iter().copied().filter(|known| is_like(&known.to_lowercase())).min_by_key(|known| known.len())
    };
    let distance = |known: &str| strsim::damerau_levenshtein(&name, &known.to_lowercase());
    let alike = || {
        let near = known.iter().copied().map(|known| (distance(known), known));
        near.filter(|(distance, known)| *distance <= known.len().max(name.len()) / 2)
            .min()
            .map(|(_, known)| known)
    };
    if name.chars().count() < FEWEST {
        return alike();
    }
    shortest(&|known| distance(known) <= 1)
        .or_else(|| shortest(&|known| known.starts_with(&name)))
        .or_else(|| shortest(&|known| known.contains(&name)))
        .or_else(alike)
}

/// The advice for a name that does not exist: the one that was most likely meant, else the command that shows all.
pub fn similar(near: Option<&str>, shows: &str) -> String {
    near.map_or_else(|| format!("`{shows}` shows them"), |near| format!("did you mean {near:?}?"))
}

/// A text in one line that is safe to print, of so many characters at the most: white space becomes a single space; control characters, and
/// those that change the direction of what follows or show nothing, become escapes.
pub fn one_line(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut left = most;
    let mut words = text.split_whitespace();
    // No more is looked at than can be shown.
    let shown = words.by_ref().take(most).flat_map(|word| [" ", word]).skip(1);
    for character in shown.flat_map(str::chars) {
        if left == 0 {
            line.push('…');
            return line;
        }
        left -= 1;
        match is_hidden(character) {
            true => line.extend(character.escape_unicode()),
            false => line.push(character),
        }
    }
    line
}

/// True if a terminal would do something other than to show it.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_goes_on_is_nearer_than_one_that_is_as_long() {
        let log = ["max_size_mb", "max_files", "level", "format"];
        assert_eq!(nearest("max_size", &log), Some("max_size_mb"));
        assert_eq!(nearest("size", &log), Some("max_size_mb"));
        assert_eq!(nearest("max_flies", &log), Some("max_files"));
        assert_eq!(nearest("Level", &log), Some("level"));
        assert_eq!(nearest("colour", &log), None);
        assert_eq!(nearest("chnge", &["created", "modified", "deleted", "change"]), Some("change"));
        assert_eq!(nearest("event", &["events", "event_days"]), Some("events"));
        assert_eq!(nearest("", &log), None);
    }

    #[test]
    fn a_name_that_is_far_too_long_is_compared_with_none() {
        let long = "a".repeat(15 << 20);
        assert_eq!(nearest(&long, &[&long[..150], "a"]), None);
        assert_eq!(nearest("a", &[&long]), None);
        assert_eq!(nearest(&long[..100], &[&long[..99]]), Some(&long[..99]));
    }

    #[test]
    fn a_line_shows_all_that_is_in_it() {
        assert_eq!(one_line("Fix\n  the\ttests ", 20), "Fix the tests");
        assert_eq!(one_line("rm \u{1b}[2Jx\u{202e}y", 20), "rm \\u{1b}[2Jx\\u{202e}y");
        assert_eq!(one_line("äöüß", 3), "äöü…");
        assert_eq!(one_line(&"x ".repeat(1000), 4), "x x …");
        assert_eq!(one_line("", 4), "");
    }
}
