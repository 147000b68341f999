//! The table of figures.

/// The head of a table: what is measured, and beside what.
pub(crate) fn head(what: &str, measured: &str, beside: &str) {
    println!("\n{what:<48}{measured:>14}{beside:>14}{:>9}", "ratio");
}

/// A row of it.
pub(crate) fn row(what: &str, measured: f64, beside: f64) {
    println!("{what:<48}{measured:>14.1}{beside:>14.1}{:>9.2}", measured / beside);
}

/// A figure by itself.
pub(crate) fn figure(what: &str, value: f64, unit: &str) {
    println!("{what:<48}{value:>14.2} {unit}");
}
