//! From a shim's record to the end of a task.

use std::path::Path;

use aiwg_agents::{
    AgentProgram, Reason, RefusedTasks,
    evaluation::{Denial, Evaluation, Exit, Usage},
    find_program, plain,
};
use aiwg_fs::tail;
use aiwg_model::{
    EndReason, MessageId, Outcome, Processes, Received, RunCost, RunId, SessionCost, StopReason, TAIL_BYTES,
    Used, UsedBy, end_of_answer,
};
use aiwg_protocol::{
    config::{self, AgentConfig},
    types::{TaskState, TaskUsage},
};
use aiwg_shim::{EndedFor, ExitRecord, SpawnError};

use super::{
    cost::{Money, PriceList, of_run},
    reset::AgentClock,
};
use crate::{
    accounts::is_login_variable,
    health::{Health, IssueKind},
    profiles::{self, Profile},
};

/// The system's numbers for what may be wrong with a program, on every system: there is none (or none of its interpreter), it may not be
/// executed, it is none that could be.
const OF_THE_PROGRAM: [i32; 3] = [2, 13, 8];

/// An agent's output has parts that are not known.
const OUTPUT_ISSUE: IssueKind = IssueKind::named("agent_output");

/// Number of bytes of standard error that go into a task's `error`.
const ERROR_BYTES: u64 = 2 * 1024;

/// The outcome of a task, given how its agent ended, and what it wrote. It reads all of that, and hands the evaluation to `note`.
pub(super) fn outcome(
    record: &ExitRecord,
    dir: &Path,
    (profile, root, run): (&Profile, &Path, RunId),
    (prices, clock): (&PriceList, &AgentClock),
    ending: Option<StopReason>,
    note: impl FnOnce(&Evaluation),
) -> Outcome {
    let agent = &profile.agent;
    let command = &agent.command;
    if let Some(error) = &record.spawn_error {
        return Outcome {
            exit_code: record.code,
            cost: RunCost::Nothing,
            ..Outcome::without_exit(
                TaskState::Failed,
                not_started(error, command.first().map_or("", String::as_str), root, profile.configured()),
            )
        };
    }
    let stdout = dir.join(aiwg_shim::STDOUT_FILE);
    let shown = tail(&stdout, TAIL_BYTES);
    let is_more = stdout.metadata().is_ok_and(|found| found.len() > TAIL_BYTES);
    let stderr = tail(&dir.join(aiwg_shim::STDERR_FILE), ERROR_BYTES).unwrap_or_default();
    let exit = Exit {
        code: record.code,
        signal: record.signal,
        ended_after_result: ending == Some(StopReason::Finished),
        stdout: shown.as_deref(),
        stderr: &stderr,
    };
    // What the session had cost before is in the store: the engine takes it off.
    let mut is_sessions = false;
    let mut previous_total = |_: &str| {
        is_sessions = true;
        None
    };
    let program = profiles::program(agent);
    let evaluated = program.evaluate(command, &stdout, &exit, &mut previous_total);
    let evaluation = evaluated.unwrap_or_else(|error| {
        tracing::warn!(dir = %dir.display(), %error, "the agent's output could not be read");
        plain::evaluate(&exit)
    });
    note(&evaluation);
    let used = used(&evaluation, run, agent, is_sessions, prices);
    let is_success = evaluation.is_success(refused_tasks(agent));
    let state = if is_success { TaskState::Completed } else { TaskState::Failed };
    Outcome {
        state,
        reason: match evaluation.is_session_lost {
            true => EndReason::SESSION_LOST,
            false => EndReason::named(evaluation.reason.name().to_owned()),
        },
        exit_code: record.code,
        signal: record.signal,
        error: explained(&evaluation, profile, program, clock),
        result: evaluation.answer.or_else(|| shown.clone()).map(|answer| {
            // What is all of the output that was read is the end of it, if there was more.
            let is_end = is_more && shown.as_ref() == Some(&answer);
            match is_end || answer.len() as u64 > TAIL_BYTES {
                true => end_of_answer(&answer, run.task),
                false => answer,
            }
        }),
        processes: Some(Processes { ended: record.processes_ended, left: record.processes_left }),
        cost: RunCost::Unknown,
        session: None,
        usage: None,
        detail: None,
        by: None,
        received: Received::default(),
        resets_at: evaluation.limit.as_ref().and_then(|limit| clock.reset_of(limit)),
    }
    .with(used)
}

