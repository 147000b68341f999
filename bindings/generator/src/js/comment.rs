//! JSDoc.

use crate::{layout::WIDTH, text::wrap};

/// A doc comment at column `indent`, without the indent of its first line: one line where it fits. Empty text gives none.
pub(super) fn block(text: &str, indent: usize) -> String {
    let text = text.replace("*/", "*\\/");
    let margin = " ".repeat(indent);
    let lines = wrap(&text, WIDTH - indent - " * ".len());
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
