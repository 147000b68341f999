//! An agent's environment, and its command line.

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use aiwg_agents::{CommandError, Invocation, Prompt, Session};
use aiwg_patterns::{Pattern, PatternError, PatternSet};
use aiwg_protocol::{
    SOCKET_ENV,
    config::{AgentConfig, AgentEnv, TelemetryConfig},
};

use crate::{
    engine::StartOrder,
    lifecycle::SERVICE_ENV,
    messaging::{STORE_VARIABLE, Secrets, TOKEN_VARIABLES},
    profiles::{Profile, program},
};

/// The task whose agent a process belongs to.
pub const TASK_ENV: &str = "AIWG_TASK_ID";

/// The depth of the task in its chain. From a shim's environment the daemons of other projects read it.
pub(crate) const DEPTH_ENV: &str = "AIWG_TASK_DEPTH";

/// The round that a process belongs to, where its task has a check: from 1; 0 for the check before the first round.
const ROUND_ENV: &str = "AIWG_ROUND";

/// The event that led to the task, as JSON; not set where there was none, or where it is too large for a variable.
const EVENT_ENV: &str = "AIWG_EVENT";

/// A file with the event that led to the task, as JSON.
const EVENT_FILE_ENV: &str = "AIWG_EVENT_FILE";

/// The variables of agents' environments, and of no others: a daemon that has them was started by an agent.
pub const AGENT_ENV: [&str; 6] = [SOCKET_ENV, TASK_ENV, DEPTH_ENV, ROUND_ENV, EVENT_ENV, EVENT_FILE_ENV];

/// The span of the run, as the header `traceparent` has it: programs that know OpenTelemetry go on with its trace.
const TRACEPARENT_ENV: &str = "TRACEPARENT";

/// A single variable may have 128 KiB on Linux, its name included.
const LONGEST_EVENT: usize = 120 * 1024;

/// Variables that an agent must not take over from the daemon: it would believe to run within another session of `claude`, or that the event
/// of another project's task led to its own. These are what `claude` tells its tools, and editors their terminals; all other `CLAUDE_CODE_*`
/// are logins and settings, as `CLAUDE_CODE_OAUTH_TOKEN`. `scripts/test-real-agent session_markers` compares them with what `claude` does.
const REMOVED: [&str; 23] = [
    "CLAUDECODE",
    "CLAUDE_PID",
    "CLAUDE_EFFORT",
    "CLAUDE_CODE_CHILD_NOTES_DIR",
    "CLAUDE_CODE_CHILD_SESSION",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_EXECPATH",
    "CLAUDE_CODE_INVOKED_SKILLS",
    "CLAUDE_CODE_LAUNCHED_BY_SESSION_IDS",
    "CLAUDE_CODE_MESSAGING_SOCKET",
    "CLAUDE_CODE_MESSAGING_TOKEN",
    "CLAUDE_CODE_SESSION_ACCESS_TOKEN",
    "CLAUDE_CODE_SESSION_ATTENDED",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_CODE_SESSION_KIND",
    "CLAUDE_CODE_SSE_PORT",
    "CLAUDE_CODE_STARTER_MAY_HOLD_CONNECTOR_FILE",
    "AI_AGENT",
    TRACEPARENT_ENV,
    "TRACESTATE",
    ROUND_ENV,
    EVENT_ENV,
    EVENT_FILE_ENV,
];

/// A variable that a task's environment refers to is not to be had.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Missing {
    /// It is not there.
    #[error(
        "its environment sets {name} from ${{{missing}}}, which is not in the daemon's environment: start the daemon with it set"
    )]
    Absent { name: String, missing: String },
    /// It is a token of messaging, a secret of a webhook, or the password of the store.
    #[error(
        "its environment sets {name} from ${{{missing}}}, a token of messaging, the secret of a webhook or the password of the store, which no agent gets: take {name} out of the \"env\" of the rule, \
         the profile or the task. An agent that is to use a bot needs a token of its own, in a variable of another name"
    )]
    Token { name: String, missing: String },
}

