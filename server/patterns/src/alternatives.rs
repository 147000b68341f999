//! A pattern without its braces: each pattern that they stand for.

use crate::ignore_line::class;

/// The patterns that the braces of a pattern stand for, `most` of them at the most: where there are more, or a brace has no
/// partner, the pattern as it is.
pub fn alternatives(pattern: &str, most: usize) -> Vec<String> {
    expand(pattern, most).unwrap_or_else(|| vec![pattern.to_owned()])
}

/// The patterns that the braces of a pattern stand for; none where they are more than `most`.
pub(crate) fn expand(pattern: &str, most: usize) -> Option<Vec<String>> {
    let mut open = vec![pattern.to_owned()];
    let mut done = Vec::new();
    while let Some(next) = open.pop() {
        match braces(&next) {
            Some(Braces { start, end, commas }) => {
                let ends = commas.iter().copied().chain([end]);
                let mut from = start + 1;
                let mut parts = Vec::new();
                for to in ends {
                    let piece = [next.get(..start), next.get(from..to), next.get(end + 1..)];
                    parts.push(piece.into_iter().flatten().collect::<String>());
                    from = to + 1;
                }
                open.extend(parts.into_iter().rev());
            }
            None => done.push(next),
        }
        if open.len() + done.len() > most {
            return None;
        }
    }
    Some(done)
}

/// The first pair of braces, and the commas between them that stand in no other.
struct Braces {
    start: usize,
    end: usize,
    commas: Vec<usize>,
}

fn braces(pattern: &str) -> Option<Braces> {
    let (mut depth, mut start, mut commas) = (0_usize, 0, Vec::new());
    let mut at = 0;
    while let Some(rest) = pattern.get(at..).filter(|rest| !rest.is_empty()) {
        let character = rest.chars().next()?;
        match character {
            '{' if depth == 0 => (depth, start) = (1, at),
            '{' => depth += 1,
            '}' if depth == 1 => return Some(Braces { start, end: at, commas }),
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 1 => commas.push(at),
            _ => {}
        }
        at += match character {
            '\\' => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            '[' => class(rest).unwrap_or(1),
            other => other.len_utf8(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::alternatives;

    #[test]
    fn braces_are_taken_apart() {
        for (pattern, expected) in [
            ("a", vec!["a"]),
            ("a{b,c}d", vec!["abd", "acd"]),
            ("{a,b{c,}}", vec!["a", "bc", "b"]),
            ("{a,b}{c,d}", vec!["ac", "ad", "bc", "bd"]),
            ("[{]{a,b}", vec!["[{]a", "[{]b"]),
            ("\\{a,b}", vec!["\\{a,b}"]),
            ("{a", vec!["{a"]),
            ("ä{ö,ü}", vec!["äö", "äü"]),
        ] {
            assert_eq!(alternatives(pattern, 8), expected, "{pattern}");
        }
        let many = "{a,b}".repeat(100);
        assert_eq!(alternatives(&many, 64), [many.as_str()]);
    }
}
