//! Places in traces. Ids are made of what the store has, so the next daemon goes on with the same trace.

use std::fmt;

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
        // Each event that has one comes by here: it is read in one go.
        let text: &[u8; 55] = text.as_bytes().try_into().ok()?;
        let [version @ .., _, _, _] = text.first_chunk::<5>()?;
        if version == b"ff" || [text[2], text[35], text[52]] != [b'-'; 3] {
            return None;
        }
        hex(version)?;
        let (trace, span) = (hex(text.get(3..35)?)?, u64::try_from(hex(text.get(36..52)?)?).ok()?);
        let flags = hex(text.get(53..)?)?;
        (trace != 0 && span != 0).then_some(Self { trace, span, is_sampled: flags & 1 == 1 })
    }
}

/// The number that these figures are: of small letters, and 32 at the most.
fn hex(figures: &[u8]) -> Option<u128> {
    figures.iter().try_fold(0, |number, byte| {
        let figure = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(figure))
    })
}

/// The kind of a thing that has a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Event = 1,
    Rule = 2,
    Task = 3,
    Run = 4,
}

/// All that distinguishes a thing from all others of the project, and of other projects. It is made on the stack: each event has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id([u64; 5]);

impl Id {
    /// That of the thing of this kind with these numbers, in the project of this number.
    pub(crate) const fn of(project: u64, kind: Kind, [a, b, c]: [u64; 3]) -> Self {
        Self([project, kind as u64, a, b, c])
    }

    fn bytes(self) -> [u8; 40] {
        let mut bytes = [0; 40];
        for (place, number) in bytes.chunks_exact_mut(8).zip(self.0) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
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
    /// The place of a thing below another one.
    pub(crate) fn below(parent: SpanContext, id: Id) -> Self {
        Self { own: SpanContext { span: span_id(id), ..parent }, parent: Some(parent.span) }
    }

    /// The place of a thing that begins a trace.
    pub(crate) fn first(id: Id) -> Self {
        let trace = match xxh3_128(&id.bytes()) {
            // An id of all zeros is none.
            0 => 1,
            trace => trace,
        };
        Self { own: SpanContext { trace, span: span_id(id), is_sampled: true }, parent: None }
    }
}

fn span_id(id: Id) -> u64 {
    xxh3_64(&id.bytes()).max(1)
}

#[cfg(test)]
mod tests {
    use aiwg_protocol::names::is_traceparent;
    use proptest::prelude::*;

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
        let (task, run) = (Id::of(7, Kind::Task, [1, 1000, 0]), Id::of(7, Kind::Run, [1, 1000, 0]));
        let first = Placed::first(task);
        assert_eq!(first, Placed::first(Id::of(7, Kind::Task, [1, 1000, 0])));
        for other in [
            run,
            Id::of(8, Kind::Task, [1, 1000, 0]),
            Id::of(7, Kind::Task, [2, 1000, 0]),
            Id::of(7, Kind::Task, [1, 1001, 0]),
        ] {
            assert_ne!(first.own.trace, Placed::first(other).own.trace);
        }
        let below = Placed::below(first.own, run);
        assert_eq!((below.own.trace, below.parent), (first.own.trace, Some(first.own.span)));
        assert_ne!(below.own.span, first.own.span);
    }

    proptest! {
        #[test]
        fn what_is_a_header_is_read(text in "[0-9a-fg-]{2}(-|x)[0f]{32}-(0{16}|[0-9a-f]{16})-[0-9a-fF]{2}(|-|0)") {
            prop_assert_eq!(SpanContext::parse(&text).is_some(), is_traceparent(&text), "{}", text);
        }
    }
}
