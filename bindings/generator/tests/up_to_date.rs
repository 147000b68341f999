//! The generated files in the repository are those that the definition gives.

use std::path::Path;

use aiwg_bindings::{COMMAND, GenerateError, check};

#[test]
fn everything_generated_is_up_to_date() -> Result<(), GenerateError> {
    let differences = check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))?;
    let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "run {COMMAND}:\n{}", lines.join("\n"));
    Ok(())
}
