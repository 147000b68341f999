use globset::{Glob, GlobBuilder};

use crate::{
    alternatives::expand,
    check::check,
    error::{Limit, PatternError},
    ignore_line::class,
    limits::{LONGEST_PATTERN, MOST_ALTERNATIVES},
};

/// A glob that has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    /// The pattern matches a text if one of these does.
    globs: Vec<Glob>,
}

impl Pattern {
    /// A pattern on topics, or on other names: `:` and `/` are characters like all others, so `*` goes over them.
    ///
    /// # Errors
    /// It is no glob, or more than one may be.
    pub fn topic(pattern: &str) -> Result<Self, PatternError> {
        check(pattern, LONGEST_PATTERN)?;
        // To globset `**/` is more than a star, and each star costs; to topics they are all the same.
        let single = with_single_stars(pattern);
        let glob = build(pattern, GlobBuilder::new(&single).empty_alternates(true))?;
        Ok(Self { text: pattern.to_owned(), globs: vec![glob] })
    }

    /// A pattern on paths, as in a shell: `*`, `?` and what is not in brackets stay within a directory, `**` does not. A leading `./` is nothing.
    ///
    /// # Errors
    /// It is no glob, or more than one may be.
    pub fn path(pattern: &str) -> Result<Self, PatternError> {
        check(pattern, LONGEST_PATTERN)?;
        let relative = pattern.strip_prefix("./").unwrap_or(pattern);
        // Beside a brace globset takes `**` for `*`.
        let parts = match relative.contains("**") && relative.contains('{') {
            true => expand(relative, MOST_ALTERNATIVES)
                .ok_or_else(|| PatternError::over(pattern, Limit::Alternatives))?,
            false => vec![relative.to_owned()],
        };
        let path = |part: &String| {
            let part = without_separators(part);
            build(pattern, GlobBuilder::new(&part).empty_alternates(true).literal_separator(true))
        };
        let globs = parts.iter().map(path).collect::<Result<_, _>>()?;
        Ok(Self { text: relative.to_owned(), globs })
    }

    /// As it was written, but for a leading `./`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The globs; the pattern matches a text if one of them does.
    pub(crate) fn globs(&self) -> &[Glob] {
        &self.globs
    }
}

fn build(pattern: &str, builder: &GlobBuilder<'_>) -> Result<Glob, PatternError> {
    builder.build().map_err(|error| PatternError::syntax(pattern, &error))
}

/// The parts of a pattern that mean something together: an escaped character, a class, stars in a row, or one character.
fn parts(pattern: &str) -> impl Iterator<Item = &str> {
    let mut rest = pattern;
    std::iter::from_fn(move || {
        let character = rest.chars().next()?;
        let length = match character {
            '\\' => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            '[' => class(rest).unwrap_or(1),
            '*' => rest.len() - rest.trim_start_matches('*').len(),
            other => other.len_utf8(),
        };
        let (part, after) = rest.split_at(length);
        rest = after;
        Some(part)
    })
}

/// The same pattern with one star in the place of several in a row.
fn with_single_stars(pattern: &str) -> String {
    parts(pattern).map(|part| if part.starts_with('*') { "*" } else { part }).collect()
}

/// The same pattern, of which `[!a]` does not match a `/`: globset keeps `*` and `?` from that, and not brackets.
fn without_separators(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    for part in parts(pattern) {
        match part
            .strip_prefix("[!")
            .or_else(|| part.strip_prefix("[^"))
            .and_then(|inner| inner.strip_suffix(']'))
        {
            // A `]` in the first place is no end, and a `-` in the last one is no range.
            Some(inner) if inner.starts_with(']') => {
                let (inner, dash) = inner.strip_suffix('-').map_or((inner, ""), |inner| (inner, "-"));
                out.extend(["[!", inner, "/", dash, "]"]);
            }
            Some(inner) => out.extend(["[!/", inner, "]"]),
            None => out.push_str(part),
        }
    }
    out
}

/// True if a text contains a wildcard. A text without one matches itself only.
pub fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', ']', '{', '}', '!', '\\'])
}
