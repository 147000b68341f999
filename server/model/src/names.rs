//! The names that topics, agents, rules and variables may have.

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

/// True if an event can have this topic.
pub fn is_topic(topic: &str) -> bool {
    !topic.is_empty() && topic.len() <= LONGEST_TOPIC && topic.chars().all(is_in_topics)
}

/// The beginnings of the topics that only the daemon may publish. The documentation of `event.emit` lists them.
const RESERVED: [&str; 10] = [
    "approval:",
    "budget:",
    "task:",
    "agent:",
    "file:",
    "schedule:",
    "daemon:",
    "automation:",
    "health:",
    "chat:",
];

/// The beginning that makes a topic the daemon's own, if it is.
pub fn reserved(topic: &str) -> Option<&'static str> {
    RESERVED.into_iter().find(|prefix| topic.starts_with(prefix))
}

/// True if a topic can have this character.
pub fn is_in_topics(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.:/-".contains(c)
}

/// The form of a trace context, for people.
pub const TRACEPARENT_RULE: &str = "the member \"traceparent\" must be a trace context of W3C in its first 55 characters: \
     \"00-\", 32 hexadecimal figures, \"-\", 16, \"-\", 2, in small letters, and neither id all zeros";

/// True if this is the header `traceparent` of W3C's trace context: of any version, in the form that all of them begin with.
pub fn is_traceparent(text: &str) -> bool {
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_id = |part: &str, length| is_hex(part, length) && part.bytes().any(|byte| byte != b'0');
    let mut parts = text.split('-');
    let [version, trace, span, flags, more] = std::array::from_fn(|_| parts.next());
    version.is_some_and(|version| is_hex(version, 2) && version != "ff")
        && trace.is_some_and(|trace| is_id(trace, 32))
        && span.is_some_and(|span| is_id(span, 16))
        && flags.is_some_and(|flags| is_hex(flags, 2))
        && more.is_none()
}

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

    #[test]
    fn a_trace_context_is_as_w3c_has_it() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        for good in [format!("00-{trace}-{span}-01"), format!("cc-{trace}-{span}-ff")] {
            assert!(is_traceparent(&good), "{good}");
        }
        let zeros = "0".repeat(32);
        for wrong in [
            String::new(),
            format!("00-{trace}-{span}"),
            format!("00-{trace}-{span}-01-more"),
            format!("00-{trace}-{span}-01-"),
            format!("ff-{trace}-{span}-01"),
            format!("00-{}-{span}-01", trace.to_uppercase()),
            format!("00-{zeros}-{span}-01"),
            format!("00-{trace}-{}-01", &zeros[..16]),
            format!("0-{trace}-{span}-01"),
            format!("00-{trace}{span}-01"),
            format!(" 00-{trace}-{span}-01"),
            format!("00-{trace}-{span}-é"),
        ] {
            assert!(!is_traceparent(&wrong), "{wrong}");
        }
    }

    #[test]
    fn the_definition_lists_the_topics_that_clients_cannot_have() {
        let openrpc = aiwg_protocol::schema::openrpc().to_string();
        let (_, listed) = openrpc.split_once("The daemon's own topics (").unwrap();
        let (listed, _) = listed.split_once(')').unwrap();
        let mut listed: Vec<&str> = listed.split(", ").map(|one| one.trim_matches('`')).collect();
        let mut reserved = RESERVED.to_vec();
        listed.sort_unstable();
        reserved.sort_unstable();
        assert_eq!(listed, reserved);
    }
}