impl Missing {
    fn new(name: &str, missing: String, secrets: &Secrets) -> Self {
        let name = name.to_owned();
        let value = std::env::var_os(&missing).unwrap_or_default();
        if secrets.hold(&missing, &value) {
            Self::Token { name, missing }
        } else {
            Self::Absent { name, missing }
        }
    }
}

/// The variables that are added to the daemon's own environment.
pub(super) fn environment(
    order: &StartOrder,
    (profile, secrets, telemetry): (&Profile, &Secrets, &OwnTelemetry),
    project: &Path,
    socket: &str,
    event_file: Option<&Path>,
    event: Option<&str>,
) -> Result<BTreeMap<String, String>, Missing> {
    let mut all = BTreeMap::new();
    // Where it runs, and not where the daemon was started.
    all.insert("PWD".to_owned(), project.display().to_string());
    if let Some(traceparent) = &order.traceparent {
        all.insert(TRACEPARENT_ENV.to_owned(), traceparent.clone());
    }
    all.extend(telemetry.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    // The task's own come last: they count.
    for (name, value) in profile.env.iter().chain(&order.env) {
        let value = resolved(value, secrets).map_err(|missing| Missing::new(name, missing, secrets))?;
        all.insert(name.clone(), value);
    }
    all.extend(markers(order, socket).map(|(name, value)| (name.to_owned(), value)));
    if let Some(round) = &order.round {
        all.insert(ROUND_ENV.to_owned(), round.n.to_string());
    }
    if let Some(file) = event_file {
        all.insert(EVENT_FILE_ENV.to_owned(), file.display().to_string());
    }
    if let Some(event) = event.filter(|event| event.len() <= LONGEST_EVENT) {
        all.insert(EVENT_ENV.to_owned(), event.to_owned());
    }
    Ok(all)
}

/// The variables with which a program sends telemetry of its own.
pub(super) type OwnTelemetry = Vec<(&'static str, String)>;

/// Those that point the telemetry of `claude` to the collector of the daemon's traces; none where that is not asked for, and for other programs.
pub(super) fn own_telemetry(config: &TelemetryConfig, agent: &AgentConfig) -> OwnTelemetry {
    let Some(otlp) = config.otlp.as_ref().filter(|_| config.agent && program(agent).name() == "claude")
    else {
        return Vec::new();
    };
    let otlp_exporter = ["OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER", "OTEL_TRACES_EXPORTER"];
    let on = ["CLAUDE_CODE_ENABLE_TELEMETRY", "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA"];
    on.map(|name| (name, "1".to_owned()))
        .into_iter()
        .chain(otlp_exporter.map(|name| (name, "otlp".to_owned())))
        .chain([
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf".to_owned()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", otlp.trim_end_matches('/').to_owned()),
        ])
        .collect()
}

/// The variables that all processes of a task's agent have in their environment, its shim included, unless they remove them.
pub(super) fn markers(order: &StartOrder, socket: &str) -> [(&'static str, String); 3] {
    [(TASK_ENV, order.no.to_string()), (SOCKET_ENV, socket.to_owned()), (DEPTH_ENV, order.depth.to_string())]
}

/// A value with what it refers to of the daemon's environment; the name of the first that is not there, otherwise.
pub(super) fn resolved(value: &str, secrets: &Secrets) -> Result<String, String> {
    // No agent gets a token of messaging or a secret of a webhook, whatever the configuration says.
    resolve(value, |name| std::env::var(name).ok().filter(|value| !secrets.hold(name, value.as_ref())))
}

/// `value` with each `${NAME}` replaced; the name of the first that is not there, otherwise.
fn resolve(value: &str, get: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut resolved = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        resolved.push_str(before);
        resolved.push_str(&get(name).ok_or_else(|| name.to_owned())?);
        rest = after;
    }
    resolved.push_str(rest);
    Ok(resolved)
}

/// The variables of the daemon's environment that are kept wherever `agent.env.keep` is set: programs do not work without.
const ALWAYS_KEPT: [&str; 10] =
    ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TERM", "TZ", "LANG", "LC_*"];

/// The variables of the daemon that neither an agent nor a check ever finds, nor their shims: an agent can look at its parent.
pub(super) fn never_inherited() -> impl Iterator<Item = &'static str> {
    REMOVED.into_iter().chain(SERVICE_ENV).chain(TOKEN_VARIABLES).chain([STORE_VARIABLE])
}

