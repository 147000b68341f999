//! Patterns on paths, and the lines of ignore files. The first line is the pattern, the second a path.

use aiwg_patterns::{Pattern, PatternSet, alternatives, check_ignore_line, literal_braces};

/// Tries one input.
pub fn patterns(text: &str) {
    let (pattern, path) = text.split_once('\n').unwrap_or((text, "src/a.ts"));
    let _ = check_ignore_line(pattern);
    let literal = literal_braces(pattern).map(|literal| literal.into_owned());
    if let Ok(literal) = literal {
        // Nothing is left that stands for alternatives.
        assert_eq!(alternatives(&literal, 64), [literal.as_str()]);
    }
    let Ok(checked) = Pattern::path(pattern) else { return };
    let Ok(set) = PatternSet::new([checked]) else { return };
    let whole = set.is_match(path);
    // What the braces stand for matches what they match.
    let parts = alternatives(pattern, 64);
    // One that ends in a slash names a directory: the check of the configuration refuses it, and globset is not of one mind about it.
    if parts.len() > 1 && !parts.iter().any(|part| part.ends_with('/')) {
        let parts: Result<Vec<_>, _> = parts.iter().map(|part| Pattern::path(part)).collect();
        if let Ok(Ok(parts)) = parts.map(PatternSet::new) {
            assert_eq!(whole, parts.is_match(path));
        }
    }
}
