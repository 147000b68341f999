use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{Format, ResultMessage, lines::Lines};

/// Looks from time to time whether a running agent has told its result. Each byte is read once.
pub(crate) struct ResultWatch {
    format: Format,
    path: PathBuf,
    lines: Option<Lines<File>>,
    /// The size of a document that was looked at already.
    looked_at: u64,
    told: bool,
}

impl ResultWatch {
    /// Of the output in this file, which need not be there yet.
    pub(crate) fn of(format: Format, stdout: &Path) -> Self {
        Self { format, path: stdout.to_owned(), lines: None, looked_at: 0, told: false }
    }

    /// Whether there can be a result at all.
    pub(crate) fn is_needed(&self) -> bool {
        self.format != Format::Text
    }

    /// Whether the agent has told its result by now.
    pub(crate) fn has_result(&mut self) -> bool {
        if !self.told {
            self.told = match self.format {
                Format::Text => false,
                Format::Json => self.document_has_result(),
                Format::StreamJson => self.lines_have_result(),
            };
        }
        self.told
    }

    fn document_has_result(&mut self) -> bool {
        let size = self.path.metadata().map_or(0, |file| file.len());
        if size == self.looked_at {
            return false;
        }
        self.looked_at = size;
        self.format.result_in(&self.path).is_some()
    }

    fn lines_have_result(&mut self) -> bool {
        let lines = match &mut self.lines {
            Some(lines) => lines,
            none => match File::open(&self.path) {
                Ok(file) => none.insert(Lines::of(file)),
                Err(_) => return false,
            },
        };
        while let Ok(Some(line)) = lines.next_line() {
            if ResultMessage::in_line(line).is_some() {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_result_counts_once_its_line_is_whole() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut watch = ResultWatch::of(Format::StreamJson, file.path());
        let mut written = |text: &str| {
            file.write_all(text.as_bytes()).unwrap();
            watch.has_result()
        };
        assert!(!written("{\"type\":\"assistant\",\"result\":1}\n"));
        assert!(!written("{\"type\":\"result\","));
        assert!(!written("\"result\":\"x\"}"));
        assert!(written("\n"));
        assert!(written("more\n"));
    }

    #[test]
    fn a_document_counts_once_it_is_whole() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut watch = ResultWatch::of(Format::Json, file.path());
        file.write_all(b"{\"type\":\"result\",").unwrap();
        assert!(!watch.has_result());
        file.write_all(b"\"result\":\"x\"}\n").unwrap();
        assert!(watch.has_result());
    }
}