/// Which of these variables an agent is not to find: those that none ever does, and those that the configuration keeps from it.
///
/// # Errors
/// A pattern is wrong, which the check of the configuration says.
pub(super) fn kept_back(
    env: &AgentEnv,
    all: impl Iterator<Item = (OsString, OsString)>,
    secrets: &Secrets,
) -> Result<Vec<OsString>, PatternError> {
    let removed = patterns(&env.remove)?;
    let kept = env
        .keep
        .as_ref()
        .map(|keep| patterns(ALWAYS_KEPT.into_iter().chain(keep.iter().map(String::as_str))));
    let kept = kept.transpose()?;
    let is_kept_back = |(name, value): &(OsString, OsString)| {
        let name = name.to_string_lossy();
        never_inherited().any(|never| name == never)
            || secrets.hold(&name, value)
            || removed.is_match(&name)
            || kept.as_ref().is_some_and(|kept| !kept.is_match(&name))
    };
    Ok(all.filter(is_kept_back).map(|(name, _)| name).collect())
}

fn patterns<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Result<PatternSet, PatternError> {
    let patterns: Result<Vec<Pattern>, _> =
        names.into_iter().map(|name| Pattern::topic(name.as_ref())).collect();
    PatternSet::new(patterns?)
}

/// The session in which an agent runs, and its prompt: those of the order, unless its program cannot go on in a session.
pub(super) fn asked<'a>(config: &AgentConfig, order: &'a StartOrder) -> (Session<'a>, &'a str) {
    match &order.resume {
        Some(session) if program(config).capabilities(&config.command).can_resume => {
            (Session::Resumed(session), &order.prompt)
        }
        Some(_) => (Session::default(), order.fresh_prompt.as_deref().unwrap_or(&order.prompt)),
        None => (Session::default(), &order.prompt),
    }
}

/// The parts of a command that the run decides.
#[derive(Default)]
pub(super) struct Chosen<'a> {
    /// The role of its program; none for the usual one.
    pub(super) agent: Option<&'a str>,
    pub(super) session: Session<'a>,
    pub(super) prompt: Prompt<'a>,
    /// The settings with which it asks for permissions; none if it does not.
    pub(super) settings: Option<&'a str>,
}

/// The agent's program and arguments.
///
/// # Errors
/// The prompt cannot be an argument, or the program has no agents to choose from.
pub(super) fn command(
    profile: &Profile,
    chosen: &Chosen<'_>,
    cap_usd: Option<f64>,
) -> Result<Vec<String>, CommandError> {
    let config = &profile.agent;
    let &Chosen { agent, session, prompt, settings } = chosen;
    let invocation = Invocation { agent, prompt, session, cap_usd, settings };
    program(config).command(&config.command, &invocation)
}

#[cfg(test)]
mod tests {
    use aiwg_model::TaskNo;
    use aiwg_protocol::types::Timestamp;

    use super::*;

    #[test]
    fn variables_are_resolved_wherever_they_stand() {
        let get = |name: &str| (name == "A").then(|| "1".to_owned());
        assert_eq!(resolve("x${A}y${A}", get), Ok("x1y1".to_owned()));
        assert_eq!(resolve("$A ${A", get), Ok("$A ${A".to_owned()));
        assert_eq!(resolve("${B}", get), Err("B".to_owned()));
        assert!(aiwg_model::names::is_closed("x${A}y$") && !aiwg_model::names::is_closed("${A}${B"));
    }

