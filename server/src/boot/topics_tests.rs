//! The section `topics`: what is wrong in it, and what it says of rules.

use std::path::Path;

use super::{load_config, parse_config};
use crate::config::ConfigError;

fn lines(result: Result<impl Sized, ConfigError>) -> Vec<String> {
    match result {
        Ok(_) => panic!("it is taken"),
        Err(error) => error.problems().iter().map(ToString::to_string).collect(),
    }
}

/// `LINE:COLUMN: MESSAGE` of all that is wrong.
fn wrong(text: &str) -> Vec<String> {
    let problems = lines(parse_config(Path::new(env!("CARGO_MANIFEST_DIR")), "f", text));
    problems.iter().map(|problem| problem["f:".len()..].trim_start().to_owned()).collect()
}

fn notices(text: &str) -> Vec<String> {
    parse_config(Path::new(env!("CARGO_MANIFEST_DIR")), "f", text).unwrap_or_else(|error| panic!("{error}")).1
}

/// A configuration with these topics, and a rule with this topic and prompt.
fn with_rule(more: &str, topic: &str, prompt: &str) -> String {
    format!(
        r#"{{{more},
"rules": [{{ "id": "r", "trigger": {{ "type": "event", "topic": {topic} }},
"action": {{ "type": "submit_task", "prompt": {prompt:?} }} }}] }}"#
    )
}

const DEPLOYMENT: &str = r##""topics": { "deployment:complete": { "payload": {
    "type": "object", "required": ["version"], "additionalProperties": false,
    "properties": { "version": { "type": "string" }, "by": { "$ref": "#/$defs/person" } },
    "$defs": { "person": { "type": "object", "properties": { "name": { "type": "string" } } } } } },
    "deployment:failed": { "payload": { "properties": { "reason": {} } } }, "note": {} }"##;

