//! What is counted and measured, and how that is written for those who collect it. Nothing here asks anyone: the component and the gateway of the
//! same matter do.

mod exposition;
mod histogram;
mod tally;

pub(crate) use exposition::{Family, Point, openmetrics, prometheus};
pub(crate) use histogram::Histogram;
pub(crate) use tally::{Counts, Note, Series, Tally};
