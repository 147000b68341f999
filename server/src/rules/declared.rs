//! The project's own topics and the rules: rules that wait for a topic that nobody declares, and prompts that name a member that no payload has.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use aiwg_model::names::reserved;
use aiwg_patterns::{Pattern, PatternSet, alternatives, is_glob};
use aiwg_protocol::{
    config::{Action, Config, Patterns, Rule, Trigger},
    schema::own_topics,
};
use aiwg_topics::{NoMember, look_up};
use serde_json::Value;

use super::{template, topics::ALTERNATIVES};
use crate::config::{Check, SectionCheck, Step, nearest};

/// The checks of rules against the declared topics. A project that declares none pays nothing for them.
pub(crate) struct DeclaredCheck;

impl SectionCheck for DeclaredCheck {
    fn check(&self, check: &mut Check<'_, '_, '_>, config: &Config) {
        let Some(declared) = Declared::of(config) else { return };
        for (place, rule) in config.rules.iter().enumerate() {
            let Trigger::Event { topic } = &rule.trigger else { continue };
            let at = [Step::Key("rules"), Step::Place(place)];
            if config.strict_topics {
                for (entry, why) in declared.unknown(topic) {
                    let trigger = [at[0], at[1], Step::Key("trigger"), Step::Key("topic")];
                    let within: &[Step<'_>] = match topic {
                        Patterns::One(_) => &[],
                        Patterns::Several(_) => &[Step::Place(entry)],
                    };
                    check.wrong(&[trigger.as_slice(), within].concat(), why);
                }
            }
            for why in declared.members(rule, topic) {
                check.wrong(&[at[0], at[1], Step::Key("action"), Step::Key("prompt")], why);
            }
        }
    }

    fn not_meant(&self, _: &std::path::Path, config: &Config) -> Vec<String> {
        let Some(declared) = Declared::of(config).filter(|_| !config.strict_topics) else {
            return Vec::new();
        };
        let notices = |rule: &Rule| {
            let Trigger::Event { topic } = &rule.trigger else { return Vec::new() };
            let unknown = declared.unknown(topic);
            unknown.into_iter().map(|(_, why)| format!("the rule {:?}: {why}", rule.id)).collect::<Vec<_>>()
        };
        config.rules.iter().flat_map(notices).collect()
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
    /// None where the project declares nothing, and may emit everything.
    fn of(config: &'c Config) -> Option<Self> {
        let by_name: BTreeMap<_, _> =
            config.declared_topics().map(|topic| (topic.name, topic.payload)).collect();
        let is_strict = config.strict_topics;
        (is_strict || !by_name.is_empty()).then_some(Self { by_name, is_strict, own: OnceCell::new() })
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
            let fixed = alternative.split(['*', '?', '[', '{', '\\']).next().unwrap_or_default();
            // The daemon's own are looked at elsewhere.
            if reserved(fixed).is_some() || self.matches_any(alternative) {
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

    /// The members of payloads that the prompt names and that none of the rule's topics has, each with the reason.
    fn members(&self, rule: &Rule, patterns: &Patterns) -> Vec<String> {
        let Action::SubmitTask { prompt, .. } = &rule.action;
        let named = template::payload_members(prompt);
        if named.is_empty() {
            return Vec::new();
        }
        let (schemas, is_all) = self.schemas_of(patterns);
        if schemas.is_empty() {
            return Vec::new();
        }
        named.iter().filter_map(|path| no_member(path, &schemas, is_all)).collect()
    }

    /// The schemas of the topics that a rule waits for. False if there may be events of other topics as well.
    fn schemas_of(&self, patterns: &Patterns) -> (Vec<&Value>, bool) {
        let entries: Vec<_> = patterns
            .entries()
            .filter_map(|entry| Some((entry.takes_out, entry.text, pattern(entry.text)?)))
            .collect();
        // In a list, the last pattern that matches decides.
        let is_waited_for = |name: &str| {
            let last = entries.iter().rev().find(|(_, text, set)| *text == name || set.is_match(name));
            last.is_some_and(|(takes_out, ..)| !takes_out)
        };
        let literals = || entries.iter().filter(|(takes_out, text, _)| !takes_out && !is_glob(text));
        let has_globs = entries.iter().any(|(takes_out, text, _)| !takes_out && is_glob(text));
        // Most rules name one topic: it is looked up.
        let names: BTreeSet<&str> = if has_globs {
            self.by_name.keys().copied().filter(|name| is_waited_for(name)).collect()
        } else {
            literals().map(|(_, text, _)| *text).filter(|text| self.by_name.contains_key(text)).collect()
        };
        let mut schemas: Vec<&Value> =
            names.iter().filter_map(|name| self.by_name.get(name).copied()).collect();
        let names_own = has_globs || literals().any(|(_, text, _)| reserved(text).is_some());
        if names_own {
            let is_schedule = |name: &str| {
                name.contains('*')
                    && literals().any(|(_, text, _)| text.starts_with(name.trim_end_matches('*')))
            };
            let own = self.own().iter().filter(|(name, _)| is_waited_for(name) || is_schedule(name));
            schemas.extend(own.map(|(_, schema)| schema));
        }
        let is_known = |text: &str| self.by_name.contains_key(text) || reserved(text).is_some();
        let is_all = self.is_strict || (!has_globs && literals().all(|(_, text, _)| is_known(text)));
        (schemas, is_all)
    }
}

/// The reason for which no payload of these schemas has this member. Where others may come as well (`is_all` is false), only a name that is much
/// like one that there is counts as wrong.
fn no_member(path: &str, schemas: &[&Value], is_all: bool) -> Option<String> {
    let names: Vec<&str> = path.split('.').collect();
    let mut known: Vec<(usize, String)> = Vec::new();
    for schema in schemas {
        let NoMember { place, known: here } = look_up(schema, &names).err()?;
        known.extend(here.into_iter().map(|name| (place, name)));
    }
    let place = known.iter().map(|(place, _)| *place).max();
    let place = place.unwrap_or_else(|| {
        schemas
            .iter()
            .filter_map(|schema| look_up(schema, &names).err())
            .map(|no| no.place)
            .max()
            .unwrap_or(0)
    });
    let here: BTreeSet<&str> =
        known.iter().filter(|(at, _)| *at == place).map(|(_, name)| name.as_str()).collect();
    let here: Vec<&str> = here.into_iter().collect();
    let wrong = names.get(place).copied().unwrap_or_default();
    let before =
        ["event.payload"].into_iter().chain(names.iter().take(place).copied()).collect::<Vec<_>>().join(".");
    let whole = format!("{before}.{wrong}");
    match nearest(wrong, &here) {
        Some(near) => Some(format!(
            "\"{whole}\" is in no payload of the rule's topics; did you mean \"{before}.{near}\"?"
        )),
        None if !is_all => None,
        None if here.is_empty() => {
            Some(format!("\"{whole}\" is in no payload of the rule's topics: \"{before}\" has no members"))
        }
        None => Some(format!(
            "\"{whole}\" is in no payload of the rule's topics; \"{before}\" has {}",
            here.join(", ")
        )),
    }
}

/// A topic of a rule as a pattern; none if it is none, which is reported elsewhere.
fn pattern(text: &str) -> Option<PatternSet> {
    PatternSet::new([Pattern::topic(text).ok()?]).ok()
}
