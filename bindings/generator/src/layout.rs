//! Laying out code: on one line where it fits, else one item a line.

/// The widest line of generated code.
pub(crate) const WIDTH: usize = 100;

/// The form of a list that a language breaks over lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// Indentation of the items, in addition to that of the list, in columns.
    pub(crate) step: usize,
    /// The text after the last item.
    pub(crate) last: &'static str,
}

impl Style {
    /// `open`, the items, `close`, as in `submit(` `params`, `options` `): Promise<void>`, starting at column `indent`.
    pub(crate) fn list(self, indent: usize, open: &str, items: &[String], close: &str) -> String {
        let flat = format!("{open}{}{close}", items.join(", "));
        if items.is_empty() || indent + flat.chars().count() <= WIDTH {
            return flat;
        }
        self.broken(indent, open, items, close)
    }

    /// The same, always one item a line.
    pub(crate) fn broken(self, indent: usize, open: &str, items: &[String], close: &str) -> String {
        let margin = " ".repeat(indent);
        let inner = " ".repeat(indent + self.step);
        let items = items.join(&format!(",\n{inner}"));
        format!("{open}\n{inner}{items}{}\n{margin}{close}", self.last)
    }
}
