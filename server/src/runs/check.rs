//! The end of a check's run: whether the work is done, and what the check says about it.

use std::path::Path;

use aiwg_fs::{tail, tail_of};
use aiwg_model::{EndReason, Outcome, Processes, Received, RoundDetail, RunCost, VerifyTerms};
use aiwg_protocol::types::TaskState;
use aiwg_shim::{EndedFor, ExitRecord};

/// Size of the end of a check's output that is kept, in bytes.
const TAIL: usize = 8 * 1024;

/// The exit codes by which a shell says that a command could not be run: it may not be executed, it is not there.
const NOT_RUN: [i32; 2] = [126, 127];

/// The system's number for what is not there.
const NOT_THERE: i32 = 2;

/// The outcome of a check's run, given how it ended and what it wrote. It reads that.
pub(super) fn outcome(record: &ExitRecord, dir: &Path, terms: &VerifyTerms, timed_out: bool) -> Outcome {
    let code = match &record.spawn_error {
        None => record.code,
        Some(error) if error.errno == NOT_THERE => Some(127),
        Some(_) => Some(126),
    };
    let ended = why_ended(record.ended_for, terms, timed_out);
    let is_good = code == Some(0) && ended.is_none();
    let reason = match code {
        _ if is_good => EndReason::DONE,
        Some(code) if NOT_RUN.contains(&code) && ended.is_none() => EndReason::CHECK_FAILED_TO_RUN,
        _ => EndReason::CHECK_FAILED,
    };
    let said = match &record.spawn_error {
        Some(error) => error.message.clone(),
        None => output(dir),
    };
    Outcome {
        state: if is_good { TaskState::Completed } else { TaskState::Failed },
        reason,
        exit_code: code.filter(|_| ended.is_none()),
        signal: record.signal,
        error: None,
        result: None,
        processes: Some(Processes { ended: record.processes_ended, left: record.processes_left }),
        usage: None,
        cost: RunCost::Nothing,
        session: None,
        detail: RoundDetail { tail: Some(said), ended, ..RoundDetail::default() }.to_json(),
        by: None,
        received: Received::default(),
        resets_at: None,
    }
}

/// The reason for which a check was ended, if it was.
fn why_ended(why: Option<EndedFor>, terms: &VerifyTerms, timed_out: bool) -> Option<String> {
    match why {
        Some(EndedFor::Output) => Some("was ended: it wrote more than agent.max_output_mb allows".to_owned()),
        Some(EndedFor::Removed) => Some("was ended: the directory of its run was removed".to_owned()),
        Some(EndedFor::Lease) => {
            Some("was ended: its host was cut off from the others for too long".to_owned())
        }
        Some(EndedFor::TimeLimit) => Some(too_long(terms)),
        None => timed_out.then(|| too_long(terms)),
    }
}

fn too_long(terms: &VerifyTerms) -> String {
    format!("was ended: it took longer than {} minutes", terms.timeout_minutes)
}

/// The end of what a check wrote, on both its outputs.
fn output(dir: &Path) -> String {
    let of = |name: &str| clean(&tail(&dir.join(name), 2 * TAIL as u64).unwrap_or_default());
    let (stdout, stderr) = (of(aiwg_shim::STDOUT_FILE), of(aiwg_shim::STDERR_FILE));
    match (stdout.trim().is_empty(), stderr.trim().is_empty()) {
        (_, true) => tail_of(&stdout, TAIL).to_owned(),
        (true, false) => tail_of(&stderr, TAIL).to_owned(),
        (false, false) => {
            // Where both are long, each has a half.
            let half = TAIL / 2;
            let errors = tail_of(&stderr, half.max(TAIL.saturating_sub(stdout.len())));
            let rest = tail_of(&stdout, TAIL.saturating_sub(errors.len()));
            format!("{}\n{}", rest.trim_end(), errors)
        }
    }
}

/// A text without the control characters by which terminals show colours, and programs their progress.
fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' if rest.peek() == Some(&'[') => {
                // Its parameters, up to the letter that says what it is.
                while rest.next().is_some_and(|c| c == '[' || !('@'..='~').contains(&c)) {}
            }
            '\n' | '\t' => clean.push(c),
            '\r' if rest.peek() != Some(&'\n') => clean.push('\n'),
            c if c.is_control() => {}
            c => clean.push(c),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use aiwg_protocol::types::CheckCommand;
    use aiwg_shim::SpawnError;

    use super::*;

    fn terms() -> VerifyTerms {
        VerifyTerms {
            command: CheckCommand::Shell("x".to_owned()),
            max_rounds: 1,
            timeout_minutes: 0.5,
            before: false,
            protect: Vec::new(),
        }
    }

    fn exited(code: Option<i32>, signal: Option<i32>) -> ExitRecord {
        ExitRecord {
            task_id: "task-0001".to_owned(),
            launch: 2,
            code,
            signal,
            spawn_error: None,
            started_at_ms: 0,
            ended_at_ms: 1,
            end_requested: false,
            ended_for: None,
            processes_ended: 0,
            processes_left: 0,
            output_taken: false,
            user_ms: None,
            system_ms: None,
        }
    }

    #[test]
    fn an_exit_code_says_whether_it_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let reason = |record: &ExitRecord, timed_out| outcome(record, dir.path(), &terms(), timed_out).reason;
        assert_eq!(reason(&exited(Some(0), None), false), EndReason::DONE);
        assert_eq!(reason(&exited(Some(1), None), false), EndReason::CHECK_FAILED);
        assert_eq!(reason(&exited(None, Some(9)), false), EndReason::CHECK_FAILED);
        assert_eq!(reason(&exited(Some(127), None), false), EndReason::CHECK_FAILED_TO_RUN);
        // One that is ended has not succeeded, whatever it makes of it.
        assert_eq!(reason(&exited(Some(0), None), true), EndReason::CHECK_FAILED);
        let flood = ExitRecord { ended_for: Some(EndedFor::Output), ..exited(Some(0), None) };
        assert_eq!(reason(&flood, false), EndReason::CHECK_FAILED);
        let error = SpawnError { errno: 2, message: "No such file".to_owned() };
        let absent = ExitRecord { spawn_error: Some(error), ..exited(None, None) };
        let absent = outcome(&absent, dir.path(), &terms(), false);
        assert_eq!((absent.reason, absent.exit_code), (EndReason::CHECK_FAILED_TO_RUN, Some(127)));
    }

    #[test]
    fn the_end_of_both_outputs_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| std::fs::write(dir.path().join(name), text).unwrap();
        write(aiwg_shim::STDOUT_FILE, "1 failed\n".to_owned());
        assert_eq!(output(dir.path()), "1 failed\n");
        write(aiwg_shim::STDERR_FILE, "warning\n".to_owned());
        assert_eq!(output(dir.path()), "1 failed\nwarning\n");
        write(aiwg_shim::STDOUT_FILE, "o".repeat(100_000));
        write(aiwg_shim::STDERR_FILE, "e".repeat(100_000));
        let both = output(dir.path());
        assert_eq!((both.matches('o').count(), both.matches('e').count()), (TAIL / 2, TAIL / 2));
    }

    #[test]
    fn colours_and_progress_are_taken_out() {
        assert_eq!(clean("\u{1b}[31;1mred\u{1b}[0m\r\n10%\r20%\tx\u{7}\0"), "red\n10%\n20%\tx");
    }
}
