//! What names may look like, wherever they come from.

/// The most characters of a topic.
const LONGEST_TOPIC: usize = 200;

/// What a topic looks like, for people.
pub(crate) const TOPIC_RULE: &str = "a topic has 1 to 200 characters of A-Z a-z 0-9 _ . : / -";

/// What an agent's name looks like, for people.
pub(crate) const AGENT_RULE: &str = "must be a name: not empty, not an option, no control characters";

/// What any other name looks like, for people.
pub(crate) const NAME_RULE: &str = "must be a name: not empty, no control characters";

/// Whether an event can have this topic.
pub(crate) fn is_topic(topic: &str) -> bool {
    !topic.is_empty() && topic.len() <= LONGEST_TOPIC && topic.chars().all(is_in_topics)
}

/// Whether a topic can have this character.
pub(crate) fn is_in_topics(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.:/-".contains(c)
}

/// Whether this can be given to the agent's program as the name of an agent.
pub(crate) fn is_agent(name: &str) -> bool {
    is_name(name) && !name.starts_with('-')
}

/// Whether this can be shown, and be told from others: a rule's id, a job's name.
pub(crate) fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(char::is_control)
}

/// Whether a variable of an environment can have this name.
pub(crate) fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_taken_for_something_else_is_no_name() {
        assert!(is_agent("security architect") && is_name("-r"));
        for name in ["", " ", "--dangerously", "a\nb", "a\0"] {
            assert!(!is_agent(name), "{name:?}");
        }
    }

    #[test]
    fn topics_are_plain() {
        assert!(is_topic("a:b/c.d_e-1") && is_topic(&"x".repeat(200)));
        for topic in ["", "x y", "ä", &"x".repeat(201)] {
            assert!(!is_topic(topic), "{topic:?}");
        }
    }
}
