//! Finding out which name was meant.

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
}
