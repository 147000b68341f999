//! Looking whether an agent that still runs has finished its work.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    Format, Output,
    read::drain,
    scanner::{Scanner, open_all},
};
use crate::price::Spent;

/// Maximum number of bytes read at one look: 64 MiB. Of a longer output, only the last so many are read.
const MOST_AT_ONCE: u64 = 64 * 1024 * 1024;

/// Progress of an agent, by its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// No result yet, or more work after it. Always so for [`Format::Text`].
    Working,
    /// A result, and a wait for so many commands that the agent left running in the background: it comes back to work
    /// when one of them finishes. A server among them never does.
    Waiting(usize),
    /// A result, and nothing is open: the agent should exit by itself within seconds, and may be ended otherwise.
    Done,
}

/// Watches an output file as it grows. Each look reads only what has been added.
#[derive(Debug)]
pub struct ResultWatch {
    path: PathBuf,
    scanner: Scanner,
}

impl ResultWatch {
    /// Watches this file, which may not exist yet, from where the output of this attempt begins.
    #[must_use]
    pub fn new(path: &Path, from: u64, format: Format) -> Self {
        Self { path: path.to_owned(), scanner: Scanner::new(format, path, from) }
    }

    /// Reads what has been added and returns the agent's progress. It blocks for as long as reading takes.
    ///
    /// # Errors
    /// The file cannot be read. The next look goes on where this one stopped.
    pub fn look(&mut self) -> io::Result<Progress> {
        self.read_on()?;
        Ok(progress(&self.scanner.output))
    }

    /// The same where the agent is silent: what stands behind the last line break may be all that it will ever write of that line.
    ///
    /// # Errors
    /// As [`look`](Self::look).
    pub fn look_at_silent(&mut self) -> io::Result<Progress> {
        self.read_on()?;
        Ok(self
            .scanner
            .with_last_line()
            .map_or_else(|| progress(&self.scanner.output), |output| progress(&output)))
    }

