//! The section `topics`: the project's own topics, in the configuration itself or in files that it names.

use std::{collections::BTreeMap, path::Path};

use aiwg_model::names::{TOPIC_RULE, is_topic, reserved};
use aiwg_protocol::config::{Config, TopicConfig, TopicsConfig};
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

/// Reads the topics' files, if the configuration names any, and reports the problems of all topics. Returns the text of the configuration with the
/// topics in it in place of their files, where there are some: what is in force is known by it even when the files have changed.
pub(super) fn read(
    project: &Path,
    (schema, source): (&Value, Source<'_>),
    tree: &ast::Value<'_>,
    config: &mut Config,
    report: &mut Report<'_>,
) -> Option<String> {
    match &config.topics {
        TopicsConfig::ByName(topics) => {
            for (name, topic) in topics {
                check(name, topic, tree, &[Step::Key(KEY)], report);
            }
            None
        }
        TopicsConfig::Files(glob) => {
            let topics = of_files(project, glob, schema, tree, report)?;
            let written = serde_json::to_string(&topics).ok()?;
            config.topics = TopicsConfig::ByName(topics);
            let ast::Value::Object(members) = tree else { return None };
            let place = members.properties.iter().find(|member| member.name.as_str() == KEY)?.value.range();
            let (before, after) = (source.text.get(..place.start)?, source.text.get(place.end..)?);
            Some([before, &written, after].concat())
        }
    }
}

/// The topics of all files that the glob matches; none if they cannot be found.
fn of_files(
    project: &Path,
    glob: &str,
    schema: &Value,
    tree: &ast::Value<'_>,
    report: &mut Report<'_>,
) -> Option<BTreeMap<String, TopicConfig>> {
    let at = position(tree, [Step::Key(KEY)]);
    let files = find(project, glob).map_err(|why| report.wrong(at, why)).ok()?;
    let mut all: BTreeMap<String, (TopicConfig, String)> = BTreeMap::new();
    for file in files {
        match file {
            Ok(TopicFile { name, text }) => of_file(&name, &text, schema, &mut all, report),
            Err(problem) => report.adopt(vec![problem]),
        }
    }
    if all.len() > MOST_TOPICS {
        report.wrong(at, format!("the files have {} topics; {MOST_TOPICS} is the limit", all.len()));
    }
    Some(all.into_iter().map(|(name, (topic, _))| (name, topic)).collect())
}

/// Adds the topics of a file to those of the files before it.
fn of_file(
    name: &str,
    text: &str,
    schema: &Value,
    all: &mut BTreeMap<String, (TopicConfig, String)>,
    report: &mut Report<'_>,
) {
    let source = Source { file: name, text: text.strip_prefix('\u{feff}').unwrap_or(text) };
    let tree = match tree_of(source) {
        Ok(tree) => tree,
        Err(problem) => return report.adopt(vec![problem]),
    };
    let mut own = Report::new(source, &tree);
    let definition = by_name(schema);
    let usable = definition.and_then(|part| validate_part(schema, part, &tree, &mut own));
    let topics: BTreeMap<String, TopicConfig> =
        usable.and_then(|usable| serde_json::from_value(Value::from(usable)).ok()).unwrap_or_default();
    for (topic, declared) in topics {
        check(&topic, &declared, &tree, &[], &mut own);
        if let Some((_, other)) = all.get(&topic) {
            let at = position(&tree, [Step::Key(&topic)]);
            own.wrong(at, format!("the topic is declared in {other} already: leave out one of them"));
        } else {
            all.insert(topic, (declared, name.to_owned()));
        }
    }
    report.adopt(own.finish());
}

/// The part of the configuration's schema that says what topics by name are.
fn by_name(schema: &Value) -> Option<&Value> {
    let arms = schema.pointer("/definitions/TopicsConfig/anyOf")?.as_array()?;
    arms.iter().find(|arm| arm["type"] == "object")
}

/// Checks a topic, which stands by its name in the value to which `section` leads.
fn check(
    name: &str,
    _topic: &TopicConfig,
    tree: &ast::Value<'_>,
    section: &[Step<'_>],
    report: &mut Report<'_>,
) {
    let at = position(tree, section.iter().copied().chain([Step::Key(name)]));
    if !is_topic(name) {
        report.wrong(at, format!("no event can have such a topic: {TOPIC_RULE}"));
    }
    if let Some(prefix) = reserved(name) {
        report.wrong(
            at,
            format!("only the daemon publishes topics that begin with {prefix:?}: give it another name"),
        );
    }
}