/// Usage and cost of an agent that was lost, and the messages that it had read, by what it had written until then. It reads that.
pub(super) fn used_until_lost(dir: &Path, agent: &AgentConfig, run: RunId, prices: &PriceList) -> Used {
    let mut is_sessions = false;
    let mut previous_total = |_: &str| {
        is_sessions = true;
        None
    };
    let stdout = dir.join(aiwg_shim::STDOUT_FILE);
    let evaluated =
        profiles::program(agent).evaluate(&agent.command, &stdout, &Exit::default(), &mut previous_total);
    evaluated.map(|evaluation| used(&evaluation, run, agent, is_sessions, prices)).unwrap_or_default()
}

/// True if the configured command itself resumes a session.
fn resumes(command: &[String]) -> bool {
    let is_word = |word: &String| ["--resume", "--continue", "resume"].contains(&word.as_str());
    command.iter().any(|word| is_word(word) || word.starts_with("--resume="))
}

/// Usage and cost of a run, and the messages that it has got, by what its program says. `is_sessions` says that the cost is its session's.
fn used(
    evaluation: &Evaluation,
    run: RunId,
    agent: &AgentConfig,
    is_sessions: bool,
    prices: &PriceList,
) -> Used {
    let usage = evaluation.usage.clone();
    let by = Some(used_by(&usage, agent));
    let Money { cost, usd, session } = of_run(&usage, is_sessions, prices);
    let session = session.map(|session| SessionCost { is_resumed: resumes(&agent.command), ..session });
    let numbers = |ids: &[String]| ids.iter().filter_map(|id| MessageId::number(id, run.task)).collect();
    let of_prompt = |ids: &[String]| ids.contains(&MessageId::Prompt(run).to_string());
    let reported = &evaluation.received;
    let has_sessions = profiles::program(agent).capabilities(&agent.command).can_resume;
    // One that does not report on its input has a session once it has read that, if it has any.
    let has_begun = of_prompt(&reported.taken)
        || (!of_prompt(&reported.read) && (usage.session_id.is_some() || !has_sessions));
    let received = Received {
        taken: numbers(&reported.taken),
        read: numbers(&reported.read),
        is_without_prompt: !has_begun,
    };
    Used { usage: task_usage(Usage { cost_usd: usd, ..usage }), cost, session, by, received }
}

/// The program of a run, the model that its command asks for, and the one that has done most of the work.
fn used_by(usage: &Usage, agent: &AgentConfig) -> UsedBy {
    let words = agent.command.iter().zip(agent.command.iter().skip(1));
    let next =
        words.filter(|(word, _)| ["--model", "-m"].contains(&word.as_str())).map(|(_, model)| model.as_str());
    let within = agent.command.iter().filter_map(|word| word.strip_prefix("--model="));
    let most = usage.tokens_by_model.iter().max_by_key(|(_, tokens)| tokens.output);
    UsedBy {
        program: profiles::program(agent).name(),
        request_model: next.chain(within).last().map(str::to_owned),
        response_model: most.map(|(model, _)| model.clone()).filter(|model| !model.is_empty()),
    }
}

/// Says in the health that the output has parts which are not known, until an agent writes none.
pub(super) fn report_unknown(evaluation: &Evaluation, program: &dyn AgentProgram, health: &Health) {
    let Some(first) = &evaluation.unknown.first else { return health.clear(OUTPUT_ISSUE) };
    let (program, count) = (program.name(), evaluation.unknown.count);
    health.report(
        OUTPUT_ISSUE,
        format!(
            "the latest agent wrote {count} parts that are not known of {program}, the first with {first}: they were taken for text; where its \
             tasks end otherwise than they should, a newer aiwg may know them"
        ),
    );
}

fn refused_tasks(agent: &AgentConfig) -> RefusedTasks {
    match agent.refused_tasks {
        config::RefusedTasks::Complete => RefusedTasks::Complete,
        config::RefusedTasks::Fail => RefusedTasks::Fail,
    }
}

