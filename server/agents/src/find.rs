//! The program that runs agents: where it is, and what is wrong where it cannot be started.

use std::{
    ffi::OsStr,
    io::Read,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// Number of bytes of a script that are searched for its interpreter: as many as Linux reads.
const FIRST_BYTES: u64 = 256;

/// The packages of npm in which the programs of agents come, by the names of their commands.
const PACKAGES: [(&str, &str); 4] = [
    ("claude", "@anthropic-ai/claude-code"),
    ("codex", "@openai/codex"),
    ("gemini", "@google/gemini-cli"),
    ("opencode", "opencode-ai"),
];

/// Finds the program of this name as the system does when an agent starts in the project directory `root`. It is the command of this profile; of the
/// section `agent` where there is no name.
///
/// # Errors
/// It is not there, or cannot be executed: what to do about it.
pub fn find_program(program: &str, root: &Path, profile: Option<&str>) -> Result<PathBuf, String> {
    let candidates: Vec<PathBuf> = if program.contains('/') {
        vec![root.join(program)]
    } else {
        let path = std::env::var_os("PATH");
        let path = path.as_deref().unwrap_or(OsStr::new("/usr/bin:/bin"));
        std::env::split_paths(path).map(|dir| root.join(dir).join(program)).collect()
    };
    if let Some(found) = candidates.iter().find(|path| is_executable(path)) {
        return match interpreter_error(found) {
            Some(wrong) => Err(format!("the agent command {program:?} cannot be executed: {wrong}")),
            None => Ok(found.clone()),
        };
    }
    // The system passes over these, and says that it may not execute them where it finds no other.
    match candidates.iter().find(|path| path.exists()) {
        Some(path) if path.is_dir() => Err(format!(
            "the agent command {program:?} cannot be executed: {} is a directory",
            path.display()
        )),
        Some(path) => Err(format!(
            "the agent command {program:?} cannot be executed: {path} is not executable; `chmod +x {path}` mends that",
            path = path.display()
        )),
        None => Err(not_found(program, profile)),
    }
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// The reason why an executable file cannot be executed, if it is its first line. The system would say that the file is not there.
fn interpreter_error(script: &Path) -> Option<String> {
    let mut first = Vec::new();
    std::fs::File::open(script).ok()?.take(FIRST_BYTES).read_to_end(&mut first).ok()?;
    let line = first.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    let interpreter = line.trim_start_matches([' ', '\t']).split([' ', '\t']).next().unwrap_or_default();
    let script = script.display();
    if line.ends_with('\r') {
        return Some(format!(
            "the lines of {script} end as Windows has it (CRLF), so that its interpreter would be {interpreter:?}; \
             `sed -i 's/\\r$//' {script}` mends that"
        ));
    }
    if interpreter.is_empty() {
        return Some(format!("the first line of {script} names no interpreter after `#!`"));
    }
    (!Path::new(interpreter).exists()).then(|| {
        format!("its interpreter {interpreter:?}, which the first line of {script} names, is not there: install it, or name another")
    })
}

fn not_found(program: &str, profile: Option<&str>) -> String {
    let package = PACKAGES.iter().find(|(name, _)| Path::new(program).file_name() == Some(OsStr::new(name)));
    let how = package.map(|(_, package)| format!(" (npm install -g {package})")).unwrap_or_default();
    let place = match profile {
        None => "\"agent\": {\"command\": [...]}".to_owned(),
        Some(name) => format!("\"agents\": {{{name:?}: {{\"command\": [...]}}}}"),
    };
    format!(
        "the agent command {program:?} was not found: install it{how}, or name another in .aiwg/daemon.json as {place}"
    )
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn an_error_says_what_is_wrong_with_a_program() {
        let dir = tempfile::tempdir().unwrap();
        let script = |text: &str, mode: u32| {
            let path = dir.path().join("agent");
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            find_program("./agent", dir.path(), None)
        };
        assert!(script("#!/bin/sh\n", 0o755).is_ok() && script("#! /bin/sh -e\n", 0o755).is_ok());
        assert!(script("no script", 0o755).is_ok() && script("", 0o755).is_ok());
        for (text, mode, words) in [
            ("#!/bin/sh\r\necho\r\n", 0o755, "CRLF"),
            ("#!/bin/sh -e\r\n", 0o755, "CRLF"),
            ("#!/usr/bin/env bash\r\n", 0o755, "CRLF"),
            ("#!/no/such/interpreter -x\n", 0o755, "\"/no/such/interpreter\""),
            ("#!\n", 0o755, "names no interpreter"),
            ("#!/bin/sh\n", 0o644, "chmod +x"),
        ] {
            let wrong = script(text, mode).unwrap_err();
            assert!(wrong.contains(words) && !wrong.contains("was not found"), "{wrong}");
        }
        std::fs::create_dir(dir.path().join("dir")).unwrap();
        assert!(find_program("./dir", dir.path(), None).unwrap_err().contains("is a directory"));
        assert!(find_program("./none", dir.path(), None).unwrap_err().contains("was not found"));
        assert!(
            find_program("no-such-agent-anywhere", dir.path(), None).unwrap_err().contains("was not found")
        );
    }

    #[test]
    fn a_program_that_is_missing_comes_with_its_own_package_and_its_own_place() {
        let root = Path::new("/nowhere");
        let wrong = |program: &str, profile| find_program(program, root, profile).unwrap_err();
        let claude = wrong("bin/claude", None);
        assert!(claude.contains("npm install -g @anthropic-ai/claude-code"), "{claude}");
        assert!(claude.ends_with(r#""agent": {"command": [...]}"#), "{claude}");
        let codex = wrong("bin/codex", Some("gx"));
        assert!(codex.contains("npm install -g @openai/codex"), "{codex}");
        assert!(codex.ends_with(r#""agents": {"gx": {"command": [...]}}"#), "{codex}");
        assert!(!wrong("bin/gemini-x", Some("gx")).contains("npm"));
    }
}
