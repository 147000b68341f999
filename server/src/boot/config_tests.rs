//! The error messages for wrong configurations.

use std::path::Path;

use aiwg_protocol::{
    config::{Config, FileChangeKind, WatchPath},
    schema::config_schema,
};

use super::parse_config as parse;
use crate::config::ConfigError;

/// `LINE:COLUMN: MESSAGE` of all that is wrong.
fn wrong(text: &str) -> Vec<String> {
    match parse(Path::new(env!("CARGO_MANIFEST_DIR")), "f", text) {
        Err(ConfigError::Wrong { problems }) => {
            problems.iter().map(|problem| problem.to_string()["f:".len()..].trim_start().to_owned()).collect()
        }
        other => panic!("{text}: {other:?}"),
    }
}

fn good(text: &str) -> (Config, Vec<String>) {
    parse(Path::new(env!("CARGO_MANIFEST_DIR")), "f", text).unwrap_or_else(|error| panic!("{error}"))
}

/// A rule with these in place of its own members.
fn rule(members: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("id", r#""r""#),
        ("trigger", r#"{"type":"event","topic":"a:b"}"#),
        ("action", r#"{"type":"submit_task","prompt":"p"}"#),
    ];
    for (key, value) in members {
        all.retain(|(known, _)| known != key);
        all.push((key, value));
    }
    let members: Vec<String> = all.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
    format!("{{\"rules\":[\n{{{}}}]}}", members.join(",\n"))
}

#[test]
fn a_list_is_no_object() {
    assert_eq!(wrong("[]"), ["1:1: must be an object; it is a list"]);
    assert_eq!(wrong(r#"{"daemon": []}"#), ["1:2: daemon: must be an object; it is a list"]);
    assert_eq!(
        wrong(&rule(&[("action", r#"["submit_task","p",7]"#)])),
        ["4:1: rules[0].action: must be an object; it is a list"]
    );
}

#[test]
fn a_wrong_length_of_time_is_found_where_it_stands() {
    let form =
        "must be a length of time such as \"90s\", \"10m\", \"26h\" or \"7d\", ten years at the most; it is";
    assert_eq!(
        wrong(&rule(&[("expect", r#"{"within": "1 day"}"#)])),
        [format!("5:11: rules[0].expect.within: {form} \"1 day\"")]
    );
    for key in ["delay", "expires"] {
        let action = format!(r#"{{"type":"submit_task","prompt":"p","{key}":"99999999d"}}"#);
        let said = wrong(&rule(&[("action", &action)]));
        assert_eq!(said, [format!("4:45: rules[0].action.{key}: {form} \"99999999d\"")]);
    }
    let job = r#"{"name":"a","cron":"@daily","action":"x","expect":{"within":""}}"#;
    let said = wrong(&format!("{{\"schedule\":{{\"jobs\":[\n{job}]}}}}"));
    assert_eq!(said, [format!("2:52: schedule.jobs[0].expect.within: {form} \"\"")]);
}

#[test]
fn a_key_stands_once() {
    assert_eq!(
        wrong("{\"rules\":[],\n \"rules\":[]}"),
        ["2:2: rules: the key \"rules\" stands twice; only one of them can count"]
    );
    assert_eq!(
        wrong(r#"{"schedule":{"jobs":[{"name":"a","id":"b","cron":"@daily","action":"x"}]}}"#),
        ["1:34: schedule.jobs[0].id: the keys \"name\" and \"id\" mean the same; only one of them can count"]
    );
}

#[test]
fn no_object_takes_unknown_keys() {
    assert_eq!(
        wrong(&rule(&[("condition", r#"{"type":"always","interval_ms":5000}"#)])),
        ["5:30: unknown key \"interval_ms\" in rules[0].condition; expected only \"type\""]
    );
    // Every object in the schema is closed, except those whose keys are names of the user's own.
    fn closed(schema: &serde_json::Value) {
        if schema.get("properties").is_some() {
            assert_eq!(schema["additionalProperties"], false, "{schema}");
        }
        match schema {
            serde_json::Value::Object(members) => members.values().for_each(closed),
            serde_json::Value::Array(members) => members.iter().for_each(closed),
            _ => {}
        }
    }
    closed(&config_schema());
}

#[test]
fn all_problems_are_reported_in_their_order() {
    let text = r#"{"a":1,"b":2,"daemonn":{},
 "daemon":{"max_parallel_actions":"three","heartbeat_interval_seconds":0,"log":{"max_size":1}},
 "rules":[{"id":"x"},
  {"id":"","trigger":{"type":"evnt"},"action":{"type":"submit_task","prompt":"{{ evnt }}"}},
  {"id":"same","trigger":{"type":"event","topic":""},"action":{"type":"submit_task","prompt":"{{ evnt }}"}}],
 "schedule":{"jobs":[{"name":"j","cron":"x","action":"y"}]}}"#;
    let wrong = wrong(text);
    let expected = [
        "1:2: unknown key \"a\"; did you",
        "1:8: unknown key \"b\"; expected one of $schema, store, host, fleet, daemon,",
        "1:14: unknown key \"daemonn\"; did you mean \"daemon\"?",
        "2:12: daemon.max_parallel_actions: must be a whole number; it is \"three\"",
        "2:43: daemon.heartbeat_interval_seconds: must be at least 1",
        "2:81: unknown key \"max_size\" in daemon.log; did you mean \"max_size_mb\"?",
        "3:11: rules[0]: the key \"trigger\" is missing",
        "3:11: rules[0]: the key \"action\" is missing",
        "4:4: rules[1].id: must not be empty",
        "4:23: rules[1].trigger.type: must be one of \"file_change\", \"schedule\", \"event\"; it is \"evnt\"; did you mean \"event\"?",
        "5:42: rules[2].trigger.topic: no event can have",
        "5:85: rules[2].action.prompt: \"evnt\" is unknown",
        "6:34: schedule.jobs[0].cron: ",
    ];
    assert_eq!(wrong.len(), expected.len(), "{wrong:#?}");
    for (wrong, expected) in wrong.iter().zip(expected).skip(1) {
        assert!(wrong.starts_with(expected), "{wrong}\n{expected}");
    }
}

#[test]
fn it_is_said_in_words_of_json() {
    let paths = |entry: &str| wrong(&format!(r#"{{"watch":{{"paths":[{entry}]}}}}"#));
    assert_eq!(
        paths(r#"{"path":"src","ignored":["x"]}"#),
        ["1:34: unknown key \"ignored\" in watch.paths[0]; did you mean \"ignore\"?"]
    );
    assert_eq!(
        paths(r#"{"path":"src","events":["chnge"]}"#),
        [
            "1:44: watch.paths[0].events[0]: must be one of \"created\", \"modified\", \"deleted\", \"renamed\"; it is \"chnge\"; did you mean \"change\"?"
        ]
    );
    assert_eq!(paths("7"), ["1:20: watch.paths[0]: must be a text or an object; it is 7"]);
    let daemon = |members: &str| wrong(&format!(r#"{{"daemon":{{{members}}}}}"#)).remove(0);
    let said = daemon(r#""max_files": null, "log": null"#);
    assert!(said.contains("unknown key \"max_files\" in daemon"), "{said}");
    assert!(
        daemon(r#""log": null"#)
            .ends_with("must be an object; it is null; leave the key out for its default")
    );
    assert!(daemon(r#""max_queued": 0"#).ends_with("must be at least 1"));
    assert!(daemon(r#""max_queued": 1.5"#).ends_with("must be a whole number; it is 1.5"));
    assert!(daemon(r#""max_queued": 4294967296"#).ends_with("must be at most 4294967295"));
    assert!(daemon(r#""max_message_mb": 1025"#).ends_with("must be from 1 to 1024"));
    assert!(daemon(r#""stall_minutes": 0"#).ends_with("must be more than 0 and at most 525600"));
    assert!(daemon(r#""action_timeout_minutes": 1e999"#).ends_with("1e999 is too large"));
    assert!(
        daemon(r#""interrupted_tasks": true"#).ends_with("must be one of \"requeue\", \"fail\"; it is true")
    );
    good(r#"{"webhook": {"any": [{"thing": null}]}}"#);
    let (config, _) = good(
        r#"{"daemon": {"max_queued": null}, "retention": {"task_days": null}, "schedule": {"enabled": null}}"#,
    );
    assert_eq!((config.daemon.max_queued, config.retention.task_days), (None, None));
}

#[test]
fn what_can_never_be_is_refused() {
    let one = |members: &[(&str, &str)]| {
        let mut wrong = wrong(&rule(members));
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        wrong.remove(0)
    };
    let trigger = |trigger: &str| one(&[("trigger", trigger)]);
    assert!(trigger(r#"{"type":"event","topic":"x y"}"#).contains("no event can have such a topic"));
    assert!(trigger(r#"{"type":"event","topic":"x *"}"#).contains("no event can have such a topic"));
    assert!(trigger(r#"{"type":"event","topic":"x{"}"#).contains("is no valid pattern"));
    assert!(trigger(r#"{"type":"file_change","pattern":"/src/*.ts"}"#).contains("such as \"src/*.ts\""));
    assert!(trigger(r#"{"type":"file_change","pattern":"../*.ts"}"#).contains("cannot lead out of it"));
    assert!(trigger(r#"{"type":"file_change","pattern":"src/"}"#).contains("\"src/**\""));
    assert!(one(&[("id", r#""a\nb""#)]).contains("rules[0].id: must be a name"));
    let action = |more: &str| one(&[("action", &format!(r#"{{"type":"submit_task","prompt":"p",{more}}}"#))]);
    assert!(
        action(r#""agent":"--dangerously-skip-permissions""#)
            .contains("rules[0].action.agent: must be a name")
    );
    assert!(action(r#""env":{"A":"${B"}"#).contains("rules[0].action.env.A: a ${ has no }"));
    assert!(action(r#""env":{"A=":"x"}"#).contains("no name of a variable"));
    let said =
        wrong(r#"{"actions":{"audit":{"type":"submit_task","prompt":" ","agent":"-x","priority":1001}}}"#);
    let places: Vec<&str> = said.iter().map(|said| said.split(':').nth(2).unwrap()).collect();
    assert_eq!(places, [" actions.audit.prompt", " actions.audit.agent", " actions.audit.priority"]);
    let said = wrong(r#"{"watch":{"enabled":false,"paths":["src", "/etc", {"path":"a/../../b"}]}}"#);
    assert!(
        said[0].starts_with("1:43: watch.paths[1]: ") && said[1].starts_with("1:51: watch.paths[2]: "),
        "{said:?}"
    );
}

#[test]
fn globs_and_absolute_paths_within_the_project_are_fine() {
    for topic in ["task:*", "{a,b}:c", "a:[a-z]?", "a:[!x]"] {
        good(&rule(&[("trigger", &format!(r#"{{"type":"event","topic":{topic:?}}}"#))]));
    }
    let src = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    good(&format!(r#"{{"watch":{{"paths":[{src:?}]}}}}"#));
}

#[test]
fn the_mark_of_utf_8_is_passed_over() {
    good("\u{feff}{}");
    assert_eq!(wrong("\u{feff}{\"rulez\":1}"), ["1:2: unknown key \"rulez\"; did you mean \"rules\"?"]);
}

#[test]
fn a_schedule_that_never_fires_is_noticed() {
    let (_, notices) = good(&rule(&[("trigger", r#"{"type":"schedule","cron":"0 0 31 2 *"}"#)]));
    assert!(notices[0].contains("\"r\" never fires"), "{notices:?}");
}

#[test]
fn other_names_are_understood() {
    let (config, _) = good(
        r#"{"watch":{"paths":[{"path":"src","events":["add","create","change","modify","unlink","delete","rename"]}]},
            "schedule":{"enabled":true,"jobs":[{"id":"j","cron":"@daily","action":"x"}]},
            "actions":{"x":{"type":"submit_task","prompt":"p","timeout_minutes":1}}}"#,
    );
    use FileChangeKind::{Created, Deleted, Modified, Renamed};
    let WatchPath::Options(options) = &config.watch.paths[0] else { panic!() };
    let kinds = [Created, Created, Modified, Modified, Deleted, Deleted, Renamed];
    assert_eq!(options.events.as_deref(), Some(kinds.as_slice()));
    assert_eq!(config.schedule.jobs[0].name, "j");
}

#[test]
fn a_wait_ends_within_a_year_and_a_job_is_a_rule_too() {
    let wait = rule(&[("condition", r#"{"type":"debounce","interval_ms":9223372036854775807}"#)]);
    assert!(wrong(&wait)[0].contains("condition.interval_ms"), "{:?}", wrong(&wait));
    let job = r#""schedule":{"jobs":[{"name":"daily","cron":"@daily","action":"look"}]}"#;
    let both = format!("{},{job}}}", rule(&[("id", r#""schedule:daily""#)]).strip_suffix('}').unwrap());
    assert!(wrong(&both)[0].contains("a job, has the id"), "{:?}", wrong(&both));
}

#[test]
fn names_and_lists_have_limits() {
    let long = "x".repeat(201);
    assert_eq!(
        wrong(&rule(&[("id", &format!("{long:?}"))])),
        ["4:1: rules[0].id: has 201 characters; 200 is the limit"]
    );
    assert!(parse(Path::new("/"), "f", &rule(&[("id", &format!("{:?}", "ä".repeat(200)))])).is_ok());
    let job =
        format!(r#"{{"schedule":{{"jobs":[{{"name":"a","cron":"{}","action":"x"}}]}}}}"#, "1,".repeat(1000));
    assert!(wrong(&job)[0].ends_with("schedule.jobs[0].cron: has 2000 characters; 1000 is the limit"));
    let ignored = format!(r#"{{"watch":{{"ignore":[{}"a"]}}}}"#, r#""a","#.repeat(1000));
    assert_eq!(wrong(&ignored), ["1:11: watch.ignore: has 1001 entries; 1000 is the limit"]);
    let action = format!(r#"{{"actions":{{"{long}":{{"type":"submit_task","prompt":"p"}}}}}}"#);
    assert!(wrong(&action)[0].ends_with("has 201 characters; 200 is the limit"));
}

#[test]
fn a_problem_that_occurs_a_thousand_times_is_reported_a_hundred_times() {
    let said = wrong(&format!("{{{}\"daemon\":1}}", r#""x":1,"#.repeat(150_000)));
    assert_eq!((said.len(), said.last().unwrap().as_str()), (101, "and 149901 more problems"));
    let said = wrong(&format!("{{{:?}: 1}}", "x".repeat(1 << 20)));
    assert!(said[0].len() < 5_000, "{}", said[0].len());
}

proptest::proptest! {
    #[test]
    fn whatever_stands_there_is_read_or_refused(
        tokens in proptest::collection::vec(
            proptest::sample::select(vec![
                "{", "}", "[", "]", ":", ",", "\"rules\"", "\"id\"", "\"trigger\"", "\"type\"", "\"file_change\"", "\"pattern\"",
                "\"event\"", "\"topic\"", "\"task:*\"", "\"{a,b\"", "\"watch\"", "\"ignore\"", "\"./x\"", "\"schedule\"", "\"jobs\"",
                "\"cron\"", "\"*/5 * * * *\"", "\"action\"", "\"prompt\"", "\"{{ event }}\"", "1", "-1e999", "true", "null",
                "/*", "*/", "//", "\n", "\"\\ud800\"", "é", "\\",
            ]),
            0..200,
        ),
    ) {
        if let Err(error) = parse(Path::new(env!("CARGO_MANIFEST_DIR")), "f", &tokens.concat()) {
            proptest::prop_assert!(!error.problems().is_empty());
        }
    }
}

#[test]
fn a_budget_can_be_kept() {
    let budget = |members: &str| wrong(&format!("{{\"budget\": {{\n{members}}}}}"));
    assert_eq!(
        budget(r#""day_usd": -5"#),
        ["2:1: budget.day_usd: must be more than 0 and at most 1000000000"]
    );
    assert_eq!(
        budget(r#""month_usd": 0"#),
        ["2:1: budget.month_usd: must be more than 0 and at most 1000000000"]
    );
    assert_eq!(budget(r#""day_usd": "5""#), ["2:1: budget.day_usd: must be a number; it is \"5\""]);
    assert_eq!(
        budget(r#""unknown_cost_usd": -1"#),
        ["2:1: budget.unknown_cost_usd: must be from 0 to 1000000000"]
    );
    assert_eq!(budget(r#""warn_at": 80"#), ["2:1: budget.warn_at: must be more than 0 and at most 1"]);
    assert_eq!(
        budget(r#""day_usd": 5, "task_usd": 6"#),
        [
            "2:15: budget.task_usd: is 6, and budget.day_usd only 5: a task can never cost more than that; lower the one or raise the other"
        ]
    );
    assert_eq!(
        budget(r#""days_usd": 5"#),
        ["2:1: unknown key \"days_usd\" in budget; did you mean \"day_usd\"?"]
    );
    assert_eq!(
        budget(r#""prices": {"m": {"input": 1, "output": -2}}"#),
        ["2:30: budget.prices.m.output: must be from 0 to 1000000000"]
    );
    let rules = r#"{"rules": [{"id": "auto-test", "trigger": {"type": "event", "topic": "a"},
        "action": {"type": "submit_task", "prompt": "p"}}],
        "schedule": {"enabled": true, "jobs": [{"name": "nightly", "cron": "@daily", "action": "x"}]},
        "budget": {"rules": {"schedule:nightly": {"day_usd": 1}, "auto-tset": {"day_usd": 1}}}}"#;
    assert_eq!(
        wrong(rules),
        [
            "4:66: budget.rules.auto-tset: there is no rule \"auto-tset\" in \"rules\"; did you mean \"auto-test\"?"
        ]
    );
    let rules = rules.replace("auto-tset", "auto-test");
    good(&rules.replacen("day_usd", "month_usd", 1));
    let said = wrong(&rules.replacen(r#"{"day_usd": 1}"#, "{}", 1));
    assert_eq!(said, ["4:30: budget.rules.schedule:nightly: must have \"day_usd\" or \"month_usd\""]);
    let (_, notices) = good(r#"{"budget": {"day_usd": 10, "month_usd": 5}}"#);
    assert_eq!(notices, ["budget.day_usd is more than budget.month_usd, so it bounds nothing"]);
}

#[test]
fn a_profile_names_what_there_is() {
    let wrong_agents = |agents: &str| wrong(&format!("{{\"agents\": {{\n{agents}}}}}"));
    assert_eq!(
        wrong_agents(r#""a": {"command": ["x"], "program": "cluade"}"#),
        [
            "2:25: agents.a.program: must be one of \"claude\", \"codex\", \"gemini\", \"opencode\", \"plain\"; it is \"cluade\"; did you mean \"claude\"?"
        ]
    );
    assert_eq!(
        wrong_agents(r#""codex": {"program": "codex"}, "a": {"program": "claude", "fallback": ["codx"]}"#),
        ["2:72: agents.a.fallback[0]: there is no profile \"codx\"; did you mean \"codex\"?"]
    );
    assert_eq!(
        wrong_agents(r#""a": {"program": "claude", "fallback": ["a"]}"#),
        ["2:41: agents.a.fallback[0]: is the profile itself: name another one"]
    );
    let ring = wrong_agents(
        "\"a\": {\"program\": \"claude\", \"fallback\": [\"b\"]},\n\"b\": {\"program\": \"codex\", \"fallback\": [\"c\"]},\n\"c\": {\"program\": \"gemini\", \"fallback\": [\"b\"]}",
    );
    assert_eq!(
        ring,
        [
            "3:40: agents.b.fallback[0]: leads back to the profile itself: b -> c -> b",
            "4:41: agents.c.fallback[0]: leads back to the profile itself: c -> b -> c"
        ]
    );
    assert_eq!(
        wrong(
            r#"{"agent": {"fallback": ["a"]}, "agents": {"a": {"program": "claude", "fallback": ["agent"]}}}"#
        )
        .len(),
        2
    );
    let none = wrong_agents(r#""a": {}"#);
    assert!(none.len() == 1 && none[0].starts_with("2:1: agents.a: names no program"), "{none:?}");
    let reserved = wrong_agents(r#""agent": {"program": "claude"}"#);
    assert!(reserved[0].contains("stands for the section"), "{reserved:?}");
    good(
        r#"{"agents": {"a": {"program": "claude", "fallback": ["b"]}, "b": {"command": ["./b"], "env": {"X": "${HOME}"}}}}"#,
    );
}

#[test]
fn what_can_come_to_nothing_is_an_error_and_what_protects_nothing_is_noticed() {
    let action = |more: &str| {
        let action = format!(r#"{{"type":"submit_task","prompt":"p",{more}}}"#);
        rule(&[("action", &action)])
    };
    let one = |text: &str, place: &str, why: &str| {
        let wrong = wrong(text);
        assert!(wrong.len() == 1 && wrong[0].contains(place) && wrong[0].contains(why), "{wrong:?}");
    };
    one(&action(r#""delay":"2h","expires":"90m""#), "rules[0].action.expires", "more than \"delay\" (2h)");
    one(&action(r#""delay":"2h","expires":"2h""#), "rules[0].action.expires", "before it may start");
    one(&action(r#""expires":"0s""#), "rules[0].action.expires", "must be more than 0");
    for (approval, key) in [
        (r#"{"on_timeout":"approve"}"#, "on_timeout"),
        (r#"{"on_timeout":"reject"}"#, "on_timeout"),
        (r#"{"onTimeout":"reject"}"#, "onTimeout"),
    ] {
        let place = format!("rules[0].action.approval.{key}");
        one(&action(&format!(r#""approval":{approval}"#)), &place, "without \"timeout_minutes\"");
    }
    let late = r#""expires":"1h","approval":{"timeout_minutes":60}"#;
    one(&action(late), "rules[0].action.approval.timeout_minutes", "less than \"expires\" (1h)");
    one(r#"{"daemon":{"stalled_tasks":"end"}}"#, "daemon.stalled_tasks", "without \"stall_minutes\"");
    good(r#"{"daemon":{"stalled_tasks":"end","stall_minutes":5}}"#);
    good(&action(r#""approval":{}"#));
    one(&rule(&[("expect", r#"{"within":"0s"}"#)]), "rules[0].expect.within", "must be more than 0");
    let job = r#"{"schedule":{"jobs":[{"name":"a","cron":"@daily","action":"x","expect":{"within":"0h"}}]}}"#;
    one(job, "schedule.jobs[0].expect.within", "must be more than 0");
    for (text, place) in [
        (r#"{"agent":{"command":["a","b\u0000c"]}}"#, "agent.command[1]"),
        (r#"{"defaults":{"verify":{"command":"a\u0000b"}}}"#, "defaults.verify.command"),
        (r#"{"defaults":{"verify":{"command":["a","b\u0000c"]}}}"#, "defaults.verify.command[1]"),
        (r#"{"watch":{"ignore":["a\u0000b"]}}"#, "watch.ignore[0]"),
        (r#"{"agents":{"a":{"program":"claude","env":{"A":"b\u0000c"}}}}"#, "agents.a.env.A"),
    ] {
        let said = format!("{place}: must not have a null character");
        let wrong = wrong(text);
        assert!(wrong.iter().any(|wrong| wrong.ends_with(&said)), "{wrong:?}");
    }
    good(&action(r#""delay":"2h","expires":"3h","approval":{"timeout_minutes":5,"on_timeout":"approve"}"#));
    let protecting = r#""verify":{"command":"x","protect":["src/**","srcs/**","**/*.rb","Cargo.tom"]}"#;
    let (_, notices) = good(&action(protecting));
    let expected = ["srcs", "Cargo.tom"].map(|missing| format!("and there is no {missing:?} in the project"));
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(notices.iter().zip(&expected).all(|(notice, end)| notice.ends_with(end)), "{notices:?}");
}

#[test]
fn no_token_of_messaging_is_handed_to_agents() {
    let one = |text: &str, place: &str| {
        let wrong = wrong(text);
        assert!(wrong.len() == 1 && wrong[0].contains(place), "{wrong:?}");
        assert!(wrong[0].contains("is a token of messaging, which no agent gets"), "{wrong:?}");
    };
    for token in crate::messaging::TOKEN_VARIABLES {
        let env = format!(r#""env":{{"BOT":"a${{{token}}}"}}"#);
        let action = format!(r#"{{"type":"submit_task","prompt":"p",{env}}}"#);
        one(&rule(&[("action", &action)]), ": rules[0].action.env.BOT: ");
        one(&format!(r#"{{"actions":{{"a":{action}}}}}"#), "1:59: actions.a.env.BOT: ");
        one(&format!(r#"{{"agents":{{"a":{{"program":"claude",{env}}}}}}}"#), ": agents.a.env.BOT: ");
        one(&format!(r#"{{"agent":{{"env":{{"keep":["X","{token}"]}}}}}}"#), "1:30: agent.env.keep[1]: ");
        good(&format!(r#"{{"agent":{{"env":{{"keep":["AIWG_*"],"remove":["{token}"]}}}}}}"#));
    }
}

#[test]
fn a_notice_is_about_topics_that_there_are() {
    let notify =
        |topic: &str| format!(r#"{{"messaging":{{"notify":[{{"topics":["task:failed","{topic}"]}}]}}}}"#);
    let said = wrong(&notify("task:complete"));
    let place = "1:50: messaging.notify[0].topics[1]: ";
    assert!(said.len() == 1 && said[0].starts_with(place), "{said:?}");
    assert!(said[0].contains("did you mean \"task:completed\"?"), "{said:?}");
    assert!(wrong(&notify("budget:ex?"))[0].contains("matches none of the topics"));
    good(&notify("deploy:*"));
}

#[test]
fn settings_that_others_rob_of_their_effect_are_noticed() {
    let noticed = |text: &str, why: &str| {
        let (_, notices) = good(text);
        assert!(notices.len() == 1 && notices[0].contains(why), "{text}: {notices:?}");
    };
    let silent = |text: &str| assert_eq!(good(text).1, Vec::<String>::new(), "{text}");
    noticed(r#"{"budget":{"task_usd":1,"warn_at":0.5}}"#, "budget.warn_at has no effect");
    silent(r#"{"budget":{"day_usd":1,"warn_at":0.5}}"#);
    noticed(r#"{"accounts":{"hours":"07:00-22:00","resume":"ask"}}"#, "accounts.hours has no effect");
    silent(r#"{"accounts":{"hours":"07:00-22:00","resume":"ask","reserve":{"five_hour":20}}}"#);
    noticed(r#"{"accounts":{"reserve":{"fivehour":20}}}"#, "did you mean \"five_hour\"?");
    noticed(r#"{"accounts":{"reserve":{"x":20}}}"#, "known are five_hour, ");
    let action = r#"{"type":"submit_task","prompt":"p","retry":{"max":2,"on":["exit","refused"]}}"#;
    let retried = |agent: &str| rule(&[("action", action)]).replacen('{', &format!("{{{agent}"), 1);
    noticed(&retried(""), "\"refused\" of retry.on has no effect");
    silent(&retried(r#""agent":{"refused_tasks":"fail"},"#));
}

#[test]
fn labels_are_checked_wherever_they_stand() {
    let of_rule = wrong(&rule(&[("action", r#"{"type":"submit_task","prompt":"p","runs_on":["A b"]}"#)]));
    let of_host = wrong(r#"{"host":{"labels":["gpu","ünï"]}}"#);
    let of_action = wrong(r#"{"actions":{"a":{"type":"submit_task","prompt":"p","runs_on":["a b"]}}}"#);
    for said in [of_rule, of_host, of_action] {
        assert!(matches!(&*said, [one] if one.contains("is no label")), "{said:?}");
    }
}
