//! The marks for parameters.

/// A statement with PostgreSQL's marks for parameters, `$1`, in place of SQLite's: `?`, which stands for the one after the highest so far, and `?1`. What is for
/// SQLite's planner alone is left out: the index that it is to use, and that it is to join tables in the order in which they are named.
pub fn numbered(sql: &str) -> String {
    let (mut out, mut highest, mut rest) = (String::with_capacity(sql.len() + 16), 0, sql);
    while let Some(at) = rest.find(['?', '\'', 'I', 'C']) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        rest = if let Some(text) = found.strip_prefix('\'') {
            // A text; two quotes in it are one, and it goes on behind them as if it were another.
            let end = text.find('\'').map_or(found.len(), |end| end + 2);
            let (text, rest) = found.split_at(end);
            out.push_str(text);
            rest
        } else if let Some(after) = found.strip_prefix('?') {
            let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, rest) = after.split_at(digits);
            let number: u32 = number.parse().unwrap_or(highest + 1);
            highest = highest.max(number);
            out.push_str(&format!("${number}"));
            rest
        } else if let Some(hint) = found.strip_prefix("INDEXED BY ") {
            hint.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_')
        } else if let Some(join) = found.strip_prefix("CROSS ") {
            join
        } else {
            let (letter, rest) = found.split_at(1);
            out.push_str(letter);
            rest
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_numbered_and_hints_are_left_out() {
        for (sql, expected) in [
            ("SELECT 1", "SELECT 1"),
            ("a = ? AND b = ?", "a = $1 AND b = $2"),
            ("a = ?2 AND b = ?1 AND c = ?", "a = $2 AND b = $1 AND c = $3"),
            ("p = ? AND c = ? AND d <= ?3 AND e <= ?3", "p = $1 AND c = $2 AND d <= $3 AND e <= $3"),
            ("k = '?1' AND n = 'it''s ?' AND a = ?12", "k = '?1' AND n = 'it''s ?' AND a = $12"),
            ("FROM task INDEXED BY task_queue WHERE a IN (?)", "FROM task  WHERE a IN ($1)"),
            ("FROM down CROSS JOIN task INDEXED BY of_1\n ON é = ?", "FROM down JOIN task \n ON é = $1"),
            ("'", "'"),
        ] {
            assert_eq!(numbered(sql), expected);
        }
    }
}