    /// Number of bytes of the file that have been read. Where it stays the same between two looks, the agent was silent.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.scanner.position()
    }

    /// Number of messages that have changed the agent's progress: results, work after one, a change of what runs in
    /// the background. Where it stays
    /// the same between two looks, the agent has done nothing since, whatever it has written.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.scanner.output.steps
    }

    /// The cost so far: that which results have told, and the tokens of the answers since. Of an answer the program tells its output's tokens when it
    /// begins: the true number comes with the result.
    #[must_use]
    pub fn spent(&self) -> Spent {
        self.scanner.output.spent.spent()
    }

    /// The ids of the messages that have become part of the conversation.
    #[must_use]
    pub fn taken(&self) -> &[String] {
        &self.scanner.output.received.taken
    }

    /// True if the agent has begun to work, and has not reported on what it was asked.
    #[must_use]
    pub fn is_mute(&self) -> bool {
        let output = &self.scanner.output;
        output.steps > 0 && output.received.taken.is_empty() && output.received.read.is_empty()
    }

    /// The output of an agent that has ended: the same as [`read`](super::read) gives, without reading all
    /// of it again.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn into_output(mut self) -> io::Result<Output> {
        self.read_on()?;
        self.scanner.finish();
        Ok(self.scanner.output)
    }

    fn read_on(&mut self) -> io::Result<()> {
        if self.scanner.output.format == Format::Text {
            return Ok(());
        }
        match open_all(&self.path, &mut self.scanner, MOST_AT_ONCE) {
            Ok(mut file) => drain(&mut file, &mut self.scanner),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn progress(output: &Output) -> Progress {
    match output.background_tasks {
        _ if !output.has_result() || output.works_again || !output.received.read.is_empty() => {
            Progress::Working
        }
        0 => Progress::Done,
        tasks => Progress::Waiting(tasks),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::OpenOptions, io::Write};

    use super::*;

    const RESULT: &str = r#"{"type":"result","is_error":false,"result":"yes"}"#;

    struct Growing {
        dir: tempfile::TempDir,
    }

    impl Growing {
        fn new() -> Self {
            Self { dir: tempfile::tempdir().unwrap() }
        }

        fn path(&self) -> PathBuf {
            self.dir.path().join("stdout.log")
        }

        fn add(&self, text: &str) {
            let mut file = OpenOptions::new().create(true).append(true).open(self.path()).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }
    }

    #[test]
    fn a_result_is_seen_when_its_line_is_complete() {
        let file = Growing::new();
        let mut watch = ResultWatch::new(&file.path(), 0, Format::StreamJson);
        assert_eq!(watch.look().unwrap(), Progress::Working);
        let (first, second) = RESULT.split_at(20);
        file.add("{\"type\":\"assistant\"}\n");
        file.add(first);
        assert_eq!(watch.look().unwrap(), Progress::Working);
        file.add(second);
        assert_eq!(watch.look().unwrap(), Progress::Working);
        file.add("\n");
        assert_eq!(watch.look().unwrap(), Progress::Done);
        assert_eq!(watch.position(), std::fs::metadata(file.path()).unwrap().len());
        assert!(watch.into_output().unwrap().has_result());
    }

    #[test]
    fn the_real_ones_output_is_followed_through_its_background_work() {
        let file = Growing::new();
        let mut watch = ResultWatch::new(&file.path(), 0, Format::StreamJson);
        let mut seen = vec![Progress::Working];
        for line in include_str!("samples/background.jsonl").lines() {
            file.add(line);
            file.add("\n");
            let progress = watch.look().unwrap();
            if seen.last() != Some(&progress) {
                seen.push(progress);
            }
        }
        // Nothing runs any more for an instant: the agent gets the result, and begins to work again.
        use Progress::{Done, Waiting, Working};
        assert_eq!(seen, [Working, Waiting(1), Done, Working, Done]);
    }

    #[test]
    fn one_that_works_and_reports_on_no_message_is_mute() {
        let begins = "{\"type\":\"system\",\"subtype\":\"init\"}\n";
        let started = "{\"type\":\"command_lifecycle\",\"command_uuid\":\"a\",\"state\":\"started\"}\n";
        for (lines, is_mute) in [(vec![begins], true), (vec![started, begins], false), (vec![], false)] {
            let file = Growing::new();
            lines.iter().for_each(|line| file.add(line));
            let mut watch = ResultWatch::new(&file.path(), 0, Format::StreamJson);
            watch.look().unwrap();
            assert_eq!(watch.is_mute(), is_mute, "{lines:?}");
        }
    }

    #[test]
    fn the_cost_is_followed() {
        let file = Growing::new();
        let mut watch = ResultWatch::new(&file.path(), 0, Format::StreamJson);
        assert!(watch.spent().is_nothing());
        let mut seen = Vec::new();
        for line in include_str!("samples/2.1.332/key.TOOL.jsonl").lines() {
            file.add(line);
            file.add("\n");
            watch.look().unwrap();
            let spent = watch.spent();
            seen.push((spent.told_usd > 0.0, spent.untold.values().map(|tokens| tokens.input).sum::<u64>()));
        }
        seen.dedup();
        assert_eq!(seen, [(false, 0), (false, 100), (false, 200), (true, 0)]);
        assert!((watch.spent().told_usd - 0.001_412).abs() < 1e-9);
        let by_model = watch.into_output().unwrap().tokens_by_model;
        assert_eq!(by_model.values().map(|tokens| tokens.input).collect::<Vec<_>>(), [200]);
    }

    #[test]
    fn a_silent_agents_result_needs_no_line_break() {
        let file = Growing::new();
        let mut watch = ResultWatch::new(&file.path(), 0, Format::StreamJson);
        let (first, second) = RESULT.split_at(20);
        file.add("{\"type\":\"assistant\"}\n");
        file.add(first);
        assert_eq!(watch.look_at_silent().unwrap(), Progress::Working);
        file.add(second);
        assert_eq!(watch.look_at_silent().unwrap(), Progress::Done);
        // Nothing was taken in that is taken in again.
        file.add("\n");
        assert_eq!(watch.look().unwrap(), Progress::Done);
        assert_eq!(watch.into_output().unwrap().turns, 0);
    }

    #[test]
    fn of_a_flood_the_end_is_read() {
        let file = Growing::new();
        let mut watch = ResultWatch::new(&file.path(), 0, Format::StreamJson);
        file.add("{\"type\":\"assistant\"}\n{\"type\":");
        assert_eq!(watch.look().unwrap(), Progress::Working);
        OpenOptions::new().write(true).open(file.path()).unwrap().set_len(15 << 40).unwrap();
        // Its last line is not whole.
        file.add(&format!("{RESULT}\n"));
        assert_eq!(watch.look().unwrap(), Progress::Working);
        file.add(&format!("{RESULT}\n"));
        assert_eq!(watch.look().unwrap(), Progress::Done);
        assert_eq!(watch.position(), std::fs::metadata(file.path()).unwrap().len());
    }

    #[test]
    fn the_end_of_a_file_without_a_line_break_counts_at_the_end() {
        let file = Growing::new();
        file.add(RESULT);
        let mut watch = ResultWatch::new(&file.path(), 0, Format::Json);
        assert_eq!(watch.look().unwrap(), Progress::Working);
        assert!(watch.into_output().unwrap().has_result());
    }

    #[test]
    fn text_tells_nothing() {
        let file = Growing::new();
        file.add(RESULT);
        file.add("\n");
        assert_eq!(ResultWatch::new(&file.path(), 0, Format::Text).look().unwrap(), Progress::Working);
    }
}
