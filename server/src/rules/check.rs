//! The sections `rules` and `actions`.

use std::{cell::OnceCell, collections::HashSet, path::Path};

use aiwg_model::names::{
    AGENT_RULE, NAME_RULE, PART_RULE, TOPIC_RULE, is_agent, is_closed, is_in_topics, is_name, is_part,
    is_topic, is_variable,
};
use aiwg_patterns::{Pattern, is_glob};
use aiwg_protocol::{
    config::{Action, Config, Expect, Patterns, RefusedTasks, Rule, Trigger},
    terms::{OnTimeout, RetryOn, RetryPolicy},
    types::{ApprovalLimits, ApprovalTerms, Span, Verify},
};

use super::{
    BuiltIn, RuleIndex, compile, is_task_time, minutes_to_ms, template, topics::Published, why_no_pattern,
};
use crate::config::{Check, SectionCheck, Step, nearest};

/// The checks of the sections `rules` and `actions`.
pub(crate) struct RulesCheck;

impl SectionCheck for RulesCheck {
    fn check(&self, check: &mut Check<'_, '_, '_>, config: &Config) {
        check.rules(config);
        check.actions(config);
        for name in config.lanes.keys().filter(|name| !is_part(name)) {
            check.wrong(&[Step::Key("lanes"), Step::Key(name)], PART_RULE);
        }
        if let Some(verify) = &config.defaults.verify {
            check.verify(verify, &[Step::Key("defaults"), Step::Key("verify")]);
        }
    }

    fn in_vain(&self, config: &Config) -> Vec<String> {
        events_in_vain(config)
    }

    fn not_meant(&self, project: &Path, config: &Config) -> Vec<String> {
        let of_actions = config.rules.iter().map(|rule| (format!("the rule {:?}", rule.id), &rule.action));
        let of_jobs = config.actions.iter().map(|(name, action)| (format!("the action {name:?}"), action));
        let never_fails = config.agent.refused_tasks == RefusedTasks::Complete;
        let of = |(who, action): (String, &Action)| {
            let Action::SubmitTask { verify, retry, .. } = action;
            let retry = retry.as_ref().filter(|_| never_fails).and_then(|retry| never_tried(&who, retry));
            protects_nothing(project, &who, verify.as_ref()).into_iter().chain(retry)
        };
        let defaults = protects_nothing(project, "\"defaults\"", config.defaults.verify.as_ref());
        of_actions.chain(of_jobs).flat_map(of).chain(defaults).collect()
    }
}

