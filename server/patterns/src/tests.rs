use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

fn limit(error: PatternError) -> Limit {
    match error {
        PatternError::Limit { limit, .. } => limit,
        PatternError::Syntax { why, .. } => panic!("{why}"),
    }
}

#[test]
fn what_is_too_much_is_refused_before_it_is_parsed() {
    for constructor in [Pattern::topic, Pattern::path] {
        let deep = "{".repeat(DEEPEST + 1) + &"}".repeat(DEEPEST + 1);
        assert_eq!(limit(constructor(&deep).unwrap_err()), Limit::Depth);
        let long = "a".repeat(LONGEST_PATTERN + 1);
        assert!(matches!(limit(constructor(&long).unwrap_err()), Limit::Length { .. }));
        assert!(constructor(&"a".repeat(LONGEST_PATTERN)).is_ok());
        let many = format!("{{{}}}", ["a"; MOST_ALTERNATIVES + 1].join(","));
        assert_eq!(limit(constructor(&many).unwrap_err()), Limit::Alternatives);
        let most = format!("{{{}}}", ["a"; MOST_ALTERNATIVES].join(","));
        assert!(constructor(&most).is_ok());
    }
    let enormous = "{".repeat(100_000);
    assert!(TopicFilter::new(&[&enormous]).is_err() && check_ignore_line(&enormous).is_err());
    let error = Pattern::topic(&enormous).unwrap_err();
    assert!(error.pattern().len() < 100 && error.to_string().len() < 200, "{error}");
}

#[test]
fn an_alternative_matches_what_it_does_when_it_is_written_out() {
    let paths = ["a.ts", "src/a.ts", "src/lib/a.ts", "x/a.ts", "src/x/y/a.ts"];
    for (pattern, expected) in [
        ("{,src/}**/*.ts", [true; 5]),
        ("src/{,lib/}**/*.ts", [false, true, true, false, true]),
        ("src/{**,x}/a.ts", [false, true, true, false, true]),
        ("{**}/a.ts", [true; 5]),
        ("{**/src,lib}/a.ts", [false, true, false, false, false]),
        ("{src/**,doc/**}", [false, true, true, false, true]),
    ] {
        let set = PatternSet::new([Pattern::path("none").unwrap(), Pattern::path(pattern).unwrap()]).unwrap();
        assert_eq!(paths.map(|path| set.is_match(path)), expected, "{pattern}");
        let places = paths.map(|path| set.matches(path));
        assert_eq!(places, expected.map(|is_match| if is_match { vec![1] } else { vec![] }), "{pattern}");
    }
    let many = format!("**/{}", "{a,b}".repeat(9));
    assert_eq!(limit(Pattern::path(&many).unwrap_err()), Limit::Alternatives);
}

#[test]
fn brackets_stay_within_a_directory() {
    for pattern in ["b[!a]a", "b[^a]a", "b[!]a]a", "b[!]a-]a", "b[!a-c]a", "b[!-]a", "{b[!a]a,c}"] {
        let set = PatternSet::new([Pattern::path(pattern).unwrap()]).unwrap();
        assert!(!set.is_match("b/a") && set.is_match("bxa"), "{pattern}");
    }
    let set = |pattern| PatternSet::new([Pattern::path(pattern).unwrap()]).unwrap();
    assert!(!set("b[!]a-]a").is_match("b-a") && !set("b[!]a-]a").is_match("b]a"));
    assert!(set("\\[!a]").is_match("[!a]"));
}

#[test]
fn an_alternative_may_be_empty() {
    let files = PatternSet::new([Pattern::path("src/app{,.test}.ts").unwrap()]).unwrap();
    assert!(
        files.is_match("src/app.ts") && files.is_match("src/app.test.ts") && !files.is_match("src/app.x.ts")
    );
    let topics = TopicFilter::new(&["deploy{,:done}"]).unwrap();
    assert!(topics.is_match("deploy") && topics.is_match("deploy:done") && !topics.is_match("deploy:"));
}

#[test]
fn a_star_stays_in_a_directory_but_not_in_a_part_of_a_topic() {
    let set = |pattern| PatternSet::new([pattern]).unwrap();
    assert!(!set(Pattern::path("./src/*.ts").unwrap()).is_match("src/a/b.ts"));
    assert!(set(Pattern::path("./src/**/*.ts").unwrap()).is_match("src/a/b.ts"));
    assert!(set(Pattern::topic("a*c").unwrap()).is_match("a:b/x:c"));
    assert!(TopicFilter::new(&["a*c"]).unwrap().is_match("a:b/x:c"));
}

