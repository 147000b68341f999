//! The declared topics, the daemon's own among them, and what waits for them: rules and notices for a topic that nobody declares, and prompts and
//! texts that name a member that no payload has.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use aiwg_messaging::notice::Template;
use aiwg_model::names::reserved;
use aiwg_patterns::{Pattern, PatternSet, alternatives, is_glob};
use aiwg_protocol::{
    config::{Action, Config, Patterns, Trigger},
    schema::own_topics,
};
use aiwg_topics::{Misspelt, NoMember, Part, look_up};
use serde_json::Value;

use super::{BuiltIn, schedule_topic, template, topics::ALTERNATIVES};
use crate::config::{Check, SectionCheck, Step, nearest};

/// The checks of rules, actions and notices against the declared topics. A project that declares none, and names no member of the daemon's own,
/// pays nothing for them.
pub(crate) struct DeclaredCheck;

/// The topics of a trigger that waits for files.
const FILES: &str = "file:*";

impl SectionCheck for DeclaredCheck {
    fn check(&self, check: &mut Check<'_, '_, '_>, config: &Config) {
        let declared = Declared::of(config);
        for (place, rule) in config.rules.iter().enumerate() {
            let at = [Step::Key("rules"), Step::Place(place)];
            if let (Trigger::Event { topic }, true) = (&rule.trigger, config.strict_topics) {
                for (entry, why) in declared.unknown(topic) {
                    let trigger = [at[0], at[1], Step::Key("trigger"), Step::Key("topic")];
                    let within: &[Step<'_>] = match topic {
                        Patterns::One(_) => &[],
                        Patterns::Several(_) => &[Step::Place(entry)],
                    };
                    check.wrong(&[trigger.as_slice(), within].concat(), why);
                }
            }
            let own: Patterns;
            let topics = match &rule.trigger {
                Trigger::Event { topic } => topic,
                Trigger::FileChange { .. } => {
                    own = FILES.into();
                    &own
                }
                Trigger::Schedule { .. } => {
                    own = schedule_topic(&rule.id).as_str().into();
                    &own
                }
            };
            for why in declared.members(&rule.action, topics) {
                check.wrong(&[at[0], at[1], Step::Key("action"), Step::Key("prompt")], why);
            }
        }
        let jobs = config.schedule.jobs.iter().filter(|job| BuiltIn::of(&job.action, config).is_none());
        let of_jobs: BTreeMap<&str, String> =
            jobs.map(|job| (job.action.as_str(), schedule_topic(&job.name))).collect();
        for (name, topic) in of_jobs {
            for why in config
                .actions
                .get(name)
                .into_iter()
                .flat_map(|action| declared.members(action, &topic.as_str().into()))
            {
                check.wrong(&[Step::Key("actions"), Step::Key(name), Step::Key("prompt")], why);
            }
        }
        declared.notices(check, config);
    }

    fn not_meant(&self, _: &std::path::Path, config: &Config) -> Vec<String> {
        let declared = Declared::of(config);
        let misspelt = declared.by_name.iter().flat_map(|(name, payload)| {
            aiwg_topics::misspelt(payload).into_iter().map(move |Misspelt { path, keyword, near }| {
                let steps = path.iter().map(|step| match step {
                    aiwg_topics::Step::Key(key) => format!(".{key}"),
                    aiwg_topics::Step::Place(place) => format!("[{place}]"),
                });
                let steps: String = steps.collect();
                format!("topics.{name}.payload{steps}: JSON Schema has no keyword {keyword:?}, which demands nothing; did you mean {near:?}?")
            })
        });
        let misspelt: Vec<String> = misspelt.collect();
        if config.strict_topics || declared.by_name.is_empty() {
            return misspelt;
        }
        let of_rules = config.rules.iter().filter_map(|rule| match &rule.trigger {
            Trigger::Event { topic } => Some((format!("the rule {:?}", rule.id), topic.clone())),
            _ => None,
        });
        let of_notices = config.messaging.notify.iter().flatten().enumerate().map(|(place, one)| {
            (format!("messaging.notify[{place}]"), Patterns::Several(one.topics.clone()))
        });
        let notices = |(who, topics): (String, Patterns)| {
            let unknown = declared.unknown(&topics).into_iter();
            unknown.map(|(_, why)| format!("{who}: {why}")).collect::<Vec<_>>()
        };
        misspelt.into_iter().chain(of_rules.chain(of_notices).flat_map(notices)).collect()
    }
}