impl Check<'_, '_, '_> {
    fn rules(&mut self, config: &Config) {
        let rules = &config.rules;
        // The jobs are rules as well.
        let mut seen: HashSet<String> =
            compile(config).split_off(rules.len()).into_iter().map(|rule| rule.id).collect();
        // Made when the first rule needs it.
        let published = OnceCell::new();
        for (place, rule) in rules.iter().enumerate() {
            let at = [Step::Key("rules"), Step::Place(place)];
            let id = [at[0], at[1], Step::Key("id")];
            if !is_name(&rule.id) {
                self.wrong(&id, NAME_RULE);
            }
            if !seen.insert(rule.id.clone()) {
                self.wrong(&id, format!("another rule, or a job, has the id {:?} already", rule.id));
            }
            if let Some(why) = rule.expect.and_then(|expect| expects_nothing(&expect)) {
                self.wrong(&[at[0], at[1], Step::Key("expect"), Step::Key("within")], why);
            }
            self.trigger(config, rule, &at, &published);
            self.action(config, &rule.action, &[at[0], at[1], Step::Key("action")]);
        }
    }

    fn actions(&mut self, config: &Config) {
        for (name, action) in &config.actions {
            let at = [Step::Key("actions"), Step::Key(name)];
            if !is_name(name) {
                self.wrong(&at, NAME_RULE);
            }
            self.action(config, action, &at);
        }
    }

    fn trigger(&mut self, config: &Config, rule: &Rule, at: &[Step<'_>], published: &OnceCell<Published>) {
        let (key, patterns) = match &rule.trigger {
            Trigger::FileChange { pattern } => ("pattern", pattern),
            Trigger::Event { topic } => ("topic", topic),
            // Looked at with the other schedules.
            Trigger::Schedule { .. } => return,
        };
        let at = [at, &[Step::Key("trigger"), Step::Key(key)]].concat();
        let (mut is_first, mut is_good) = (true, true);
        let all: Vec<_> = patterns.entries().map(|entry| (entry.takes_out, entry.text)).collect();
        for (place, entry) in patterns.entries().enumerate() {
            let in_vain = || match (entry.takes_out, &rule.trigger) {
                (true, _) if is_first => Some(TAKES_OUT_NOTHING.to_owned()),
                (true, _) => takes_out_all(&all, place).then(|| TAKES_OUT_ALL.to_owned()),
                // The watcher's check knows which files are watched.
                (false, Trigger::FileChange { .. }) => None,
                _ => published.get_or_init(|| Published::by(config)).in_vain(entry.text),
            };
            if let Some(why) = wrong_pattern(&rule.trigger, entry.text).or_else(in_vain) {
                let at = match patterns {
                    Patterns::One(_) => at.clone(),
                    Patterns::Several(_) => [at.as_slice(), &[Step::Place(place)]].concat(),
                };
                self.wrong(&at, why);
                is_good = false;
            }
            is_first &= entry.takes_out;
        }
        if let Some(error) = is_good.then(|| RuleIndex::new(vec![rule.clone()]).err()).flatten() {
            self.wrong(&at, error.why());
        }
    }

    fn action(&mut self, config: &Config, action: &Action, at: &[Step<'_>]) {
        let Action::SubmitTask { prompt, agent, env, lane, verify, expires, delay, approval, .. } = action;
        let member = |key| [at, &[Step::Key(key)]].concat();
        if prompt.trim().is_empty() {
            self.wrong(&member("prompt"), "must not be empty: say what the agent is to do");
        }
        if let Err(error) = template::check(prompt) {
            self.wrong(&member("prompt"), error.to_string());
        }
        if agent.as_ref().is_some_and(|agent| !is_agent(agent)) {
            self.wrong(&member("agent"), AGENT_RULE);
        }
        if let Some(why) = lane.as_deref().and_then(|lane| no_lane(config, lane)) {
            self.wrong(&member("lane"), why);
        }
        if let Some(why) = expires.and_then(|expires| expires_early(expires, *delay)) {
            self.wrong(&member("expires"), why);
        }
        if let Some(limits) = approval.and_then(ApprovalTerms::limits) {
            self.approval(&limits, *expires, &member("approval"));
        }
        if let Some(verify) = verify {
            self.verify(
                &verify.clone().or(&config.defaults.verify.clone().unwrap_or_default()),
                &member("verify"),
            );
        }
        for (name, value) in env {
            let at = [at, &[Step::Key("env"), Step::Key(name)]].concat();
            if !is_variable(name) {
                self.wrong(&at, format!("{name:?} is no name of a variable"));
            }
            if value.contains('\0') {
                self.wrong(&at, "must not have a null character");
            }
            if !is_closed(value) {
                self.wrong(
                    &at,
                    "a ${ has no } after it: ${NAME} stands for a variable of the daemon's environment",
                );
            }
        }
    }
}

impl Check<'_, '_, '_> {
    /// Checks that the time of an approval can come to an end, wherever the configuration says what counts then.
    fn approval(&mut self, limits: &ApprovalLimits, expires: Option<Span>, at: &[Step<'_>]) {
        let member = |key| [at, &[Step::Key(key)]].concat();
        let Some(minutes) = limits.timeout_minutes else {
            // As it is written: what is left out cannot be told from the default by its value.
            let written = ["on_timeout", "onTimeout"].map(member);
            if let Some(at) = written.iter().find(|at| self.is_set(at)) {
                self.wrong(at, NEVER_TIMES_OUT);
            }
            return;
        };
        if let Some(why) = expires.and_then(|expires| times_out_late(minutes, expires)) {
            let [at, other] = ["timeout_minutes", "timeoutMinutes"].map(member);
            self.wrong(if self.is_set(&at) { &at } else { &other }, why);
        }
    }

    fn verify(&mut self, verify: &Verify, at: &[Step<'_>]) {
        if let Some((member, why)) = wrong_verify(verify) {
            let is_default = matches!(at.first(), Some(Step::Key("defaults")));
            let why = match why.split_once("; or set it for all") {
                Some((why, _)) if is_default => why.to_owned(),
                _ => why,
            };
            self.wrong(&[at, &[Step::Key(member)]].concat(), why);
        }
    }
}

/// The member of a check that is wrong, and the problem with it; none if it can be used. Its defaults are part of it already.
pub(crate) fn wrong_verify(verify: &Verify) -> Option<(&'static str, String)> {
    if verify.enabled == Some(false) {
        return None;
    }
    match &verify.command {
        None => {
            let why = "must be there, as \"command\": \"npm test\": it says when the work is done; or set it for all in \
                       \"defaults.verify\"";
            return Some(("command", why.to_owned()));
        }
        Some(command) if command.words().iter().any(|word| word.contains('\0')) => {
            return Some(("command", "must not have a null character".to_owned()));
        }
        Some(command) if command.is_empty() => {
            return Some(("command", "must not be empty: it says when the work is done".to_owned()));
        }
        Some(_) => {}
    }
    let rounds = 1..=Verify::MOST_ROUNDS;
    if verify.max_rounds.is_some_and(|most| !rounds.contains(&most)) {
        return Some(("max_rounds", format!("must be from 1 to {}", Verify::MOST_ROUNDS)));
    }
    if verify.timeout_minutes.is_some_and(|minutes| !is_task_time(minutes)) {
        return Some(("timeout_minutes", "must be more than 0, and at most a year".to_owned()));
    }
    let wrong = |glob: &String| {
        let syntax = || Pattern::path(glob).err().map(|error| error.to_string());
        let why = wrong_path(glob).or_else(|| never_protected(glob)).or_else(syntax)?;
        Some(("protect", format!("has the pattern {glob:?}, which is wrong: {why}")))
    };
    verify.protect.iter().flatten().find_map(wrong)
}

/// The problem with a time after which a task is no longer wanted that is not to start before a delay is over; none if it can start.
pub(crate) fn expires_early(expires: Span, delay: Option<Span>) -> Option<String> {
    if expires.as_millis() == 0 {
        return Some("must be more than 0: the task would expire at once".to_owned());
    }
    let delay = delay.filter(|delay| expires <= *delay)?;
    Some(format!(
        "({expires}) must be more than \"delay\" ({delay}): the task would expire before it may start"
    ))
}

/// The notice of a policy that names refused tools, where those are no failure; none if it does not.
fn never_tried(who: &str, retry: &RetryPolicy) -> Option<String> {
    retry.on.contains(&RetryOn::Refused).then(|| {
        format!("{who}: \"refused\" of retry.on has no effect while agent.refused_tasks is \"complete\": set that to \"fail\"")
    })
}

/// The problem with a decision that counts if nobody makes one in time, where there is no such time.
const NEVER_TIMES_OUT: &str =
    "has no effect without \"timeout_minutes\": a person is waited for as long as it takes";

/// The problem with a decision that a client wants to count if nobody makes one in time, where there is no such time; none if there is. Clients send
/// the default as well where nobody has asked for it, so that one is no problem.
pub(crate) fn never_times_out(limits: &ApprovalLimits) -> Option<&'static str> {
    let is_in_vain = limits.on_timeout != OnTimeout::default() && limits.timeout_minutes.is_none();
    is_in_vain.then_some(NEVER_TIMES_OUT)
}

/// The problem with a time to approve a task that is no longer wanted before that is over; none if it is.
pub(crate) fn times_out_late(minutes: f64, expires: Span) -> Option<String> {
    (minutes_to_ms(minutes) >= expires.as_millis()).then(|| {
        format!(
            "({minutes}) must be less than \"expires\" ({expires}): the task would expire before the time to approve it is over"
        )
    })
}

/// The reason for which no protected file can match, if there is one: they are files of the project that are not git's or the daemon's own.
fn never_protected(glob: &str) -> Option<String> {
    let parts: Vec<&str> = glob.strip_prefix("./").unwrap_or(glob).split('/').collect();
    if parts.contains(&".git") || parts.first() == Some(&".aiwg") {
        return Some(
            "matches no file: what is in .git and .aiwg changes by itself, and is not looked at".to_owned(),
        );
    }
    let is_home = parts.first().is_some_and(|first| first.starts_with('~')) && parts.len() > 1;
    is_home.then(|| {
        "matches no file: a pattern is relative to the project, and ~ is no directory of it".to_owned()
    })
}

/// The problem with the name of a lane; none if the configuration has it.
pub(crate) fn no_lane(config: &Config, lane: &str) -> Option<String> {
    if config.lanes.contains_key(lane) {
        return None;
    }
    let known: Vec<&str> = config.lanes.keys().map(String::as_str).collect();
    let advice = match (nearest(lane, &known), known.as_slice()) {
        (Some(near), _) => format!("did you mean {near:?}?"),
        (None, []) => "the configuration has none: add it to \"lanes\"".to_owned(),
        (None, known) => format!("\"lanes\" has {}", known.join(", ")),
    };
    Some(format!("there is no lane {lane:?}; {advice}"))
}

/// The problem with a pattern of a trigger, regardless of the files watched and the topics published.
pub(crate) fn wrong_pattern(trigger: &Trigger, text: &str) -> Option<String> {
    let (wrong, pattern) = match trigger {
        Trigger::FileChange { .. } => (wrong_path(text), Pattern::path(text)),
        _ => (wrong_topic(text), Pattern::topic(text)),
    };
    wrong.or_else(|| Some(why_no_pattern(&pattern.err()?)))
}

/// The problem of a pattern after which nothing is left.
const TAKES_OUT_ALL: &str = "takes out all that the patterns before it match, and none matches after it";

/// True if nothing is left after the pattern at this place of a list, each entry of which takes out or not.
fn takes_out_all(all: &[(bool, &str)], place: usize) -> bool {
    let Some((before, [(_, text), after @ ..])) = all.split_at_checked(place) else { return false };
    let is_all = |text: &str| matches!(text, "*" | "**");
    let is_within = |(takes_out, other): &(bool, &str)| *takes_out || other == text;
    // On paths a single star stays in the project's own directory.
    let is_out = before.iter().all(is_within)
        || (is_all(text) && (*text == "**" || before.iter().all(|(_, other)| !other.contains('/'))));
    is_out && after.iter().all(|(takes_out, _)| *takes_out)
}

/// The problem of a pattern that takes out where nothing is.
const TAKES_OUT_NOTHING: &str =
    "takes out nothing: no pattern before it matches anything; write those that match first";

/// The reason for which no event can have such a topic, if there is one.
fn wrong_topic(topic: &str) -> Option<String> {
    if topic.starts_with('!') {
        return Some(format!(
            "no event can have such a topic: a ! takes out of what the patterns before it in a list match, as in [\"*\", {topic:?}]"
        ));
    }
    let can_be = if is_glob(topic) {
        topic.chars().all(|c| is_in_topics(c) || is_glob(c.encode_utf8(&mut [0; 4])) || ",^".contains(c))
    } else {
        is_topic(topic)
    };
    (!can_be).then(|| format!("no event can have such a topic: {TOPIC_RULE}"))
}

/// The reason for which no file of the project can match, if there is one.
fn wrong_path(pattern: &str) -> Option<String> {
    if pattern.is_empty() {
        return Some("must not be empty: \"**\" matches all files".to_owned());
    }
    if let Some(rest) = pattern.strip_prefix('!') {
        return Some(format!(
            "matches no file: a ! takes out of what the patterns before it in a list match, as in [\"**\", {:?}]; \\! stands for \
             the character",
            format!("!{rest}")
        ));
    }
    if let Some(rest) = pattern.strip_prefix('/') {
        let rest = rest.trim_start_matches('/');
        return Some(format!("matches no file: a pattern is relative to the project, such as {rest:?}"));
    }
    let parts: Vec<&str> = pattern.strip_prefix("./").unwrap_or(pattern).split('/').collect();
    if parts.contains(&"..") {
        let why = "matches no file: a pattern is relative to the project, and cannot lead out of it";
        return Some(why.to_owned());
    }
    if pattern.ends_with('/') {
        return Some(format!(
            "matches no file, since it names a directory: {:?} matches all in it",
            format!("{pattern}**")
        ));
    }
    if parts.iter().any(|part| part.is_empty() || *part == ".") {
        let plain: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty() && *part != ".").collect();
        return Some(format!(
            "matches no file: no path has an empty part or a \".\" in it; write {:?}",
            plain.join("/")
        ));
    }
    None
}

