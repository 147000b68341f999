//! The section `topics`: the project's own topics, in the configuration itself or in files that it names.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use aiwg_model::names::{TOPIC_RULE, is_topic, reserved};
use aiwg_protocol::{
    config::{Config, TopicConfig, TopicsConfig},
    types::ConfigProblem,
};
use aiwg_topics::{PayloadSchema, SchemaError};
use jsonc_parser::{ast, common::Ranged};
use serde_json::Value;

use super::{
    load::tree_of,
    report::{Report, Source, Step, position},
    topic_files::{TopicFile, find},
    validate::validate_part,
};

/// The key of the section.
const KEY: &str = "topics";

/// The greatest number of topics of all files together.
const MOST_TOPICS: usize = 1000;

/// The schemas of topics, made ready to check payloads. A topic of which any payload fits has none.
pub(super) type Schemas = HashMap<String, PayloadSchema>;

/// The section as it was read.
#[derive(Default)]
pub(super) struct Topics {
    /// The text of the configuration with the topics in it in place of their files, if it names such files: what is in force is known by it even when
    /// the files have changed.
    pub(super) expanded: Option<String>,
    pub(super) schemas: Schemas,
}

/// Reads the topics' files, if the configuration names any, puts their topics into it, and reports the problems of all topics.
pub(super) fn read(
    project: &Path,
    (schema, source): (&Value, Source<'_>),
    tree: &ast::Value<'_>,
    config: &mut Config,
    report: &mut Report<'_>,
) -> Topics {
    let mut schemas = Schemas::new();
    match &mut config.topics {
        TopicsConfig::ByName(topics) => {
            for (name, topic) in topics {
                check(name, topic, (tree, &[Step::Key(KEY)]), report, &mut schemas);
            }
            Topics { expanded: None, schemas }
        }
        TopicsConfig::Files(glob) => {
            let at = position(tree, [Step::Key(KEY)]);
            let files = match find(project, glob) {
                Ok(files) => files,
                Err(why) => {
                    report.wrong(at, why);
                    // Nothing is said of rules: which topics there are to be is not known.
                    config.strict_topics = false;
                    return Topics::default();
                }
            };
            let before = report.elsewhere();
            let topics = of_files(files, schema, report, &mut schemas);
            if report.elsewhere() > before {
                config.strict_topics = false;
            }
            if topics.len() > MOST_TOPICS {
                report
                    .wrong(at, format!("the files have {} topics; {MOST_TOPICS} is the limit", topics.len()));
            }
            let expanded = with_topics(source.text, tree, &topics);
            config.topics = TopicsConfig::ByName(topics);
            Topics { expanded, schemas }
        }
    }
}

/// The glob of the files that a configuration with this text has its topics in, if it names such files.
pub(super) fn glob_of(text: &str) -> Option<String> {
    let source = Source { file: "", text: text.strip_prefix('\u{feff}').unwrap_or(text) };
    let ast::Value::Object(members) = tree_of(source, "the defaults").ok()? else { return None };
    let topics = members.properties.into_iter().find(|member| member.name.as_str() == KEY)?;
    match topics.value {
        ast::Value::StringLit(glob) => Some(glob.value.into_owned()),
        _ => None,
    }
}

/// The text of a configuration with these topics in place of what names their files. It has as many lines.
fn with_topics(text: &str, tree: &ast::Value<'_>, topics: &BTreeMap<String, TopicConfig>) -> Option<String> {
    let ast::Value::Object(members) = tree else { return None };
    let place = members.properties.iter().find(|member| member.name.as_str() == KEY)?.value.range();
    let (before, after) = (text.get(..place.start)?, text.get(place.end..)?);
    Some([before, &serde_json::to_string(topics).ok()?, after].concat())
}

/// The topics of all these files.
fn of_files(
    files: Vec<Result<TopicFile, ConfigProblem>>,
    schema: &Value,
    report: &mut Report<'_>,
    schemas: &mut Schemas,
) -> BTreeMap<String, TopicConfig> {
    let mut all: BTreeMap<String, (TopicConfig, String)> = BTreeMap::new();
    for file in files {
        match file {
            Ok(file) => of_file(&file, schema, &mut all, report, schemas),
            Err(problem) => report.adopt(vec![problem]),
        }
    }
    all.into_iter().map(|(name, (topic, _))| (name, topic)).collect()
}

/// Adds the topics of a file to those of the files before it.
fn of_file(
    TopicFile { name, text }: &TopicFile,
    schema: &Value,
    all: &mut BTreeMap<String, (TopicConfig, String)>,
    report: &mut Report<'_>,
    schemas: &mut Schemas,
) {
    let source = Source { file: name, text: text.strip_prefix('\u{feff}').unwrap_or(text) };
    let tree = match tree_of(source, "no topics") {
        Ok(tree) => tree,
        Err(problem) => return report.adopt(vec![problem]),
    };
    let mut own = Report::new(source, &tree);
    let definition = by_name(schema);
    let usable = definition.and_then(|part| validate_part(schema, part, &tree, &mut own));
    let topics: BTreeMap<String, TopicConfig> =
        usable.and_then(|usable| serde_json::from_value(Value::from(usable)).ok()).unwrap_or_default();
    for (topic, mut declared) in topics {
        if let Some((_, other)) = all.get(&topic) {
            let at = position(&tree, [Step::Key(&topic)]);
            own.wrong(at, format!("the topic is declared in {other} already: leave out one of them"));
        } else {
            check(&topic, &mut declared, (&tree, &[]), &mut own, schemas);
            all.insert(topic, (declared, name.clone()));
        }
    }
    report.adopt(own.finish());
}

/// The part of the configuration's schema that says what topics by name are.
fn by_name(schema: &Value) -> Option<&Value> {
    let arms = schema.pointer("/definitions/TopicsConfig/anyOf")?.as_array()?;
    arms.iter().find(|arm| arm["type"] == "object")
}

/// Checks a topic, which stands by its name in the value to which `section` leads in the tree, and makes its schema ready. Of one with a wrong schema
/// any payload fits from here on, so that nothing is said of what names a member of it.
fn check(
    name: &str,
    topic: &mut TopicConfig,
    (tree, section): (&ast::Value<'_>, &[Step<'_>]),
    report: &mut Report<'_>,
    schemas: &mut Schemas,
) {
    let topic_path = || section.iter().copied().chain([Step::Key(name)]);
    let at = position(tree, topic_path());
    if !is_topic(name) {
        report.wrong(at, format!("no event can have such a topic: {TOPIC_RULE}"));
    }
    if let Some(prefix) = reserved(name) {
        report.wrong(
            at,
            format!("only the daemon publishes topics that begin with {prefix:?}: give it another name"),
        );
    }
    if topic.payload == Value::Bool(true) {
        return;
    }
    match PayloadSchema::new(&topic.payload) {
        Ok(schema) => {
            schemas.insert(name.to_owned(), schema);
        }
        Err(SchemaError { path, message }) => {
            let within = path.iter().map(|step| match step {
                aiwg_topics::Step::Key(key) => Step::Key(key),
                aiwg_topics::Step::Place(place) => Step::Place(*place),
            });
            report.wrong(position(tree, topic_path().chain([Step::Key("payload")]).chain(within)), message);
            topic.payload = Value::Bool(true);
        }
    }
}
