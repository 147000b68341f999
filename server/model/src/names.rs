//! The names that topics, agents, rules and variables may have.

pub use aiwg_protocol::names::{is_traceparent, reserved_topic as reserved};

/// The rule for the names of lanes and profiles.
pub const PART_RULE: &str =
    "must be a name of up to 100 letters, digits, '.', '_' and '-' that does not begin with '-'";

/// Maximum length of the name of a lane or a profile, in bytes.
const LONGEST_PART: usize = 100;

/// True if a lane or a profile may have this name: it can be an argument, and part of a list.
pub fn is_part(name: &str) -> bool {
    let may_be_in = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && name.len() <= LONGEST_PART && !name.starts_with('-') && name.chars().all(may_be_in)
}

/// The most characters of a topic.
const LONGEST_TOPIC: usize = 200;

/// The form of a topic, for people.
pub const TOPIC_RULE: &str = "a topic has 1 to 200 characters of A-Z a-z 0-9 _ . : / -";

/// The form of an agent's name, for people.
pub const AGENT_RULE: &str = "must be a name: not empty, not an option, no control characters, and none that is not seen or that turns \
                                     the direction of writing";

/// The form of any other name, for people.
pub const NAME_RULE: &str = "must be a name: not empty, no control characters, and none that is not seen or that turns the direction of writing";

/// The form of a label of a host, for people.
pub const LABEL_RULE: &str = "letters, digits, '.', '_' and '-', 100 characters at the most";

/// True if a host can have this label.
pub fn is_label(label: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=100).contains(&label.len()) && label.bytes().all(is_part)
}

/// True if an event can have this topic.
pub fn is_topic(topic: &str) -> bool {
    !topic.is_empty() && topic.len() <= LONGEST_TOPIC && topic.chars().all(is_in_topics)
}

/// True if a topic can have this character.
pub fn is_in_topics(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.:/-".contains(c)
}

/// The form of a trace context, for people.
pub const TRACEPARENT_RULE: &str = "the member \"traceparent\" must be a trace context of W3C in its first 55 characters: \
     \"00-\", 32 hexadecimal figures, \"-\", 16, \"-\", 2, in small letters, and neither id all zeros";

/// True if this can be given to the agent's program as the name of an agent.
pub fn is_agent(name: &str) -> bool {
    is_name(name) && !name.starts_with('-')
}

/// True if this can be shown and distinguished from others: a rule's id, a job's name.
pub fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(|c: char| c.is_control() || is_unseen(c))
}

/// True if a character is invisible, or turns the direction of what follows: a name with it looks like another. Joiners
/// are allowed: words in some scripts have them, and pictures.
pub fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e001f}'
    )
}

/// True if a variable of an environment can have this name.
pub fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}

/// True if each `${` in a value has its `}`.
pub fn is_closed(value: &str) -> bool {
    value.rsplit_once("${").is_none_or(|(_, rest)| rest.contains('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_taken_for_something_else_is_no_name() {
        assert!(is_agent("security architect") && is_name("-r"));
        // A word of Persian, a family, and a flag.
        for name in ["می\u{200c}خواهم", "👩\u{200d}👧", "🏴\u{e0067}\u{e0062}\u{e007f}"] {
            assert!(is_name(name), "{name:?}");
        }
        for name in
            ["", " ", "--dangerously", "a\nb", "a\0", "a\u{202e}b", "a\u{200b}b", "\u{feff}a", "a\u{2066}"]
        {
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