#[test]
fn stars_in_a_row_are_one_in_a_topic() {
    let is_match = |pattern: &str, topic: &str| TopicFilter::new(&[pattern]).unwrap().is_match(topic);
    assert!(is_match("**/b", "a/b") && is_match("***b", "a:b"));
    assert!(!is_match("**/b", "b") && !is_match("**/", "a"), "a slash is a character like any other");
    assert!(is_match(r"\**", "*a") && !is_match(r"\**", "a") && is_match("[**]x", "*x"));
    // However many there are.
    assert!(TopicFilter::new(&vec!["**".repeat(500); MOST_TOPICS]).unwrap().is_match("a:b"));
}

#[test]
fn a_list_of_topics_is_bounded() {
    let topics = |count: usize| TopicFilter::new(&vec!["a:*"; count]);
    assert!(topics(MOST_TOPICS).is_ok());
    assert_eq!(limit(topics(MOST_TOPICS + 1).unwrap_err()), Limit::Count { patterns: MOST_TOPICS + 1 });
    // Each may be as long as it may, with the most of what compiles to most.
    let worst = vec!["[!\u{e9}]".repeat(200); MOST_TOPICS];
    assert_eq!(limit(TopicFilter::new(&worst).unwrap_err()), Limit::Compiled);
}

#[test]
fn braces_are_themselves_where_git_has_them_so() {
    for (line, expected) in [
        ("a{b,c}", r"a\{b,c\}"),
        (r"a\{b", r"a\{b"),
        ("[{]x{", r"[{]x\{"),
        ("[]{]{", r"[]{]\{"),
        ("[!]{]{", r"[!]{]\{"),
        ("[{", r"[\{"),
        ("é{\\", "é\\{\\"),
        ("plain", "plain"),
    ] {
        assert_eq!(literal_braces(line).unwrap(), expected, "{line}");
    }
    assert!(literal_braces(&"{".repeat(LONGEST_LINE)).is_ok());
    assert!(literal_braces(&"{".repeat(LONGEST_LINE + 1)).is_err());
}

#[test]
fn errors_say_what_to_do() {
    for pattern in ["[a", "{a", "a}", "a\\"] {
        let error = Pattern::path(pattern).unwrap_err();
        assert!(error.to_string().contains("stands for the character"), "{error}");
        assert_eq!(error.pattern(), pattern);
    }
}

proptest! {
    #[test]
    fn whatever_it_is_it_is_a_pattern_or_an_error(text in r"[ab{},\[\]!\-\\*?/.:é]{0,80}") {
        let _ = check_ignore_line(&text);
        let _ = literal_braces(&text).unwrap();
        let topic = Pattern::topic(&text);
        let filter = TopicFilter::new(&[&text]);
        prop_assert_eq!(topic.is_ok(), filter.is_ok());
        // Both ways to match come to the same.
        if let (Ok(topic), Ok(filter)) = (topic, filter) {
            let set = PatternSet::new([topic]).unwrap();
            for name in ["a", "ab", "a:b", "a/b", "a.b", "", "{a}"] {
                prop_assert_eq!(set.is_match(name), filter.is_match(name), "{} on {}", text, name);
            }
        }
        if let Ok(path) = Pattern::path(&text) {
            PatternSet::new([path]).unwrap();
        }
    }
}

/// The sources and manifests under a directory.
fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        let is_ours = path.extension().is_some_and(|kind| kind == "rs") || path.ends_with("Cargo.toml");
        if path.is_dir() && !path.ends_with("target") && !path.ends_with("patterns") {
            sources(&path, found);
        } else if is_ours {
            found.push(path);
        }
    }
}

#[test]
fn no_other_crate_names_globset() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for part in ["server", "cli", "client", "protocol"] {
        sources(&root.join(part), &mut found);
    }
    assert!(found.len() > 100, "the sources are not where they were");
    let named = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        ["globset::", "globset =", "globset."].iter().any(|name| text.contains(name))
    };
    let named: Vec<_> = found.into_iter().filter(named).collect();
    assert!(named.is_empty(), "these go past the checks of aiwg-patterns: {named:?}");
}
