//! Reading an output file.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Seek, SeekFrom},
    path::Path,
};

use serde::de::DeserializeSeed;

use super::{
    Format, Output,
    scanner::{List, Scanner},
};

/// How much is read at once, in bytes.
const AT_ONCE: usize = 64 * 1024;

/// Reads the output of an agent that has ended.
///
/// `from` is where the output of this attempt begins: a second attempt at a task appends to the file of the first, whose result
/// must not be taken for its own. It blocks: about a second for 300 MB.
///
/// # Errors
/// The file cannot be opened or read. One that does not exist is an error, too.
pub fn read(path: &Path, from: u64, format: Format) -> io::Result<Output> {
    let mut scanner = Scanner::new(format, from);
    if format != Format::Text {
        let mut file = open(path, from)?;
        drain(&mut file, &mut scanner)?;
    }
    finish(scanner, path)
}

/// Feeds all that there is.
pub(super) fn drain(reader: &mut impl BufRead, scanner: &mut Scanner) -> io::Result<()> {
    loop {
        let bytes = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        let length = bytes.len();
        if length == 0 {
            return Ok(());
        }
        scanner.feed(bytes);
        reader.consume(length);
    }
}

/// What has been said, once nothing more will come.
pub(super) fn finish(mut scanner: Scanner, path: &Path) -> io::Result<Output> {
    scanner.finish();
    let document = scanner.passed_over.filter(|_| scanner.output.format == Format::Json);
    let mut output = scanner.output;
    if let Some(document) = document.filter(|_| !output.has_result()) {
        // With `--verbose` the whole conversation is one line. It is read again without being held.
        let mut deserializer = serde_json::Deserializer::from_reader(open(path, document)?);
        let _ = List(&mut output).deserialize(&mut deserializer);
    }
    Ok(output)
}

pub(super) fn open(path: &Path, from: u64) -> io::Result<BufReader<File>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    Ok(BufReader::with_capacity(AT_ONCE, file))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const RESULT: &str = r#"{"type":"result","is_error":false,"result":"yes"}"#;

    fn file(parts: &[&str]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        parts.iter().for_each(|part| file.write_all(part.as_bytes()).unwrap());
        file
    }

    #[test]
    fn an_earlier_attempts_result_does_not_count() {
        let first = format!("{RESULT}\n");
        let file = file(&[&first, "this time it did not start\n"]);
        let read = |from| read(file.path(), from, Format::StreamJson).unwrap();
        assert!(read(0).has_result());
        assert!(!read(first.len() as u64).has_result());
    }

    #[test]
    fn a_document_over_the_limit_is_read_all_the_same() {
        let long = "x".repeat(crate::agent_output::LONGEST_LINE);
        let file =
            file(&["a wrapper's text\n[{\"type\":\"user\",\"message\":\"", &long, "\"},", RESULT, "]\n"]);
        assert!(read(file.path(), 0, Format::Json).unwrap().has_result());
    }

    #[test]
    fn a_missing_file_is_an_error_unless_nothing_is_to_be_read() {
        let missing = Path::new("no/such/file");
        assert_eq!(read(missing, 0, Format::Json).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(!read(missing, 0, Format::Text).unwrap().has_result());
    }
}
