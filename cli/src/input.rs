//! Values that come on standard input, where `-` was typed.

use std::io::{self, Read};

use aiwg_protocol::{limits::LONGEST_PROMPT, types::Json, wire::DEFAULT_MAX_LINE_BYTES};

use crate::{
    error::CliError,
    values::{Payload, STDIN, json},
};

/// Maximum length of a line besides an event's payload, in bytes.
const AROUND_PAYLOAD: usize = 4096;

/// The prompt for an agent, as it was typed or on standard input.
pub(crate) fn prompt(typed: String) -> Result<String, CliError> {
    let text = if typed == STDIN { read("the prompt", LONGEST_PROMPT)? } else { typed };
    fits("the prompt", text.len(), LONGEST_PROMPT)?;
    Ok(text)
}

/// An event's payload, as it was typed or on standard input.
pub(crate) fn payload(payload: Payload) -> Result<Json, CliError> {
    let longest = DEFAULT_MAX_LINE_BYTES - AROUND_PAYLOAD;
    match payload {
        Payload::Given(json) => Ok(json),
        Payload::Stdin => json(read("the payload", longest)?.trim()).map_err(CliError::Usage),
    }
}

/// All of standard input, up to one byte more than may be.
fn read(what: &str, longest: usize) -> Result<String, CliError> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
    io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    fits(what, bytes.len(), longest)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to() + 1;
        CliError::Usage(format!(
            "standard input is not UTF-8, from byte {at} on: convert it, as with `iconv -f latin1 -t utf-8`"
        ))
    })
}

fn fits(what: &str, bytes: usize, longest: usize) -> Result<(), CliError> {
    if bytes <= longest {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "{what} has more than {longest} bytes, which is the limit: write it to a file, and name that instead"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_that_nobody_takes_is_not_sent() {
        assert!(prompt("x".repeat(LONGEST_PROMPT)).is_ok());
        let error = prompt("x".repeat(LONGEST_PROMPT + 1)).unwrap_err().to_string();
        assert!(error.starts_with("the prompt has more than 1048576 bytes"), "{error}");
    }
}
