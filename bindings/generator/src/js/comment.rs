//! JSDoc.

use crate::{layout::WIDTH, text::wrap};

/// A doc comment at column `indent`, without the indent of its first line: one line where it fits. Empty text gives none.
pub(super) fn block(text: &str, indent: usize) -> String {
    laid_out(wrap(&escaped(text), WIDTH - indent - " * ".len()), indent)
}

/// The same, with a line of code as an example. It stays one line.
pub(super) fn with_example(text: &str, code: &str, indent: usize) -> String {
    let mut lines = wrap(&escaped(text), WIDTH - indent - " * ".len());
    if !code.is_empty() {
        lines.extend([String::new(), "@example".to_owned(), escaped(code)]);
    }
    laid_out(lines, indent)
}

fn escaped(text: &str) -> String {
    text.replace("*/", "*\\/")
}

fn laid_out(lines: Vec<String>, indent: usize) -> String {
    let margin = " ".repeat(indent);
    match lines.as_slice() {
        [] => String::new(),
        [line] if indent + line.chars().count() + "/**  */".len() <= WIDTH => format!("/** {line} */"),
        lines => {
            let lines: Vec<String> =
                lines.iter().map(|line| format!("{margin} * {line}").trim_end().to_owned()).collect();
            format!("/**\n{}\n{margin} */", lines.join("\n"))
        }
    }
}
