//! The template of a source's topics.

use aiwg_model::names::{is_in_topics, is_topic, reserved};

/// The most characters of what a sender says that become part of a topic.
const LONGEST_WORD: usize = 50;

const EVENT: &str = "{event}";
const ACTION: &str = "{action}";

/// The template of topics: text, with a place for the event and one for the action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(pub(super) Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Event,
    Action,
}

/// The reason for which a text is no template, for people.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongTemplate(String);

impl Template {
    /// The template that a text is.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn of(text: &str) -> Result<Self, WrongTemplate> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, after) = rest.split_at(at);
            let (place, word) = if after.starts_with(EVENT) {
                (Part::Event, EVENT)
            } else if after.starts_with(ACTION) {
                (Part::Action, ACTION)
            } else {
                return Err(WrongTemplate("has a { that is neither {event} nor {action}".to_owned()));
            };
            if parts.contains(&place) {
                return Err(WrongTemplate(format!("has {word} twice")));
            }
            parts.extend((!before.is_empty()).then(|| Part::Text(before.to_owned())));
            parts.push(place);
            rest = after.get(word.len()..).unwrap_or_default();
        }
        parts.extend((!rest.is_empty()).then(|| Part::Text(rest.to_owned())));
        let template = Self(parts);
        template.check()?;
        Ok(template)
    }

    fn check(&self) -> Result<(), WrongTemplate> {
        let Some(Part::Text(first)) = self.0.first() else {
            return Err(WrongTemplate("must begin with a text of its own, as \"github:{event}\" does: else the sender would choose the topic".to_owned()));
        };
        if let Some(prefix) = reserved(first) {
            return Err(WrongTemplate(format!("topics that start with {prefix:?} are the daemon's own")));
        }
        let texts =
            self.0.iter().filter_map(|part| if let Part::Text(text) = part { Some(text) } else { None });
        let is_plain = texts.clone().all(|text| text.chars().all(is_in_topics));
        let has_name = first.chars().any(|c| c.is_ascii_alphanumeric());
        if is_plain && has_name && !self.topic(None, None).is_empty() {
            return Ok(());
        }
        Err(WrongTemplate(
            "must be made of A-Z a-z 0-9 _ . : / -, {event} and {action}, and begin with a name".to_owned(),
        ))
    }

    /// The topic of a delivery. Of what the sender says, letters, digits, `.`, `_` and `-` are left, so it stays in its place.
    pub(crate) fn topic(&self, event: Option<&str>, action: Option<&str>) -> String {
        let mut topic = String::new();
        for part in &self.0 {
            let word = match part {
                Part::Text(text) => {
                    topic.push_str(text);
                    continue;
                }
                Part::Event => event,
                Part::Action => action,
            };
            match word.map(cleaned).filter(|word| !word.is_empty()) {
                Some(word) => topic.push_str(&word),
                None if topic.ends_with(is_separator) => drop(topic.pop()),
                None => {}
            }
        }
        debug_assert!(is_topic(&topic) || topic.is_empty());
        topic
    }
}

/// True for a sign that falls away with the place after it.
pub(super) fn is_separator(c: char) -> bool {
    ":/._-".contains(c)
}

/// True for a character that what a sender says may have in a topic.
pub(super) fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

fn cleaned(word: &str) -> String {
    let clean = word.trim().chars().take(LONGEST_WORD).map(|c| if is_of_word(c) { c } else { '_' });
    clean.collect::<String>().trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_what_the_sender_says_in_its_place() {
        let topic = |template: &str, event, action| Template::of(template).unwrap().topic(event, action);
        assert_eq!(topic("github:{event}", Some("push"), None), "github:push");
        assert_eq!(topic("github:{event}:{action}", Some("issues"), Some("opened")), "github:issues:opened");
        assert_eq!(topic("github:{event}:{action}", Some("push"), None), "github:push");
        assert_eq!(topic("github:{event}", None, None), "github");
        assert_eq!(topic("hook", Some("push"), None), "hook");
        assert_eq!(topic("a/{action}/b", None, Some("")), "a/b");
        let hostile = topic("x:{event}", Some("approval:approved/*{}\n ä"), None);
        assert_eq!(hostile, "x:approval_approved");
        assert!(is_topic(&topic("x:{event}:{action}", Some(&"e".repeat(9999)), Some(&"ä".repeat(9999)))));
    }

    #[test]
    fn what_would_let_the_sender_choose_is_no_template() {
        for wrong in [
            "",
            "{event}",
            "{event}:x",
            ":{event}",
            "task:{event}",
            "a b",
            "a:{other}",
            "a:{",
            "a:{event}{event}",
            "ä:{event}",
        ] {
            assert!(Template::of(wrong).is_err(), "{wrong}");
        }
    }
}
