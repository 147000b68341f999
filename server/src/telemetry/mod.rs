//! What is counted and measured, and how that is written for those who collect it. Nothing here asks anyone: the component and the gateway of the
//! same matter do.

mod exposition;
mod histogram;
mod otlp;
mod span;
mod tally;
mod trace;

pub(crate) use exposition::{Family, Point, openmetrics, prometheus};
pub(crate) use histogram::Histogram;
pub(crate) use otlp::{Resource, rejected, request};
pub(crate) use span::{Attribute, Ended, EventSpan, Span, SpanCounts, SpanKind, Spans};
pub(crate) use tally::{Counts, Note, Series, Tally};
pub(crate) use trace::{Id, Kind, Placed, SpanContext};
