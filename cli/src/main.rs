//! The `aiwg` command.
fn main() {}
