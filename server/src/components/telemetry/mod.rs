//! Metrics: what the daemon says in numbers. Nothing is read or made unless someone asks, and the file is written only where it is asked for. And
//! traces: spans that the engine makes where a collector is named.

mod check;
mod export;
mod families;
mod file;
mod gather;
mod process;

use std::sync::Arc;

use aiwg_protocol::{
    ApiError,
    types::{Metrics, MetricsFormat},
};

pub(crate) use self::{check::TelemetryCheck, export::TraceExport, file::MetricsFile};
use crate::{
    component::Components,
    context::Context,
    telemetry::{openmetrics, prometheus},
};

/// The media type of OpenMetrics.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The media type of the text format of Prometheus.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics as they are now.
///
/// # Errors
/// The store cannot be read.
pub(crate) async fn metrics(
    context: &Arc<Context>,
    components: &Components,
    format: MetricsFormat,
) -> Result<Metrics, ApiError> {
    let families = families::of(&gather::gather(context, components).await?);
    let (content_type, text) = match format {
        MetricsFormat::Openmetrics => (OPENMETRICS, openmetrics(&families)),
        MetricsFormat::Prometheus => (PROMETHEUS, prometheus(&families)),
    };
    Ok(Metrics { content_type: content_type.to_owned(), text })
}
