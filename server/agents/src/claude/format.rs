//! The format of an agent's standard output, by its command line.

/// The option that decides it.
const OPTION: &str = "--output-format";

/// The form of an agent's standard output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Text for people: the answer, and nothing that could be evaluated.
    #[default]
    Text,
    /// One document at the very end: a result message, or with `--verbose` a list of all messages.
    Json,
    /// One message on each line, as they come.
    StreamJson,
}

impl Format {
    /// The format that the configured command leads to. The last option counts, as it does for the agent.
    #[must_use]
    pub fn of(command: &[String]) -> Self {
        let mut format = Self::Text;
        for (at, argument) in command.iter().enumerate() {
            let value = match argument.strip_prefix(OPTION) {
                Some("") => command.get(at + 1).map(String::as_str),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            match value {
                Some("json") => format = Self::Json,
                Some("stream-json") => format = Self::StreamJson,
                Some(_) => format = Self::Text,
                None => {}
            }
        }
        format
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(command: &str) -> Format {
        Format::of(&command.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn both_ways_to_write_the_option_are_understood() {
        assert_eq!(of("claude -p --output-format json"), Format::Json);
        assert_eq!(of("claude -p --output-format=stream-json --verbose"), Format::StreamJson);
        assert_eq!(of("claude --output-format stream-json -p"), Format::StreamJson);
    }

    #[test]
    fn everything_else_is_text() {
        assert_eq!(of("claude -p"), Format::Text);
        assert_eq!(of("claude -p --output-format text"), Format::Text);
        assert_eq!(of("claude -p --output-format"), Format::Text);
        assert_eq!(of("claude -p --output-formats json"), Format::Text);
        assert_eq!(of("claude -p --input-format stream-json"), Format::Text);
    }

    #[test]
    fn the_last_one_counts() {
        assert_eq!(of("claude --output-format json --output-format=text"), Format::Text);
    }
}
