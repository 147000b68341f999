//! Configurations of every shape: each error is reported by itself, with its place, and holds up nobody.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::{Cli, Project};

const MIB: usize = 1 << 20;

fn rule(id: &str) -> Value {
    Project::rule(id, "a", "x")
}

fn rules(many: usize, rule: impl Fn(usize) -> Value) -> String {
    json!({ "rules": (0..many).map(rule).collect::<Vec<_>>() }).to_string()
}

/// Output of `config check` for a file of these bytes: one thing or another, but never much, and nothing that a terminal obeys.
fn checked(project: &Project, bytes: &[u8]) -> Cli {
    std::fs::write(project.file(".aiwg/daemon.json"), bytes).unwrap();
    let done = project.run(&["config", "check"]);
    let said = format!("{}{}", done.out, done.err);
    let start = String::from_utf8_lossy(bytes.get(..bytes.len().min(100)).unwrap()).into_owned();
    assert!(done.code == 0 || done.code == 1, "{start}: {said}");
    assert!(said.len() < 40_000 && !said.contains("panicked"), "{start}: {said:.1000}");
    assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "{start}: {said:?}");
    assert!(!said.contains(['\u{202e}', '\u{2066}', '\u{200b}']), "{start}: {said:?}");
    if done.code == 1 {
        assert!(said.contains("daemon.json:"), "{start}: {said}");
    }
    done
}

#[test]
fn whatever_stands_in_it_is_refused_with_its_place() {
    let project = Project::empty();
    std::fs::create_dir_all(project.file(".aiwg")).unwrap();
    let deep = |opening: &str| opening.repeat(MIB / opening.len()).into_bytes();
    let number =
        |number: &str| format!("{{\"daemon\": {{\"max_parallel_actions\": {number}}}}}").into_bytes();
    let utf16 =
        |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    for (bytes, said) in [
        (Vec::new(), "daemon.json:1:1: the file is empty; {} stands for the defaults"),
        (vec![b' '; MIB], "daemon.json:1:1: the file is empty"),
        (vec![0; MIB], "daemon.json:1:1: this is not JSON"),
        (vec![0xff; MIB], "line 1, column 1 is not UTF-8; save it as UTF-8"),
        (b"{\n  \"rules\": [\"\xdc".to_vec(), "line 2, column 14 is not UTF-8"),
        (utf16("\u{feff}{}", u16::to_le_bytes), "it is UTF-16; save it as UTF-8"),
        (utf16("\u{feff}{}", u16::to_be_bytes), "it is UTF-16; save it as UTF-8"),
        ("\u{feff}{\"x\": 1}".into(), "daemon.json:1:2: unknown key \"x\""),
        (deep("["), "daemon.json:1:513: this is not JSON: Maximum nesting depth exceeded"),
        (deep("{\"a\":"), "Maximum nesting depth exceeded"),
        (deep("/*"), "daemon.json:1:"),
        (b"{rules: []}".to_vec(), "daemon.json:1:2: this is not JSON"),
        (
            b"{\"rules\": [], \"rules\": []}".to_vec(),
            "daemon.json:1:15: rules: the key \"rules\" stands twice",
        ),
        (format!("{{{}}}", vec!["\"rules\": []"; 50_000].join(",")).into(), "and 49899 more problems"),
        (format!("{{\"{}\": 1}}", "k".repeat(MIB)).into(), "kkk…\"; expected one of"),
        (number(&"9".repeat(MIB)), "must be a whole number; it is 999999999999"),
        (number("1e999"), "it is 1e999"),
        (number("-0"), "must be from 1 to 1000"),
        (number("NaN"), "this is not JSON"),
        (rules(10_001, |n| rule(&n.to_string())).into(), "rules: has 10001 entries; 10000 is the limit"),
        (rules(500, |_| rule("r")).into(), "rules[1].id: another rule, or a job, has the id \"r\" already"),
        (rules(1, |_| rule("")).into(), "rules[0].id: must not be empty"),
        (rules(1, |_| rule("a\u{202e}gnp.exe")).into(), "turns the direction of writing"),
        (rules(1, |_| rule("a\u{200b}b")).into(), "none that is not seen"),
        (rules(1, |_| rule("a\u{1b}[31m")).into(), "no control characters"),
        (b"{\"a\\u001b[2J\\u202eb\": 1}".to_vec(), "unknown key \"a\\u{1b}[2J\\u{202e}b\""),
        (
            json!({ "agent": { "command": vec!["a"; 1_001] } }).to_string().into(),
            "agent.command: has 1001 entries",
        ),
        (json!({ "agent": { "command": ["a".repeat(MIB)] } }).to_string().into(), "100000 is the limit"),
        (
            json!({ "schedule": { "timezone": "../../etc/passwd" } }).to_string().into(),
            "there is no time zone",
        ),
        (vec![b' '; 17 * MIB], "it has 17825792 bytes, of which no more than 16777216 are read"),
    ] {
        let done = checked(&project, &bytes);
        assert!(
            done.code == 1 && format!("{}{}", done.out, done.err).contains(said),
            "{said}: {}{}",
            done.out,
            done.err
        );
    }
    for text in ["\u{feff}{}", "// a\n{/* b */ \"daemon\": {},}", "{\"webhook\": [[[[[[[]]]]]]]}"] {
        assert_eq!(checked(&project, text.as_bytes()).code, 0, "{text}");
    }
}

#[test]
fn of_many_notices_some_are_shown() {
    let project = Project::empty();
    std::fs::create_dir_all(project.file(".aiwg")).unwrap();
    let never = |n: usize| {
        let mut rule = rule(&n.to_string());
        rule["trigger"] = json!({ "type": "schedule", "cron": "0 0 30 2 *" });
        rule
    };
    let noticed = |bytes: &[u8]| {
        let done = checked(&project, bytes);
        assert_eq!(done.code, 0, "{}", done.err);
        done.out + &done.err
    };
    let said = noticed(rules(5_000, never).as_bytes());
    assert_eq!(said.matches("never fires").count(), 100, "{said}");
    assert!(said.contains("and 4900 more of the kind"), "{said}");
    let hidden = json!({ "rules": [{
        "id": "r", "trigger": { "type": "file_change", "pattern": "src/\u{202e}st.a" }, "action": { "type": "submit_task", "prompt": "x" }
    }] });
    let said = noticed(hidden.to_string().as_bytes());
    assert!(said.contains("turns the direction of what follows"), "{said}");
}

#[test]
fn a_configuration_that_takes_long_to_read_holds_up_nobody() {
    let project = Project::started(json!({}));
    let many = (0..50).map(|n| format!("x{n}")).collect::<Vec<_>>().join(",");
    let heavy = |n: usize| {
        let mut rule = rule(&n.to_string());
        rule["trigger"] = json!({ "type": "file_change", "pattern": format!("{{{many}}}{n}") });
        rule
    };
    let list: Vec<Value> = (0..300).map(heavy).collect();
    project.configure(&Project::config(json!({ "rules": list })).to_string());
    let is_read = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(project.wire().call("daemon.reload", json!({}))["reloaded"], true);
            is_read.store(true, Ordering::SeqCst);
        });
        let mut answered = 0;
        let mut wire = project.wire();
        while !is_read.load(Ordering::SeqCst) {
            wire.call("ping", json!({}));
            answered += 1;
        }
        // All but the first few came in between.
        assert!(answered > 10, "{answered}");
    });
}
