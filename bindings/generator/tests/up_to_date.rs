//! What lies in the repository is what the definition says.

use std::path::Path;

#[test]
fn everything_generated_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let differences = aiwg_bindings::check(&root).expect("the output can be generated");
    let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "run {}:\n{}", aiwg_bindings::COMMAND, lines.join("\n"));
}
