//! Places in traces. Ids are made of what the store has, so the next daemon goes on with the same trace.

use std::fmt;

use aiwg_protocol::names::is_traceparent;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// A span's place: its trace, its own id, and whether anyone collects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpanContext {
    /// The trace.
    pub(crate) trace: u128,
    /// The span.
    pub(crate) span: u64,
    /// False if whoever began the trace has decided that nobody is to collect it.
    pub(crate) is_sampled: bool,
}

impl SpanContext {
    /// The one of a header `traceparent`; none if it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if !is_traceparent(text) {
            return None;
        }
        let mut parts = text.split('-').skip(1);
        let trace = u128::from_str_radix(parts.next()?, 16).ok()?;
        let span = u64::from_str_radix(parts.next()?, 16).ok()?;
        let flags = u8::from_str_radix(parts.next()?.get(..2)?, 16).ok()?;
        Some(Self { trace, span, is_sampled: flags & 1 == 1 })
    }
}

/// As the header `traceparent` has it.
impl fmt::Display for SpanContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.is_sampled))
    }
}

/// A span's place below another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Its own place.
    pub(crate) own: SpanContext,
    /// The span above it; none for the first of a trace.
    pub(crate) parent: Option<u64>,
}

impl Placed {
    /// The place of a thing below another one. `id` is all that distinguishes the thing from all others of the project, and of other projects.
    pub(crate) fn below(parent: SpanContext, id: &str) -> Self {
        Self { own: SpanContext { span: span_id(id), ..parent }, parent: Some(parent.span) }
    }

    /// The place of a thing that begins a trace.
    pub(crate) fn first(id: &str) -> Self {
        let trace = match xxh3_128(id.as_bytes()) {
            // An id of all zeros is none.
            0 => 1,
            trace => trace,
        };
        Self { own: SpanContext { trace, span: span_id(id), is_sampled: true }, parent: None }
    }
}

fn span_id(id: &str) -> u64 {
    xxh3_64(id.as_bytes()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_header_is_read_and_written() {
        let context = SpanContext::parse(HEADER).unwrap();
        assert!(context.is_sampled && context.to_string() == HEADER);
        let not = SpanContext::parse(&HEADER.replace("-01", "-02")).unwrap();
        assert!(!not.is_sampled && not.to_string().ends_with("-00"));
        for wrong in
            ["", "00", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "ff-4bf92f3577b34da6"]
        {
            assert_eq!(SpanContext::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ids_are_the_same_each_time_and_others_for_other_things() {
        let first = Placed::first("/home/me/shop task 1 1000");
        assert_eq!(first, Placed::first("/home/me/shop task 1 1000"));
        assert_ne!(first.own.trace, Placed::first("/home/me/shop task 2 1000").own.trace);
        let below = Placed::below(first.own, "/home/me/shop run 1 1000 1");
        assert_eq!((below.own.trace, below.parent), (first.own.trace, Some(first.own.span)));
        assert_ne!(below.own.span, first.own.span);
    }
}