/// The declared topics, made ready to be asked about many rules.
struct Declared<'c> {
    by_name: BTreeMap<&'c str, &'c Value>,
    is_strict: bool,
    /// The daemon's own, each with its schema; made when the first rule needs them.
    own: OnceCell<Vec<(String, Value)>>,
}

impl<'c> Declared<'c> {
    fn of(config: &'c Config) -> Self {
        let by_name = config.declared_topics().map(|topic| (topic.name, topic.payload)).collect();
        Self { by_name, is_strict: config.strict_topics, own: OnceCell::new() }
    }

    /// Reports notices for topics that nobody declares where no others may be emitted, and members that their texts name and no payload has.
    fn notices(&self, check: &mut Check<'_, '_, '_>, config: &Config) {
        for (place, one) in config.messaging.notify.iter().flatten().enumerate() {
            let at = |key| [Step::Key("messaging"), Step::Key("notify"), Step::Place(place), Step::Key(key)];
            let topics = Patterns::Several(one.topics.clone());
            if self.is_strict {
                for (entry, why) in self.unknown(&topics) {
                    check.wrong(&[at("topics").as_slice(), &[Step::Place(entry)]].concat(), why);
                }
            }
            let template = one.text.as_ref().and_then(|text| Template::parse(text).ok());
            let named: Vec<Vec<Part>> = template
                .iter()
                .flat_map(Template::members)
                .filter_map(|path| match path {
                    [payload, rest @ ..] if payload == "payload" => {
                        Some(rest.iter().cloned().map(Part::Name).collect::<Vec<_>>())
                    }
                    _ => None,
                })
                .filter(|path| !path.is_empty())
                .collect();
            for why in self.no_members("its", &topics, || named) {
                check.wrong(&at("text"), why);
            }
        }
    }

    fn own(&self) -> &[(String, Value)] {
        self.own.get_or_init(|| {
            let schema = |payload: aiwg_protocol::types::Json| payload.to().unwrap_or(Value::Bool(true));
            own_topics().into_iter().map(|topic| (topic.name, schema(topic.payload))).collect()
        })
    }

    /// The entries of a rule's topics that match no topic there is, by their places, each with the reason.
    fn unknown(&self, patterns: &Patterns) -> Vec<(usize, String)> {
        let entries = patterns.entries().enumerate().filter(|(_, entry)| !entry.takes_out);
        entries.filter_map(|(place, entry)| Some((place, self.unknown_entry(entry.text)?))).collect()
    }

    fn unknown_entry(&self, text: &str) -> Option<String> {
        alternatives(text, ALTERNATIVES).iter().find_map(|alternative| {
            // The daemon's own are looked at elsewhere.
            if reserved(fixed(alternative)).is_some() || self.matches_any(alternative) {
                return None;
            }
            let known: Vec<&str> = self.by_name.keys().copied().collect();
            let near = nearest(alternative, &known);
            let hint = match (near, known.is_empty()) {
                (Some(near), _) => format!("; did you mean {near:?}?"),
                (None, true) => "; it declares none".to_owned(),
                (None, false) => "; `aiwg topic list` shows those that there are".to_owned(),
            };
            let so =
                if self.is_strict { ", and \"strict_topics\" allows no other: declare it there" } else { "" };
            Some(format!("waits for {alternative:?}, which \"topics\" does not declare{so}{hint}"))
        })
    }

    /// True if a topic that is declared, or one of the daemon's own, matches.
    fn matches_any(&self, text: &str) -> bool {
        if !is_glob(text) {
            return self.by_name.contains_key(text);
        }
        // What is no pattern is reported as such.
        let Some(set) = pattern(text) else { return true };
        let mut own = aiwg_protocol::topics::TOPICS.iter().map(|topic| topic.name);
        self.by_name.keys().any(|name| set.is_match(name)) || own.any(|name| set.is_match(name))
    }

    /// The members of payloads that the prompt of an action names and that none of these topics has, each with the reason.
    fn members(&self, action: &Action, topics: &Patterns) -> Vec<String> {
        let Action::SubmitTask { prompt, .. } = action;
        if !prompt.contains("payload") {
            return Vec::new();
        }
        self.no_members("the rule's", topics, || template::payload_members(prompt))
    }

    /// The members among these that none of these topics, of the rule or of something else, has, each with the reason.
    fn no_members(
        &self,
        whose: &str,
        topics: &Patterns,
        named: impl FnOnce() -> Vec<Vec<Part>>,
    ) -> Vec<String> {
        let is_all = self.is_strict || topics.matching().all(|text| self.is_known(text));
        if self.by_name.is_empty() && !is_all {
            return Vec::new();
        }
        let schemas = self.schemas_of(topics);
        if schemas.is_empty() {
            return Vec::new();
        }
        named().iter().filter_map(|path| no_member(path, whose, &schemas, is_all)).collect()
    }

