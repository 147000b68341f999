//! The messages of OTLP, the OpenTelemetry protocol, as Protocol Buffers: as much of them as the daemon sends and reads. The numbers are those of
//! `opentelemetry/proto/trace/v1/trace.proto` and of the files that it imports; a test reads all of it with the official definitions.

use aiwg_protocol::types::{EventSource, Timestamp};

use super::{Attribute, Ended, EventSpan, Placed, Span, SpanContext, SpanKind, span::within_bound};

/// The name of what makes the spans, in each request.
const SCOPE: &str = "aiwg";

/// What is the same for all spans of a daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resource(pub(crate) Vec<(&'static str, String)>);

/// The bytes of a span, as a rule.
const OF_SPAN: usize = 256;

/// A request with these spans: `ExportTraceServiceRequest`. All of it is written to one place, so that a span costs no more than its bytes.
pub(crate) fn request(resource: &Resource, spans: &[Ended]) -> Vec<u8> {
    let mut request = Message(Vec::with_capacity((spans.len() + 1) * OF_SPAN));
    request.message(1, |resource_spans| {
        resource_spans.message(1, |about| {
            for (name, value) in &resource.0 {
                attribute(about, 1, name, |any| any.text(1, value));
            }
        });
        resource_spans.message(2, |scope_spans| {
            scope_spans.message(1, |scope| {
                scope.text(1, SCOPE).text(2, env!("CARGO_PKG_VERSION"));
            });
            for one in spans {
                scope_spans.message(2, |made| match one {
                    Ended::Event(of) => event(made, of),
                    Ended::Other(of) => span(made, of),
                });
            }
        });
    });
    request.0
}

fn event(made: &mut Message, of: &EventSpan) {
    let is_from_outside = matches!(of.source, EventSource::Client | EventSource::Webhook);
    let kind = if is_from_outside { SpanKind::Consumer } else { SpanKind::Internal };
    let topic = within_bound(&of.topic);
    head(made, of.place, &["event ", topic], kind, (of.at, of.until));
    attribute(made, 9, "aiwg.event.seq", |any| any.varint(3, of.seq));
    attribute(made, 9, "aiwg.event.topic", |any| any.text(1, topic));
    attribute(made, 9, "aiwg.event.source", |any| any.text(1, of.source.name()));
    sampled(made);
}

fn span(made: &mut Message, span: &Span) {
    head(made, span.place, &[&span.name], SpanKind::Internal, (span.from, span.until));
    for (name, value) in &span.attributes {
        attribute(made, 9, name, |any| match value {
            Attribute::Text(text) => any.text(1, text),
            Attribute::Number(number) => any.varint(3, number.cast_unsigned()),
            Attribute::Real(real) => any.fixed(4, real.to_bits()),
        });
    }
    for link in &span.links {
        made.message(13, |linked| ids(linked, *link));
    }
    if span.is_error {
        // STATUS_CODE_ERROR.
        made.message(15, |status| {
            status.varint(3, 2);
        });
    }
    sampled(made);
}

/// What each span begins with.
fn head(
    made: &mut Message,
    place: Placed,
    name: &[&str],
    kind: SpanKind,
    (from, until): (Timestamp, Timestamp),
) {
    ids(made, place.own);
    if let Some(parent) = place.parent {
        made.bytes(4, &parent.to_be_bytes());
    }
    made.message(5, |text| name.iter().for_each(|part| text.0.extend(part.as_bytes())));
    // A clock that was set back makes none that ends before it begins.
    let from = from.min(until);
    made.varint(6, kind as u64).fixed(7, nanos(from.as_millis())).fixed(8, nanos(until.as_millis()));
}

/// The flags, with which each span ends.
fn sampled(made: &mut Message) {
    made.fixed32(16, 1);
}

fn ids(made: &mut Message, context: SpanContext) {
    made.bytes(1, &context.trace.to_be_bytes()).bytes(2, &context.span.to_be_bytes());
}

fn attribute(made: &mut Message, number: u64, name: &str, value: impl FnOnce(&mut Message) -> &mut Message) {
    made.message(number, |pair| {
        pair.text(1, name).message(2, |any| {
            value(any);
        });
    });
}

fn nanos(millis: i64) -> u64 {
    u64::try_from(millis).unwrap_or(0).saturating_mul(1_000_000)
}

/// A message in the making: its members are added in the order of their numbers.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn tag(&mut self, number: u64, wire: u64) -> &mut Self {
        self.raw_varint(number << 3 | wire)
    }

    fn raw_varint(&mut self, mut value: u64) -> &mut Self {
        loop {
            let low = (value & 0x7f) as u8;
            value >>= 7;
            if value == 0 {
                self.0.push(low);
                return self;
            }
            self.0.push(low | 0x80);
        }
    }

    fn varint(&mut self, number: u64, value: u64) -> &mut Self {
        self.tag(number, 0).raw_varint(value)
    }

    fn fixed(&mut self, number: u64, value: u64) -> &mut Self {
        self.tag(number, 1).0.extend(value.to_le_bytes());
        self
    }

    fn fixed32(&mut self, number: u64, value: u32) -> &mut Self {
        self.tag(number, 5).0.extend(value.to_le_bytes());
        self
    }

    fn bytes(&mut self, number: u64, value: &[u8]) -> &mut Self {
        self.tag(number, 2).raw_varint(value.len() as u64).0.extend(value);
        self
    }

    fn text(&mut self, number: u64, value: &str) -> &mut Self {
        self.bytes(number, value.as_bytes())
    }

    /// A message, or a text, in it: what is written to it meanwhile.
    fn message(&mut self, number: u64, write: impl FnOnce(&mut Self)) -> &mut Self {
        self.tag(number, 2);
        // Most are so short that their length is one byte. Where it is more, what was written moves on.
        let at = self.0.len();
        self.0.push(0);
        write(self);
        let mut length = Self::default();
        length.raw_varint(self.0.len().saturating_sub(at + 1) as u64);
        self.0.splice(at..=at, length.0);
        self
    }
}

/// The number of spans that a collector has refused, by its answer: `ExportTraceServiceResponse`. An answer that is none says nothing.
pub(crate) fn rejected(answer: &[u8]) -> u64 {
    let partial = Fields(answer).find_map(|(number, value)| match (number, value) {
        (1, Value::Bytes(partial)) => Some(partial),
        _ => None,
    });
    let count = Fields(partial.unwrap_or_default()).find_map(|(number, value)| match (number, value) {
        (1, Value::Varint(count)) => Some(count),
        _ => None,
    });
    // It is a signed number, and none is below 0.
    count.filter(|count| i64::try_from(*count).is_ok()).unwrap_or(0)
}

enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Other,
}

/// The members of a message, up to the first that cannot be read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Other)?,
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Other)?,
            _ => return None,
        };
        Some((tag >> 3, value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_says_how_many_were_refused() {
        let mut answer = Message::default();
        answer.message(1, |partial| {
            partial.varint(1, 300).text(2, "too old");
        });
        assert_eq!(rejected(&answer.0), 300);
        let mut answer = Message::default();
        answer.message(1, |below| {
            below.varint(1, u64::MAX);
        });
        assert_eq!((rejected(&answer.0), rejected(b""), rejected(b"<html>")), (0, 0, 0));
    }

    proptest! {
        #[test]
        fn no_answer_is_too_odd(answer in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = rejected(&answer);
        }
    }
}
