//! Reading an output file.

use std::{
    io::{self, BufRead},
    path::Path,
};

use super::{
    Format, Output,
    scanner::{Scanner, open_all},
};

/// Maximum number of bytes of an output that are evaluated: its end, 256 MiB. What an agent has said before counts
/// only where it is asked while it runs.
pub(super) const MOST_JUDGED: u64 = 256 * 1024 * 1024;

/// Reads the output of an agent that has ended.
///
/// `from` is where the output of this attempt begins: a second attempt at a task appends to the file of the first, whose result
/// must not be taken for its own. Of more than 256 MiB only the end is read. It blocks: about a second for all of that.
///
/// # Errors
/// The file cannot be opened or read. One that does not exist is an error, too.
pub fn read(path: &Path, from: u64, format: Format) -> io::Result<Output> {
    let mut scanner = Scanner::new(format, path, from);
    if format != Format::Text {
        let mut file = open_all(path, &mut scanner, MOST_JUDGED)?;
        drain(&mut file, &mut scanner)?;
    }
    scanner.finish();
    Ok(scanner.output)
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
        let long = "x".repeat(super::super::LONGEST_LINE);
        let file =
            file(&["a wrapper's text\n[{\"type\":\"user\",\"message\":\"", &long, "\"},", RESULT, "]\n"]);
        assert!(read(file.path(), 0, Format::Json).unwrap().has_result());
    }

    #[test]
    fn of_much_output_the_end_is_evaluated() {
        let file = file(&["{\"type\":\"system\",\"session_id\":\"first\"}\n"]);
        file.as_file().set_len(15 << 40).unwrap();
        let mut end = std::fs::OpenOptions::new().append(true).open(file.path()).unwrap();
        end.write_all(format!("\n{RESULT}\n").as_bytes()).unwrap();
        assert!(read(file.path(), 0, Format::StreamJson).unwrap().has_result());
    }

    #[test]
    fn what_the_agent_has_put_in_its_place_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let (pipe, link) = (dir.path().join("pipe"), dir.path().join("link"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
        for path in [pipe, link] {
            assert!(read(&path, 0, Format::Json).is_err());
        }
    }

    #[test]
    fn a_missing_file_is_an_error_unless_nothing_is_to_be_read() {
        let missing = Path::new("no/such/file");
        assert_eq!(read(missing, 0, Format::Json).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(!read(missing, 0, Format::Text).unwrap().has_result());
    }
}