/// The error of a task, with what to do about it.
fn explained(
    evaluation: &Evaluation,
    profile: &Profile,
    program: &dyn AgentProgram,
    clock: &AgentClock,
) -> Option<String> {
    if evaluation.reason == Reason::Refused && !evaluation.is_success(refused_tasks(&profile.agent)) {
        let refused = evaluation.refused.as_deref().unwrap_or("it was refused tools");
        return Some(format!("{refused}; agent.refused_tasks is \"fail\""));
    }
    let error = evaluation.error.as_deref()?;
    let remedy = match evaluation.reason {
        Reason::Limited => Some(until(evaluation, clock)),
        Reason::Auth => {
            program.remedy(Reason::Auth).map(|remedy| format!("{remedy}{}", whose_login(profile)))
        }
        reason => program.remedy(reason).map(str::to_owned),
    };
    Some(remedy.map_or_else(|| error.to_owned(), |remedy| format!("{error}; {remedy}")))
}

/// The variables of a profile that decide by which login its agents work, for one who is to log in there: a login without them is another one.
fn whose_login(profile: &Profile) -> String {
    let names: Vec<&str> =
        profile.env.keys().map(String::as_str).filter(|name| is_login_variable(name)).collect();
    match profile.configured().filter(|_| !names.is_empty()) {
        Some(name) => format!(
            "; this login is that of the profile {name:?}, with {} as in agents.{name}.env",
            names.join(", ")
        ),
        None => String::new(),
    }
}

/// The time until which a limit is used up, for people.
fn until(evaluation: &Evaluation, clock: &AgentClock) -> String {
    let limit = evaluation.limit.clone().unwrap_or_default();
    let window = limit.window.as_ref().map(|window| format!(" ({window})")).unwrap_or_default();
    match clock.reset_of(&limit) {
        Some(at) => {
            format!("the limit of the agent's account{window} is used up until {at}: retry it after that")
        }
        None => format!(
            "the limit of the agent's account{window} is used up, and until when is not known: retry it later"
        ),
    }
}

/// None where the agent told nothing.
fn task_usage(usage: Usage) -> Option<TaskUsage> {
    if usage.session_id.is_none() && usage.cost_usd.is_none() {
        return None;
    }
    let denials =
        usage.permission_denials.into_iter().map(|Denial { tool_name, what }| match what.as_str() {
            "" => tool_name,
            what => format!("{tool_name}: {what}"),
        });
    Some(TaskUsage {
        cost_usd: usage.cost_usd,
        turns: usage.turns,
        input_tokens: usage.tokens.input,
        output_tokens: usage.tokens.output,
        cache_read_tokens: usage.tokens.cache_read,
        cache_creation_tokens: usage.tokens.cache_creation,
        session_id: usage.session_id,
        permission_denials: denials.collect(),
    })
}

/// The end of a task whose agent could not be started for a reason of the daemon's own.
pub(super) fn could_not_start(why: &dyn std::fmt::Display) -> Outcome {
    let failed = Outcome::without_exit(TaskState::Failed, format!("its agent could not be started: {why}"));
    Outcome { cost: RunCost::Nothing, ..failed }
}

/// The end of a task whose agent, or check, was ended since its directory had been removed.
pub(super) fn removed(dir: &Path, is_check: bool) -> Outcome {
    let what = if is_check { "check" } else { "agent" };
    let why = format!(
        "{} was removed or replaced while its {what} ran, and what the daemon knows of it with it, so the {what} was ended; where it did that \
         itself, keep it from doing so: `git clean -xfd -e .aiwg` spares it",
        dir.display()
    );
    Outcome::without_exit(TaskState::Failed, why)
}

/// The outcome where the shim has ended the agent of its own accord.
pub(super) fn ended_by_shim(
    outcome: Outcome,
    why: Option<EndedFor>,
    agent: &AgentConfig,
    dir: &Path,
) -> Outcome {
    let failed = |error| Outcome {
        state: TaskState::Failed,
        reason: EndReason::FAILED,
        error: Some(error),
        ..outcome.clone()
    };
    match why {
        None => outcome,
        Some(EndedFor::TimeLimit) => outcome.given(Some(StopReason::Timeout)),
        Some(EndedFor::Removed) => failed(removed(dir, false).error.unwrap_or_default()),
        Some(EndedFor::Lease) => {
            failed("it was ended, since its host was cut off from the others for too long".to_owned())
        }
        Some(EndedFor::Output) => failed(match agent.max_output_mb {
            Some(most) => {
                format!(
                    "it wrote more than {most} MiB, as much as agent.max_output_mb allows, so it was ended"
                )
            }
            None => "it wrote more than agent.max_output_mb allowed when it was started, so it was ended"
                .to_owned(),
        }),
    }
}