#[test]
fn a_wrong_schema_is_named_with_its_place() {
    let said = wrong(
        "{\"topics\": {\n\"a:b\": { \"payload\": { \"type\": \"object\",\n \"properties\": { \"n\": { \"type\": \"strng\" } } } },\n\
         \"c:d\": { \"payload\": { \"items\": { \"$ref\": \"https://example.com/x\" } } },\n\"e f\": {}, \"task:x\": {},\n\
         \"g\": { \"payload\": 7 }, \"h\": { \"payloads\": {} },\n\"i\": { \"payload\": { \"not\": {} } } }}",
    );
    let expected = [
        "3:25: topics.a:b.payload.properties.n.type: there is no type \"strng\"; did you mean \"string\"?",
        "4:34: topics.c:d.payload.items.$ref: \"https://example.com/x\" leads out of the schema",
        "5:1: topics.e f: no event can have such a topic",
        "5:12: topics.task:x: only the daemon publishes topics that begin with \"task:\"",
        "6:8: topics.g.payload: must be an object or true or false; it is 7",
        "6:31: unknown key \"payloads\" in topics.h; did you mean \"payload\"?",
        "7:21: topics.i.payload.not: no payload fits this",
    ];
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.starts_with(expected), "{said}\n{expected}");
    }
    let twice = wrong("{\"topics\": { \"a\": {},\n \"a\": {} }}");
    assert_eq!(twice, ["2:2: topics.a: the key \"a\" stands twice; only one of them can count"]);
    let within = wrong(
        "{\"topics\": { \"a\": { \"payload\": { \"properties\": {\n \"v\": { \"type\": \"string\" },\n \"v\": { \"type\": \"integer\" } },\n\
         \"allOf\": [{ \"type\": \"object\",\n \"type\": \"string\" }] } } }}",
    );
    assert_eq!(
        within,
        [
            "3:2: topics.a.payload.properties.v: the key \"v\" stands twice; only one of them can count",
            "5:2: topics.a.payload.allOf[0].type: the key \"type\" stands twice; only one of them can count"
        ]
    );
    // What names a member of a payload whose schema is wrong is not wrong as well.
    let only = wrong(&with_rule(
        r#""topics": { "a": { "payload": { "properties": { "b": { "type": "strng" } } } } }"#,
        r#""a""#,
        "{{ event.payload.version }}",
    ));
    assert_eq!(only.len(), 1, "{only:?}");
    let many: Vec<String> = (0..1001).map(|no| format!("\"t{no}\": {{}}")).collect();
    assert!(wrong(&format!("{{\"topics\": {{{}}}}}", many.join(",")))[0].contains("1000 is the limit"));
    assert_eq!(wrong(r#"{"topics": 7}"#), ["1:2: topics: must be a text or an object; it is 7"]);
    assert_eq!(wrong(r#"{"strict_topics": 1}"#), ["1:2: strict_topics: must be true or false; it is 1"]);
}

#[test]
fn a_prompt_names_what_a_payload_can_have() {
    let prompt = |topic: &str, prompt: &str| {
        parse_config(Path::new("/"), "f", &with_rule(DEPLOYMENT, topic, prompt))
            .map(|_| ())
            .map_err(|error| error.problems()[0].to_string())
    };
    let error = prompt(r#""deployment:complete""#, "Test {{ event.payload.versoin }}").unwrap_err();
    assert!(
        error.starts_with("f:7:36: rules[0].action.prompt: \"event.payload.versoin\" is in no payload"),
        "{error}"
    );
    assert!(error.ends_with("did you mean \"event.payload.version\"?"), "{error}");
    for (topic, text) in [
        // Followed through a reference.
        (r#""deployment:complete""#, "{{ event.payload.by.nmae }}"),
        (r#""deployment:complete""#, "{% if event.payload.versions %}x{% endif %}"),
        (r#""deployment:complete""#, "{{ event.payload.version.major }}"),
        (r#""deployment:complete""#, "{{ event.payload.colour }}"),
        // Of no topic that the glob matches; the name is nearly that of one.
        (r#""deployment:*""#, "{{ event.payload.reasn }}"),
        (r#"["deployment:failed", "deployment:complete"]"#, "{{ event.payload.colour }}"),
        // The daemon's own.
        (r#""task:failed""#, "{{ event.payload.taskid }}"),
    ] {
        assert!(prompt(topic, text).unwrap_err().contains("is in no payload"), "{topic} {text}");
    }
    for (topic, text) in [
        (
            r#""deployment:complete""#,
            "{{ event.payload.version }} {{ event.payload.by.name }} {{ event.payload }}",
        ),
        (r#""deployment:*""#, "{{ event.payload.reason }} {{ event.payload.version }}"),
        // Others match as well, and nobody knows what they say.
        (r#""deployment:*""#, "{{ event.payload.colour }}"),
        (r#"["deployment:complete", "other:topic"]"#, "{{ event.payload.colour }}"),
        (r#""note""#, "{{ event.payload.anything }}"),
        (r#""other""#, "{{ event.payload.versoin }}"),
        (r#"["deployment:*", "!deployment:complete"]"#, "{{ event.payload.reason }}"),
        (r#""task:failed""#, "{{ event.payload.taskId }}"),
        (r#""*""#, "{{ event.payload.version }} {{ event.payload.taskId }}"),
    ] {
        assert_eq!(prompt(topic, text), Ok(()), "{topic} {text}");
    }
    let strict = with_rule(
        &format!("{DEPLOYMENT}, \"strict_topics\": true"),
        r#""deployment:*""#,
        "{{ event.payload.colour }}",
    );
    assert!(wrong(&strict)[0].contains("is in no payload"), "no others can match");
}

#[test]
fn members_are_checked_however_they_are_written() {
    const LIST: &str = r##""topics": { "a": { "payload": { "type": "object", "properties": {
        "version": {}, "list": { "type": "array", "items": { "$ref": "#/$defs/host" } }, "host": { "$ref": "#/$defs/host" } },
        "$defs": { "host": { "type": "object", "properties": { "address": {} } } } } } }"##;
    let said = |prompt: &str| wrong_or_nothing(&with_rule(LIST, r#""a""#, prompt)).join("\n");
    for (prompt, named) in [
        ("{{ event.payload['versoin'] }}", "version"),
        ("{{ event['payload'].versoin }}", "version"),
        ("{{ events[0].payload.versoin }}", "version"),
        ("{{ events[-1].payload.versoin }}", "version"),
        ("{{ (events|first).payload.versoin }}", "version"),
        ("{% for e in events %}{{ e.payload.versoin }}{% endfor %}", "version"),
        ("{% for e in events[:3] if e.payload.versoin %}x{% endfor %}", "version"),
        ("{% set p = event.payload %}{{ p.versoin }}", "version"),
        (
            "{% with p = event.payload, h = event.payload.host %}{{ p.version }}{{ h.adress }}{% endwith %}",
            "host.address",
        ),
        ("{{ event.payload.list[0].adress }}", "list[0].address"),
        ("{% for host in event.payload.list %}{{ host.adress }}{% endfor %}", "list[0].address"),
        ("{% if matches > 1 %}{{ event.payload.versoin|upper }}{% endif %}", "version"),
        ("{{ [event.payload.versoin]|join(',') }}", "version"),
        ("{{ 'x' if event.payload.versoin is defined else 'y' }}", "version"),
    ] {
        assert!(
            said(prompt).ends_with(&format!("did you mean \"event.payload.{named}\"?")),
            "{prompt}: {}",
            said(prompt)
        );
    }
    for prompt in [
        "{{ event.payload['version'] }} {{ events[0].payload.host.address }} {{ event.payload.list[0].address }}",
        // What cannot be followed.
        "{% set name = 'versoin' %}{{ event.payload[name] }}",
        "{% for key, value in event.payload|items %}{{ key }} {{ value.versoin }}{% endfor %}",
        "{% for key in event.payload %}{{ key.versoin }}{% endfor %}",
        "{{ events|map(attribute='payload.versoin')|join(' ') }}",
        "{% set p = event.payload %}{% if matches > 1 %}{% set p = {'versoin': 1} %}{% endif %}{{ p.versoin }}",
        "{% set event = {'payload': {'versoin': 1}} %}{{ event.payload.versoin }}",
        "{% for event in [{'payload': {'versoin': 1}}] %}{{ event.payload.versoin }}{% endfor %}",
        "{% raw %}{{ event.payload.versoin }}{% endraw %} {{ 'event.payload.versoin' }}",
        "{{ event.payload.version[0] }} {{ event.payload.list|length }} {{ event.payload.list.0 }}",
    ] {
        assert_eq!(said(prompt), "", "{prompt}");
    }
}

/// What is wrong with a configuration; nothing if it is taken.
fn wrong_or_nothing(text: &str) -> Vec<String> {
    parse_config(Path::new(env!("CARGO_MANIFEST_DIR")), "f", text)
        .map_or_else(|error| error.problems().iter().map(ToString::to_string).collect(), |_| Vec::new())
}

#[test]
fn prompts_are_checked_against_the_daemons_own_topics_always() {
    let own =
        |topic: &str, prompt: &str| wrong_or_nothing(&with_rule(r#""daemon": {}"#, topic, prompt)).join("\n");
    assert!(
        own(r#""task:failed""#, "{{ event.payload.eror }}")
            .contains("rules[0].action.prompt: \"event.payload.eror\"")
    );
    assert!(own(r#""task:*""#, "{{ event.payload.colour }}").contains("is in no payload"));
    assert!(own(r#"["task:failed", "file:*"]"#, "{{ event.payload.colour }}").contains("is in no payload"));
    for (topic, prompt) in [
        (r#""task:failed""#, "{{ event.payload.taskId }} {{ event.payload.reason }}"),
        (r#"["task:failed", "schedule:*"]"#, "{{ event.payload.job }}"),
        // Of topics that nobody declares everything may come.
        (r#""*""#, "{{ event.payload.eror }}"),
        (r#"["task:failed", "deploy:done"]"#, "{{ event.payload.eror }}"),
        (r#""deploy:done""#, "{{ event.payload.eror }}"),
    ] {
        assert_eq!(own(topic, prompt), "", "{topic} {prompt}");
    }
    let of = |member: &str, at: &str| {
        wrong_or_nothing(&format!(
            r#"{{ "watch": {{ "enabled": true, "paths": ["src"] }}, "rules": [
            {{ "id": "r", "trigger": {{ "type": "file_change", "pattern": "src/**" }},
               "action": {{ "type": "submit_task", "prompt": "{{{{ event.payload.{member} }}}}" }} }},
            {{ "id": "s", "trigger": {{ "type": "schedule", "cron": "@daily" }},
               "action": {{ "type": "submit_task", "prompt": "{{{{ event.payload.{at} }}}}" }} }}],
            "schedule": {{ "jobs": [{{ "name": "j", "cron": "@daily", "action": "x" }}] }},
            "actions": {{ "x": {{ "type": "submit_task", "prompt": "{{{{ event.payload.{at} }}}}" }},
                          "unused": {{ "type": "submit_task", "prompt": "{{{{ event.payload.anything }}}}" }} }} }}"#
        ))
    };
    assert_eq!(of("path", "job"), Vec::<String>::new());
    let said = of("pth", "jbo");
    for expected in [
        "rules[0].action.prompt: \"event.payload.pth\" is in no payload of the rule's topics; did you mean \"event.payload.path\"?",
        "rules[1].action.prompt: \"event.payload.jbo\"",
        "actions.x.prompt: \"event.payload.jbo\"",
    ] {
        assert!(said.iter().any(|said| said.contains(expected)), "{expected}: {said:#?}");
    }
    assert_eq!(said.len(), 3, "{said:#?}");
}

#[test]
fn notices_are_checked_as_rules_are() {
    let notify = |more: &str, topic: &str, text: &str| {
        format!(
            r#"{{ {more}, "messaging": {{ "notify": [{{ "topics": ["task:failed", {topic}], "text": {text:?} }}] }} }}"#
        )
    };
    let said = |more: &str, topic: &str, text: &str| wrong_or_nothing(&notify(more, topic, text)).join("\n");
    let typo = said(r#""daemon": {}"#, r#""task:complte""#, "x");
    assert!(
        typo.contains("messaging.notify[0].topics[1]: no event can be \"task:complte\"")
            && typo.contains("did you mean \"task:completed\"? There are "),
        "{typo}"
    );
    let strict = format!("{DEPLOYMENT}, \"strict_topics\": true");
    assert!(
        said(&strict, r#""deployment:complte""#, "x").contains("topics[1]: waits for \"deployment:complte\"")
    );
    assert!(
        said(&strict, r#""deployment:complete""#, "{{ event.payload.versoin }}")
            .contains("messaging.notify[0].text: \"event.payload.versoin\" is in no payload of its topics")
    );
    assert_eq!(said(&strict, r#""deployment:*""#, "{{ event.payload.version }} {{ event.topic }}"), "");
    assert_eq!(said(r#""daemon": {}"#, r#""deploy:*""#, "{{ event.payload.anything }}"), "");
    let noticed = notices(&notify(DEPLOYMENT, r#""deployment:complte""#, "x"));
    assert!(
        noticed.iter().any(|said| said.contains("messaging.notify[0]: waits for \"deployment:complte\"")),
        "{noticed:?}"
    );
}

#[test]
fn a_rule_that_waits_for_what_nobody_declares_is_noticed() {
    let notice = |topic: &str| notices(&with_rule(DEPLOYMENT, topic, "x")).join("\n");
    assert!(notice(r#""deployment:compelte""#).contains("the rule \"r\": waits for \"deployment:compelte\", which \"topics\" does not declare; did you mean \"deployment:complete\"?"));
    assert!(notice(r#"["note", "{note,notes}"]"#).contains("waits for \"notes\""));
    assert!(notice(r#""push:*""#).contains("`aiwg topic list`"));
    for topic in [
        r#""deployment:*""#,
        r#""*""#,
        r#""task:*""#,
        r#"["*", "!push:x"]"#,
        r#""{note,task:failed}""#,
        r#""schedule:*""#,
    ] {
        assert_eq!(notice(topic), "", "{topic}");
    }
    assert_eq!(notices(&with_rule(r#""topics": {}"#, r#""push:x""#, "x")), Vec::<String>::new());
    let misspelt =
        r#"{ "topics": { "a": { "payload": { "items": { "requird": ["v"] } } } }, "strict_topics": true }"#;
    assert!(
        notices(misspelt)[0].starts_with("topics.a.payload.items: JSON Schema has no keyword \"requird\"")
    );
    let strict = |topics: &str, topic: &str| {
        wrong(&with_rule(&format!("{topics}, \"strict_topics\": true"), topic, "x"))
    };
    let said = strict(DEPLOYMENT, r#"["note", "push:x"]"#);
    assert!(said[0].starts_with("6:72: rules[0].trigger.topic[1]: waits for \"push:x\", which \"topics\" does not declare, and \"strict_topics\""), "{said:?}");
    assert!(strict(r#""topics": {}"#, r#""push:x""#)[0].ends_with("it declares none"));
}

/// A project with these files.
fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = dir.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    dir
}

fn load(dir: &tempfile::TempDir) -> Result<crate::config::Loaded, ConfigError> {
    load_config(dir.path(), &dir.path().join(".aiwg/daemon.json"), true)
}

#[test]
fn topics_may_be_in_files() {
    let config = "{\n // kept\n \"topics\": \"events/**/*.json\", \"daemon\": {} }";
    let dir = project(&[
        (".aiwg/daemon.json", config),
        (
            "events/deploy.json",
            "// comments too\n{ \"deploy:done\": { \"payload\": { \"type\": \"object\" } } }",
        ),
        ("events/more/notes.json", "{ \"note\": {}, }"),
        ("events/readme.md", "no JSON"),
    ]);
    let loaded = load(&dir).unwrap();
    let names: Vec<&str> = loaded.config.declared_topics().map(|topic| topic.name).collect();
    assert_eq!(names, ["deploy:done", "note"]);
    // What is in force stands by itself, line by line as it was.
    let text = loaded.text.clone().unwrap();
    assert!(text.contains("// kept") && text.lines().count() == 3, "{text}");
    std::fs::write(dir.path().join("events/deploy.json"), "{ broken").unwrap();
    let (kept, _) = parse_config(dir.path(), "f", &text).unwrap();
    assert_eq!(kept.topics, loaded.config.topics);
    assert!(lines(load(&dir))[0].contains("events/deploy.json:1:3: this is not JSON"));
}

#[test]
fn what_is_wrong_in_a_file_of_topics_is_named_with_that_file() {
    let dir = project(&[
        (".aiwg/daemon.json", r#"{ "topics": "events/*.json", "unknown": 1 }"#),
        ("events/a.json", "{ \"a\": {} }"),
        ("events/b.json", "{ \"b\": { \"payload\": {\n \"type\": \"strng\" } },\n \"a\": {} }"),
        ("events/c.json", "[]"),
        ("events/d.json", ""),
    ]);
    let said = lines(load(&dir));
    let expected = [
        ".aiwg/daemon.json:1:30: unknown key \"unknown\"",
        "events/b.json:2:2: b.payload.type: there is no type",
        "events/b.json:3:2: a: the topic is declared in ",
        "events/c.json:1:1: must be an object; it is a list",
        "events/d.json:1:1: the file is empty; {} stands for no topics",
    ];
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.contains(expected), "{said}\n{expected}");
    }
    std::os::unix::fs::symlink("/etc", dir.path().join("elsewhere")).unwrap();
    std::fs::create_dir(dir.path().join("links")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("events/a.json"), dir.path().join("links/one.json")).unwrap();
    for (glob, why) in [
        ("events/*.yaml", "no file matches"),
        ("nowhere/*.json", "no file matches"),
        ("/etc/*.json", "relative to the project"),
        ("../*.json", "relative to the project"),
        ("events/[", "no valid pattern"),
        ("", "must not be empty"),
        ("**/passwd", "no file matches"),
        ("elsewhere/passwd", "\"elsewhere\" is a link"),
        ("elsewhere/*.json", "\"elsewhere\" is a link"),
        ("links/one.json", "\"links/one.json\" is a link"),
        ("links/*.json", "but the link \"links/one.json\""),
    ] {
        std::fs::write(dir.path().join(".aiwg/daemon.json"), format!("{{\"topics\": {glob:?}}}")).unwrap();
        let said = lines(load(&dir));
        assert!(said[0].contains("daemon.json:1:2: topics: ") && said[0].contains(why), "{glob}: {said:?}");
    }
    std::fs::write(dir.path().join(".aiwg/daemon.json"), r#"{ "topics": "events/a.json" }"#).unwrap();
    assert_eq!(load(&dir).unwrap().config.declared_topics().count(), 1);
    // Neither the configuration itself nor a link is a file of topics.
    for wrong in ["b", "c", "d"] {
        std::fs::remove_file(dir.path().join(format!("events/{wrong}.json"))).unwrap();
    }
    for glob in ["./events/*.json", "**/*.json"] {
        std::fs::write(dir.path().join(".aiwg/daemon.json"), format!("{{\"topics\": {glob:?}}}")).unwrap();
        let loaded = load(&dir).unwrap_or_else(|error| panic!("{glob}: {error}"));
        assert_eq!(loaded.config.declared_topics().count(), 1, "{glob}");
    }
}

#[test]
fn nothing_is_said_of_rules_where_the_topics_are_not_known() {
    let rule =
        with_rule(r#""topics": "events/*.json", "strict_topics": true"#, r#""a""#, "{{ event.payload.x }}");
    let dir = project(&[(".aiwg/daemon.json", &rule), ("events/a.json", "{ broken")]);
    let said = lines(load(&dir));
    assert!(said.len() == 1 && said[0].contains("events/a.json:1:3"), "{said:?}");
    std::fs::remove_dir_all(dir.path().join("events")).unwrap();
    let said = lines(load(&dir));
    assert!(said.len() == 1 && said[0].contains("no file matches"), "{said:?}");
}
