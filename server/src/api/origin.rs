//! The process at the other end of a connection, as it is kept with what comes from there.

use std::{fs::File, io::Read, path::Path};

use aiwg_protocol::types::{Origin, OriginProcess};
use aiwg_shim::Process;

use super::Peer;

/// The number of processes above it that are kept.
const PARENTS: usize = 3;

/// The most of a command line that is looked at, in bytes.
const COMMAND_LINE: u64 = 4096;

/// The longest name of a program or script, and the longest directory, in characters.
const LONGEST_NAME: usize = 200;
const LONGEST_DIR: usize = 1000;

/// Programs that execute a script, whatever version stands behind their names.
const INTERPRETERS: [&str; 16] = [
    "sh", "bash", "dash", "zsh", "fish", "ksh", "python", "node", "nodejs", "deno", "bun", "ruby", "perl",
    "php", "lua", "tclsh",
];

/// The client that has connected. Of its process there is as much as can be seen: one that has ended by now has a number only, and one in a name
/// space that this one does not see into, not even that.
pub(crate) fn origin_of(peer: Peer) -> Origin {
    let pid = peer.pid();
    let parents = std::iter::successors(pid.and_then(parent), |pid| parent(*pid));
    Origin {
        process: pid.map(process),
        cwd: pid.and_then(cwd),
        uid: peer.uid(),
        user: peer.user(),
        parents: parents.take(PARENTS).map(process).collect(),
        person: None,
        webhook: None,
    }
}

/// The parent of a process, unless that is the first of all, which is everyone's in the end.
fn parent(pid: u32) -> Option<u32> {
    Process::parent_of(pid).filter(|parent| *parent > 1)
}

fn cwd(pid: u32) -> Option<String> {
    let dir = std::fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    Some(dir.to_string_lossy().chars().take(LONGEST_DIR).collect())
}

fn process(pid: u32) -> OriginProcess {
    let line = read(&format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let (program, script) = program(&line);
    let program = program.or_else(|| {
        let name = read(&format!("/proc/{pid}/comm"))?;
        bounded(String::from_utf8_lossy(&name).trim_end())
    });
    OriginProcess { pid, program, script }
}

fn read(path: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(COMMAND_LINE).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The program and the script that a command line names. Other arguments may be secrets, and so may be the script that an option holds.
fn program(line: &[u8]) -> (Option<String>, Option<String>) {
    let mut words = line.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    // A login shell's name begins with a dash.
    let name = words.next().and_then(|word| {
        let name = Path::new(word.trim_start_matches('-')).file_name()?.to_string_lossy().into_owned();
        bounded(&name)
    });
    let Some(name) = name else { return (None, None) };
    let versionless = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let mut is_none = !INTERPRETERS.contains(&versionless);
    let script = words.find(|word| {
        // `-c`, `-e`, `-m` and `-lc` take something else than a script, and so do options that nobody knows here.
        is_none |=
            word.starts_with('-') && !["-u", "-x", "-e", "-l"].contains(&&**word) || is_eval(&name, word);
        is_none || !word.starts_with('-')
    });
    let script = script.filter(|_| !is_none).and_then(|script| bounded(&script));
    (Some(name), script)
}

/// True if the option holds a program itself: `-e` of all interpreters but shells.
fn is_eval(program: &str, option: &str) -> bool {
    option == "-e" && !program.ends_with("sh")
}

fn bounded(text: &str) -> Option<String> {
    Some(text.chars().take(LONGEST_NAME).collect::<String>()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_command_line_the_program_and_its_script_are_kept() {
        let of = |line: &str| {
            let (program, script) = program(line.replace(' ', "\0").as_bytes());
            (program.unwrap_or_default(), script.unwrap_or_default())
        };
        let is = |program: &str, script: &str| (program.to_owned(), script.to_owned());
        assert_eq!(of("/usr/bin/python3.11 -u deploy.py --token secret"), is("python3.11", "deploy.py"));
        assert_eq!(of("bash ./ci/run.sh"), is("bash", "./ci/run.sh"));
        assert_eq!(of("bash -e run.sh"), is("bash", "run.sh"));
        assert_eq!(of("-bash"), is("bash", ""));
        for secret in [
            "bash -c secret",
            "bash -lc secret",
            "node -e secret",
            "python3 -m secret",
            "perl -e secret x.pl",
        ] {
            assert_eq!(of(secret).1, "", "{secret}");
        }
        assert_eq!(of("curl secret"), is("curl", ""));
        assert_eq!(of(""), is("", ""));
    }
}