    /// True if all events that match have a schema: those of a declared topic, and those of the daemon's own.
    fn is_known(&self, text: &str) -> bool {
        reserved(fixed(text)).is_some() || (!is_glob(text) && self.by_name.contains_key(text))
    }

    /// The schemas of the declared topics, and of the daemon's own, that match.
    fn schemas_of(&self, patterns: &Patterns) -> Vec<&Value> {
        let entries: Vec<_> = patterns
            .entries()
            .filter_map(|entry| Some((entry.takes_out, entry.text, pattern(entry.text)?)))
            .collect();
        // In a list, the last pattern that matches decides.
        let is_waited_for = |name: &str| {
            let last = entries.iter().rev().find(|(_, text, set)| *text == name || set.is_match(name));
            last.is_some_and(|(takes_out, ..)| !takes_out)
        };
        let texts = || entries.iter().filter(|(takes_out, ..)| !takes_out).map(|(_, text, _)| *text);
        let has_globs = texts().any(is_glob);
        // Most rules name one topic: it is looked up.
        let names: BTreeSet<&str> = if has_globs {
            self.by_name.keys().copied().filter(|name| is_waited_for(name)).collect()
        } else {
            texts().filter(|text| self.by_name.contains_key(text)).collect()
        };
        let mut schemas: Vec<&Value> =
            names.iter().filter_map(|name| self.by_name.get(name).copied()).collect();
        if has_globs || texts().any(|text| reserved(text).is_some()) {
            // Of schedules there is one for all.
            let is_schedule = |name: &str| {
                name.strip_suffix('*').is_some_and(|before| {
                    texts().any(|text| {
                        let fixed = fixed(text);
                        fixed.starts_with(before) || (is_glob(text) && before.starts_with(fixed))
                    })
                })
            };
            let own = self.own().iter().filter(|(name, _)| is_waited_for(name) || is_schedule(name));
            schemas.extend(own.map(|(_, schema)| schema));
        }
        schemas
    }
}

/// The beginning of a pattern, up to the first character that stands for others.
fn fixed(text: &str) -> &str {
    text.split(['*', '?', '[', '{', '\\']).next().unwrap_or_default()
}

/// The reason for which no payload of these schemas has this member. Where others may come as well (`is_all` is false), only a name that is much
/// like one that there is counts as wrong.
fn no_member(path: &[Part], whose: &str, schemas: &[&Value], is_all: bool) -> Option<String> {
    let mut missing = Vec::new();
    for schema in schemas {
        missing.push(look_up(schema, path).err()?);
    }
    // The payload that has most of the way.
    let named = missing.iter().filter(|NoMember { known, .. }| !known.is_empty()).map(|no| no.place).max();
    let place = named.or_else(|| missing.iter().map(|no| no.place).max()).unwrap_or(0);
    let here: BTreeSet<&str> =
        missing.iter().filter(|no| no.place == place).flat_map(|no| &no.known).map(String::as_str).collect();
    let here: Vec<&str> = here.into_iter().collect();
    let (before, wrong) = (way(path.get(..place)?), path.get(place)?);
    let whole = way(path.get(..=place)?);
    let name = if let Part::Name(name) = wrong { name } else { "" };
    match nearest(name, &here) {
        Some(near) => {
            Some(format!("\"{whole}\" is in no payload of {whose} topics; did you mean \"{before}.{near}\"?"))
        }
        None if !is_all => None,
        None if here.is_empty() => {
            Some(format!("\"{whole}\" is in no payload of {whose} topics: \"{before}\" has no members"))
        }
        None => Some(format!(
            "\"{whole}\" is in no payload of {whose} topics; \"{before}\" has {}",
            here.join(", ")
        )),
    }
}

/// A member as a prompt names it.
fn way(path: &[Part]) -> String {
    let mut way = "event.payload".to_owned();
    for part in path {
        match part {
            Part::Name(name) => {
                way.push('.');
                way.push_str(name);
            }
            Part::Element => way.push_str("[0]"),
        }
    }
    way
}

/// A topic of a rule as a pattern; none if it is none, which is reported elsewhere.
fn pattern(text: &str) -> Option<PatternSet> {
    PatternSet::new([Pattern::topic(text).ok()?]).ok()
}
