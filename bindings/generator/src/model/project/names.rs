//! The names of types, which no two have, and which no language gives another meaning.

use std::collections::HashSet;

/// The names that generated files need for themselves, in one language or another.
const RESERVED: &[&str] = &[
    "Any",
    "AnyTopic",
    "Array",
    "AsyncDaemonClient",
    "AsyncSubscription",
    "AsyncTopicSubscription",
    "BTreeMap",
    "Box",
    "Callable",
    "DaemonClient",
    "Default",
    "Deserialize",
    "Dict",
    "Err",
    "Event",
    "EventEmitted",
    "False",
    "Generic",
    "List",
    "Literal",
    "Moment",
    "NewType",
    "NoReturn",
    "None",
    "Nothing",
    "Ok",
    "Option",
    "Optional",
    "ProjectTopics",
    "Record",
    "Result",
    "Self",
    "Sequence",
    "Serialize",
    "Some",
    "String",
    "Subscription",
    "Topic",
    "TopicEvent",
    "TopicMap",
    "TopicSettings",
    "TopicSubscription",
    "True",
    "TypeAlias",
    "TypeVar",
    "TypedDict",
    "Union",
    "Value",
    "Vec",
];

#[derive(Debug)]
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    pub(super) fn new(taken: &[&str]) -> Self {
        Self { taken: RESERVED.iter().chain(taken).map(|name| (*name).to_owned()).collect() }
    }

    /// A name for a type: the base, if it is free; else with a number that depends on `place` alone, its place in the file.
    pub(super) fn take(&mut self, base: &str, place: &str) -> String {
        let base = identifier(base);
        let mut candidates = std::iter::once(base.clone())
            .chain(RESERVED.contains(&base.as_str()).then(|| format!("{base}Payload")))
            .chain((0..).map(|round| format!("{base}{:04x}", hash(place, round) & 0xffff)));
        let name = candidates.find(|name| !self.taken.contains(name)).unwrap_or(base);
        self.taken.insert(name.clone());
        name
    }
}

/// A name that every language takes for one: ASCII, with a letter in front.
fn identifier(name: &str) -> String {
    let name = ascii(name);
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("Topic{name}") }
}

/// Text with each letter that is not ASCII as its number.
pub(crate) fn ascii(text: &str) -> String {
    let spelled = |c: char| if c.is_ascii() { c.to_string() } else { format!("U{:04x}", u32::from(c)) };
    text.chars().map(spelled).collect()
}

/// FNV-1a of a text: the same in every run and on every machine.
pub(crate) fn hash(text: &str, round: u32) -> u32 {
    let bytes = text.bytes().chain(round.to_le_bytes().into_iter().filter(|byte| *byte != 0));
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_free_and_stable() {
        let mut names = Names::new(&["TaskEvent"]);
        assert_eq!(names.take("AB", "a:b"), "AB");
        let other = names.take("AB", "a.b");
        assert!(other.starts_with("AB") && other.len() == 6, "{other}");
        assert_eq!(Names::new(&["AB"]).take("AB", "a.b"), other, "whatever else there is");
        assert_eq!(names.take("Self", "self"), "SelfPayload");
        assert_eq!(names.take("9Lives", "9-lives"), "Topic9Lives");
        assert_eq!(names.take("", ":"), "Topic".to_owned() + "Payload");
        assert_eq!(names.take("Grö", "x/grö"), "GrU00f6");
    }
}
