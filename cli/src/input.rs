//! What is typed as `-` comes on standard input.

use std::io::{self, Read};

use crate::error::CliError;

/// What stands for standard input.
pub(crate) const STDIN: &str = "-";

/// What an agent is asked, as it was typed or on standard input.
pub(crate) fn prompt(typed: String) -> Result<String, CliError> {
    if typed != STDIN {
        return Ok(typed);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
