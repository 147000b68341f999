use std::{fs::File, io, path::Path};

use super::{
    lines::{Lines, MAX_LINE},
    message::ResultMessage,
};

/// How an agent's output is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// As it is: the exit code tells whether it succeeded.
    Text,
    /// One JSON document at the end, or an array of all messages with `--verbose`.
    Json,
    /// A message a line, as they come.
    StreamJson,
}

impl Format {
    /// What this command writes.
    pub(crate) fn of(command: &[String]) -> Self {
        const OPTION: &str = "--output-format";
        let mut words = command.iter();
        while let Some(word) = words.next() {
            let value = match word.strip_prefix(OPTION) {
                Some("") => words.next().map(String::as_str),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            match value {
                Some("json") => return Self::Json,
                Some("stream-json") => return Self::StreamJson,
                _ => {}
            }
        }
        Self::Text
    }

    /// The result that the output in this file tells; none if it tells none, or the file cannot be read.
    pub(crate) fn result_in(self, stdout: &Path) -> Option<ResultMessage> {
        match self {
            Self::Text => None,
            Self::Json => document(stdout).ok().and_then(|text| ResultMessage::in_document(&text)),
            Self::StreamJson => last_line(stdout).ok().flatten(),
        }
    }
}

/// A whole file, unless it is too large to be one result.
fn document(path: &Path) -> io::Result<Vec<u8>> {
    if path.metadata()?.len() > MAX_LINE as u64 {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    std::fs::read(path)
}

/// The last line that is a result. Only one line is held at a time, however long the file.
fn last_line(path: &Path) -> io::Result<Option<ResultMessage>> {
    let mut lines = Lines::of(File::open(path)?);
    let mut last = None;
    while let Some(line) = lines.next_line()? {
        last = ResultMessage::in_line(line).or(last);
    }
    // The last line may lack its line feed, if its writer was killed: it counts if it is whole.
    Ok(ResultMessage::in_line(lines.rest()).or(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_tells_the_format() {
        let of =
            |words: &[&str]| Format::of(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["claude", "-p"]), Format::Text);
        assert_eq!(of(&["claude", "-p", "--output-format", "text"]), Format::Text);
        assert_eq!(of(&["claude", "-p", "--output-format", "json"]), Format::Json);
        assert_eq!(of(&["claude", "--output-format=stream-json", "--verbose"]), Format::StreamJson);
        assert_eq!(of(&["claude", "--output-format"]), Format::Text);
    }

    #[test]
    fn the_last_result_counts_whatever_stands_around_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let long = "x".repeat(2 * MAX_LINE);
        let text = format!(
            "no json\n{{\"type\":\"system\"}}\n{}\n{long}\n{{\"type\":\"result\",\"is_error\":false,\"result\":\"two\"}}\n{{\"type\":\"res",
            r#"{"type":"result","is_error":true,"result":"one"}"#
        );
        std::fs::write(file.path(), text).unwrap();
        let result = Format::StreamJson.result_in(file.path()).unwrap();
        assert_eq!((result.is_error, result.result.as_deref()), (false, Some("two")));
    }

    #[test]
    fn a_document_may_be_an_array_of_all_messages() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let result = |text: &str| {
            std::fs::write(file.path(), text).unwrap();
            Format::Json.result_in(file.path()).and_then(|result| result.result)
        };
        assert_eq!(result(r#"{"type":"result","result":"one"}"#).as_deref(), Some("one"));
        assert_eq!(result(r#"[{"type":"system"},{"type":"result","result":"two"}]"#).as_deref(), Some("two"));
        assert_eq!(result("error: unknown option"), None);
        assert_eq!(result(""), None);
    }
}