fn not_started(error: &SpawnError, program: &str, root: &Path, profile: Option<&str>) -> String {
    let of_the_program = OF_THE_PROGRAM.contains(&error.errno);
    match find_program(program, root, profile) {
        Err(why) if of_the_program => why,
        _ => format!("the agent command {program:?} could not be started: {}", error.message),
    }
}

#[cfg(test)]
mod tests {
    use aiwg_agents::{limit::Limit, program_of};
    use aiwg_protocol::types::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;

    fn clock() -> AgentClock {
        AgentClock { now: Timestamp::from_millis(1_795_888_000_000), zone: TimeZone::UTC }
    }

    fn error_of(reason: Reason, limit: Option<Limit>) -> String {
        error_with(&Profile::default(), reason, limit)
    }

    fn error_with(profile: &Profile, reason: Reason, limit: Option<Limit>) -> String {
        let error = Some("it said so".to_owned());
        let evaluation = Evaluation { reason, error, limit, ..Evaluation::default() };
        explained(&evaluation, profile, program_of(&["claude".to_owned()]), &clock()).unwrap()
    }

    #[test]
    fn an_error_says_what_to_do() {
        for (reason, words) in [
            (Reason::Auth, "`claude setup-token`"),
            (Reason::Billing, "add credit"),
            (Reason::Overloaded, "passes by itself"),
            (Reason::Budget, "raise its cap"),
        ] {
            let error = error_of(reason, None);
            assert!(error.starts_with("it said so; ") && error.contains(words), "{error}");
        }
        assert_eq!(error_of(Reason::Failed, None), "it said so");
    }

    #[test]
    fn the_error_of_a_refused_login_says_whose_it_is() {
        let env = [("CLAUDE_CONFIG_DIR", "/home/me/other"), ("CI", "1")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let profile = Profile { name: Some("other".to_owned()), env, ..Profile::default() };
        let error = error_with(&profile, Reason::Auth, None);
        assert!(
            error.ends_with(r#"the profile "other", with CLAUDE_CONFIG_DIR as in agents.other.env"#),
            "{error}"
        );
        assert!(!error_of(Reason::Auth, None).contains("profile"));
        assert!(!error_with(&profile, Reason::Failed, None).contains("profile"));
    }

    #[test]
    fn a_refused_task_is_a_failure_where_that_is_asked_for() {
        let evaluation = Evaluation {
            reason: Reason::Refused,
            refused: Some("it was refused Bash".to_owned()),
            ..Evaluation::default()
        };
        for (refused_tasks, expected) in [
            (config::RefusedTasks::Complete, None),
            (config::RefusedTasks::Fail, Some("it was refused Bash; agent.refused_tasks is \"fail\"")),
        ] {
            let agent = AgentConfig { refused_tasks, ..AgentConfig::default() };
            let profile = Profile { agent, ..Profile::default() };
            let error = explained(&evaluation, &profile, program_of(&[]), &clock());
            assert_eq!(error.as_deref(), expected);
            assert_eq!(evaluation.is_success(super::refused_tasks(&profile.agent)), expected.is_none());
        }
    }

    #[test]
    fn a_limit_says_until_when_where_that_can_be_believed() {
        let limited = |resets_at| {
            error_of(
                Reason::Limited,
                Some(Limit { resets_at, window: Some("five_hour".to_owned()), ..Limit::default() }),
            )
        };
        let known = limited(Some(1_795_888_905));
        assert!(known.contains("(five_hour) is used up until 2026-11-28T18:01:45.000Z"), "{known}");
        for odd in [None, Some(5), Some(u64::MAX)] {
            assert!(limited(odd).contains("until when is not known"), "{odd:?}");
        }
        assert!(error_of(Reason::Limited, None).contains("until when is not known"));
    }
}