    #[test]
    fn a_token_that_no_agent_gets_is_not_asked_for() {
        let said = |missing: &str| Missing::new("BOT", missing.to_owned(), &Secrets::default()).to_string();
        for token in TOKEN_VARIABLES {
            assert!(said(token).contains("which no agent gets: take BOT out"), "{}", said(token));
            assert!(!said(token).contains("start the daemon"), "{}", said(token));
        }
        assert!(said("OTHER").contains("start the daemon with it set"));
    }

    fn kept_back_of(keep: Option<&[&str]>, remove: &[&str]) -> Vec<String> {
        use std::os::unix::ffi::OsStringExt;
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let env = AgentEnv { keep: keep.map(owned), remove: owned(remove) };
        let all = ["PATH", "HOME", "LC_ALL", "AWS_KEY", "AWS_SECRET_KEY", "GITHUB_TOKEN", "aws_key"];
        let all = all.into_iter().map(OsString::from).chain([OsString::from_vec(b"ODD\xff".to_vec())]);
        let kept_back = kept_back(&env, with_values(all), &Secrets::default()).unwrap();
        kept_back.into_iter().map(|name| name.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn names_are_kept_and_removed_by_patterns() {
        assert!(kept_back_of(None, &[]).is_empty());
        assert_eq!(kept_back_of(None, &["AWS_*", "*_TOKEN"]), ["AWS_KEY", "AWS_SECRET_KEY", "GITHUB_TOKEN"]);
        assert_eq!(
            kept_back_of(Some(&["AWS_*"]), &["*SECRET*"]),
            ["AWS_SECRET_KEY", "GITHUB_TOKEN", "aws_key", "ODD\u{fffd}"]
        );
        let nothing_else = ["AWS_KEY", "AWS_SECRET_KEY", "GITHUB_TOKEN", "aws_key", "ODD\u{fffd}"];
        assert_eq!(kept_back_of(Some(&[]), &[]), nothing_else);
        assert_eq!(kept_back_of(None, &["PATH"]), ["PATH"]);
    }

    #[test]
    fn what_no_agent_ever_finds_no_configuration_keeps() {
        for keep in [None, Some(vec!["*".to_owned()])] {
            let env = AgentEnv { keep, ..AgentEnv::default() };
            let all = ["AIWG_SLACK_TOKEN", "CLAUDE_CODE_SESSION_ACCESS_TOKEN", "NOTIFY_SOCKET", "OTHER"];
            let named = with_values(all.into_iter().map(OsString::from));
            assert_eq!(kept_back(&env, named, &Secrets::default()).unwrap(), all[..3]);
        }
    }

    fn with_values(names: impl Iterator<Item = OsString>) -> impl Iterator<Item = (OsString, OsString)> {
        names.map(|name| (name, OsString::from("x")))
    }

    fn order(prompt: &str) -> StartOrder {
        StartOrder {
            no: TaskNo(1),
            depth: 0,
            launch: 1,
            prompt: prompt.to_owned(),
            resume: None,
            fresh_prompt: None,
            profile: None,
            agent: None,
            env: BTreeMap::new(),
            cap_usd: None,
            timeout_ms: None,
            event: None,
            traceparent: None,
            round: None,
            tree: None,
            started_at: Timestamp::default(),
        }
    }

    #[test]
    fn a_run_has_its_cap_and_the_task_has_the_last_word_of_the_environment() {
        let agent = AgentConfig { command: vec!["claude".to_owned()], ..AgentConfig::default() };
        let env =
            [("A", "profile"), ("B", "profile")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let profile = Profile { agent, env: env.into(), ..Profile::default() };
        let order = StartOrder { env: [("B".to_owned(), "task".to_owned())].into(), ..order("x") };
        let words = |cap_usd| command(&profile, &Chosen::default(), cap_usd).unwrap();
        assert_eq!(words(Some(0.5)), ["claude", "--max-budget-usd", "0.5000"]);
        assert_eq!(words(None), ["claude"]);
        let made = |order: &StartOrder, telemetry: &OwnTelemetry| {
            let of = (&profile, &Secrets::default(), telemetry);
            environment(order, of, Path::new("/"), "socket", None, None).unwrap()
        };
        let all = made(&order, &Vec::new());
        assert_eq!((all["A"].as_str(), all["B"].as_str()), ("profile", "task"));
        assert!(!all.contains_key(TRACEPARENT_ENV));
        let traced = StartOrder { traceparent: Some("00-1".to_owned()), ..order };
        let otlp = |agent: bool| {
            let otlp = Some("http://127.0.0.1:4318/".to_owned());
            own_telemetry(&TelemetryConfig { otlp, agent, ..TelemetryConfig::default() }, &profile.agent)
        };
        assert!(otlp(false).is_empty());
        let all = made(&traced, &otlp(true));
        assert_eq!(
            (all[TRACEPARENT_ENV].as_str(), all["CLAUDE_CODE_ENABLE_TELEMETRY"].as_str()),
            ("00-1", "1")
        );
        assert_eq!(all["OTEL_EXPORTER_OTLP_ENDPOINT"], "http://127.0.0.1:4318");
        let plain = AgentConfig { command: vec!["./agent".to_owned()], ..AgentConfig::default() };
        let config =
            TelemetryConfig { otlp: Some("http://x".to_owned()), agent: true, ..TelemetryConfig::default() };
        assert!(own_telemetry(&config, &plain).is_empty(), "it is not known what it would make of them");
    }

    fn command_for(program: &str, more: &[&str], prompt: &str) -> Result<Vec<String>, CommandError> {
        let words = [program].iter().chain(more).map(|word| (*word).to_owned()).collect();
        let agent = AgentConfig { command: words, ..AgentConfig::default() };
        let chosen = Chosen { prompt: Prompt::Argument(prompt), ..Chosen::default() };
        command(&Profile { agent, ..Profile::default() }, &chosen, None)
    }

    #[test]
    fn a_program_that_cannot_go_on_in_a_session_is_asked_all_of_it() {
        let order = |resume: Option<&str>| StartOrder {
            resume: resume.map(str::to_owned),
            fresh_prompt: Some("Do it".to_owned()),
            ..order("Go on")
        };
        let running = |command: &str| {
            let command = command.split(' ').map(str::to_owned).collect();
            AgentConfig { command, ..AgentConfig::default() }
        };
        let claude = "claude -p --output-format stream-json --verbose";
        assert_eq!(asked(&running(claude), &order(Some("s"))), (Session::Resumed("s"), "Go on"));
        assert_eq!(asked(&running("./agent"), &order(Some("s"))), (Session::New, "Do it"));
        assert_eq!(asked(&running(claude), &order(None)), (Session::New, "Go on"));
    }

    #[test]
    fn a_prompt_is_never_an_option() {
        let danger = "--dangerously-skip-permissions";
        for program in ["claude", "/opt/claude", "codex"] {
            assert_eq!(command_for(program, &["-p"], danger).unwrap(), [program, "-p", "--", danger]);
            assert_eq!(command_for(program, &["-p"], "Do it").unwrap(), [program, "-p", "--", "Do it"]);
        }
        assert!(command_for("./agent", &[], danger).unwrap_err().to_string().contains("begins with a dash"));
        assert_eq!(command_for("./agent", &[], "Do it").unwrap(), ["./agent", "Do it"]);
        assert_eq!(command_for("./agent", &["--"], danger).unwrap(), ["./agent", "--", danger]);
        assert_eq!(command_for("claude", &["--"], danger).unwrap(), ["claude", "--", danger]);
    }
}