/// Rules on events of the daemon that it does not publish unless something else is asked for.
fn events_in_vain(config: &Config) -> Vec<String> {
    let missing = |topic: &str| match topic {
        topic if topic.starts_with("file:") && !config.watches_files() => {
            Some("files are not watched: \"watch\": {\"enabled\": true} watches them")
        }
        topic if topic.starts_with("health:") && !BuiltIn::HealthCheck.is_in(config) => {
            Some("no job has the action \"health-check\"")
        }
        "daemon:report" if !BuiltIn::Report.is_in(config) => Some("no job has the action \"report\""),
        "task:stalled" if config.daemon.stall_minutes.is_none() => {
            Some("\"daemon.stall_minutes\" is not set")
        }
        _ => None,
    };
    let notices = |rule: &Rule| -> Vec<String> {
        let Trigger::Event { topic } = &rule.trigger else { return Vec::new() };
        let in_vain = topic.matching().filter_map(|topic| Some((topic, missing(topic)?)));
        in_vain
            .map(|(topic, why)| format!("the rule {:?} waits in vain for {topic:?}: {why}", rule.id))
            .collect()
    };
    config.rules.iter().flat_map(notices).collect()
}

/// The problem with the time in which a success is expected; none if there can be one.
pub(crate) fn expects_nothing(expect: &Expect) -> Option<&'static str> {
    (expect.within.as_millis() == 0).then_some("must be more than 0: no task succeeds in no time")
}

/// The patterns of protected files that are below what is not there: of others it takes a walk to know what they match.
fn protects_nothing(project: &Path, who: &str, verify: Option<&Verify>) -> Vec<String> {
    let globs = verify.and_then(|verify| verify.protect.as_ref()).into_iter().flatten();
    let missing = globs.filter_map(|glob| {
        let fixed: Vec<&str> =
            glob.strip_prefix("./").unwrap_or(glob).split('/').take_while(|part| !is_glob(part)).collect();
        let fixed = fixed.join("/");
        let is_missing = !fixed.is_empty() && project.join(&fixed).symlink_metadata().is_err();
        is_missing.then(|| format!("{who} protects {glob:?}, and there is no {fixed:?} in the project"))
    });
    missing.collect()
}
