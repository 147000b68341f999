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
        "events/d.json:1:1: the file is empty",
    ];
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.contains(expected), "{said}\n{expected}");
    }
    std::os::unix::fs::symlink("/etc", dir.path().join("elsewhere")).unwrap();
    for (glob, why) in [
        ("events/*.yaml", "no file matches"),
        ("nowhere/*.json", "no file matches"),
        ("/etc/*.json", "relative to the project"),
        ("../*.json", "relative to the project"),
        ("events/[", "no valid pattern"),
        ("", "must not be empty"),
        ("**/passwd", "no file matches"),
    ] {
        std::fs::write(dir.path().join(".aiwg/daemon.json"), format!("{{\"topics\": {glob:?}}}")).unwrap();
        let said = lines(load(&dir));
        assert!(said[0].contains("daemon.json:1:2: topics: ") && said[0].contains(why), "{glob}: {said:?}");
    }
    std::fs::write(dir.path().join(".aiwg/daemon.json"), r#"{ "topics": "events/a.json" }"#).unwrap();
    assert_eq!(load(&dir).unwrap().config.declared_topics().count(), 1);
}
