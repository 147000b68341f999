//! Setting a work tree up before a run: `workspace.setup` of the configuration, by the shim of that run.

use std::path::Path;

use aiwg_fs::{read_bounded, tail};
use aiwg_model::Outcome;
use aiwg_protocol::types::CheckCommand;
use xxhash_rust::xxh3::Xxh3;

use super::{outcome::could_not_start, trees::ReadyTree};

/// A file in the run's directory with the exit code of a set-up that has failed.
const FAILED_FILE: &str = "setup.failed";

/// A file in the run's directory that says that the set-up has succeeded.
const DONE_FILE: &str = "setup.done";

/// Size of the end of its output that is shown, in bytes.
const SHOWN: u64 = 2 * 1024;

/// The longest exit code, in bytes.
const LONGEST_CODE: u64 = 16;

/// The set-up of a work tree.
pub(super) struct SetUp {
    command: CheckCommand,
    /// The mark by which it is known that it has been done: another one where its command or the lock files are others.
    pub(super) mark: String,
}

impl SetUp {
    /// The set-up that a work tree needs, by the mark of the last one that has succeeded there; none if it needs none.
    pub(super) fn needed(
        command: Option<&CheckCommand>,
        tree: &ReadyTree,
        last: Option<&str>,
    ) -> Option<Self> {
        let command = command?.clone();
        let mut hash = Xxh3::new();
        for word in command.words().iter().chain([&tree.lock_files]) {
            hash.update(&(word.len() as u64).to_le_bytes());
            hash.update(word.as_bytes());
        }
        let mark = format!("{:016x}", hash.digest());
        (tree.is_new || last != Some(&*mark)).then_some(Self { command, mark })
    }

    /// The command of a run that is preceded by it. Its output is the run's standard error, by which the run counts as busy, and which is bounded; the
    /// run's input is left alone.
    pub(super) fn before(&self, command: Vec<String>, run_dir: &Path) -> Vec<String> {
        let quoted =
            |text: &str| shlex::try_quote(text).map(|quoted| quoted.into_owned()).unwrap_or_default();
        let file = |name: &str| quoted(&run_dir.join(name).display().to_string());
        let words: Vec<String> = self.command.words().iter().map(|word| quoted(word)).collect();
        let script = format!(
            "( {} ) >&2 </dev/null\ncode=$?\nif [ $code -ne 0 ]; then echo $code >{}; exit 75; fi\n: >{}\nexec \"$@\"",
            words.join(" "),
            file(FAILED_FILE),
            file(DONE_FILE)
        );
        ["sh".to_owned(), "-c".to_owned(), script, "sh".to_owned()].into_iter().chain(command).collect()
    }
}

/// True if the set-up before a run has succeeded. It reads the run's directory.
pub(super) fn is_done(run_dir: &Path) -> bool {
    run_dir.join(DONE_FILE).is_file()
}

/// The end of a run whose set-up has failed; none if that is not so. What has worked has been set up, whatever its directory says.
pub(super) fn failed(run_dir: &Path) -> Option<Outcome> {
    let code = read_bounded(&run_dir.join(FAILED_FILE), LONGEST_CODE).ok()?;
    let has_worked = run_dir.join(aiwg_shim::STDOUT_FILE).metadata().is_ok_and(|found| found.len() > 0);
    if has_worked || is_done(run_dir) {
        return None;
    }
    let code = String::from_utf8_lossy(&code).trim().to_owned();
    let said = tail(&run_dir.join(aiwg_shim::STDERR_FILE), SHOWN).unwrap_or_default();
    Some(could_not_start(&format!(
        "workspace.setup has failed with exit code {code}; it wrote at its end:\n{}",
        said.trim()
    )))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use aiwg_worktrees::Commit;

    use super::*;
    use crate::runs::trees::Place;

    fn tree(is_new: bool, lock_files: &str) -> ReadyTree {
        let from = Commit::of(&"0".repeat(40)).unwrap();
        let place = Place { number: 1, dir: "/".into(), from };
        ReadyTree { place, is_new, lock_files: lock_files.to_owned() }
    }

    #[test]
    fn it_is_done_where_it_is_new_or_has_changed() {
        let command = CheckCommand::Shell("npm ci".to_owned());
        let needed = |tree: &ReadyTree, last: Option<&str>| {
            SetUp::needed(Some(&command), tree, last).map(|set_up| set_up.mark)
        };
        let mark = needed(&tree(true, "a"), None).unwrap();
        assert_eq!(needed(&tree(false, "a"), Some(&mark)), None);
        assert_eq!(needed(&tree(true, "a"), Some(&mark)), Some(mark.clone()));
        assert_ne!(needed(&tree(false, "b"), Some(&mark)), None);
        assert_eq!(needed(&tree(false, "a"), None), Some(mark));
        assert!(SetUp::needed(None, &tree(true, "a"), None).is_none());
    }

    #[test]
    fn its_end_decides_if_the_run_begins_and_its_words_are_told() {
        let run = |line: &str| {
            let dir = tempfile::tempdir().unwrap();
            let run_dir = dir.path().join("it's");
            std::fs::create_dir(&run_dir).unwrap();
            let command = CheckCommand::Shell(line.to_owned());
            let set_up = SetUp::needed(Some(&command), &tree(true, ""), None).unwrap();
            let words = set_up.before(vec!["echo".to_owned(), "a  'b'".to_owned()], &run_dir);
            let ran = Command::new(&words[0]).args(&words[1..]).output().unwrap();
            std::fs::write(run_dir.join(aiwg_shim::STDERR_FILE), &ran.stderr).unwrap();
            (String::from_utf8(ran.stdout).unwrap(), failed(&run_dir), is_done(&run_dir))
        };
        let (said, failed, is_done) = run("echo ready && cat");
        assert_eq!((said.as_str(), failed.is_none(), is_done), ("a  'b'\n", true, true));
        let (said, failed, is_done) = run("echo no network; exit 3");
        assert_eq!((said.as_str(), is_done), ("", false));
        let why = failed.unwrap().error.unwrap();
        assert!(why.contains("exit code 3") && why.ends_with("no network"), "{why}");
    }
}
