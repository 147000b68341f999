//! The topics that only the daemon may publish, and the form of a trace context.

/// The beginnings of the topics that only the daemon may publish. The documentation of `event.emit` lists them.
pub const RESERVED_TOPICS: &[&str] = &[
    "agent:",
    "approval:",
    "automation:",
    "budget:",
    "chat:",
    "daemon:",
    "file:",
    "health:",
    "schedule:",
    "task:",
];

/// The beginning that makes a topic the daemon's own, if it is.
pub fn reserved_topic(topic: &str) -> Option<&'static str> {
    RESERVED_TOPICS.iter().copied().find(|prefix| topic.starts_with(prefix))
}

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

#[cfg(test)]
mod tests {
    use super::*;

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
        let openrpc = crate::schema::openrpc().to_string();
        let (_, listed) = openrpc.split_once("The daemon's own topics (").unwrap();
        let (listed, _) = listed.split_once(')').unwrap();
        let mut listed: Vec<&str> = listed.split(", ").map(|one| one.trim_matches('`')).collect();
        let mut reserved = RESERVED_TOPICS.to_vec();
        listed.sort_unstable();
        reserved.sort_unstable();
        assert_eq!(listed, reserved);
    }
}
