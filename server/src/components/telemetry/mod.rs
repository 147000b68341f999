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

/// The label with the project's name in the file: one program may collect those of several projects.
const PROJECT: &str = "project";

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

/// All metrics as they are now for the file, with the project's name at each.
///
/// # Errors
/// The store cannot be read.
async fn metrics_of_project(context: &Arc<Context>, components: &Components) -> Result<String, ApiError> {
    let project = project_name(context);
    let families = families::of(&gather::gather(context, components).await?).into_iter();
    Ok(prometheus(&families.map(|family| family.labelled(PROJECT, &project)).collect::<Vec<_>>()))
}

/// The name of the project: that of the configuration, or of its folder.
fn project_name(context: &Context) -> String {
    let config = &context.settings.get().config.telemetry;
    let of_folder = || context.project.root().file_name().unwrap_or_default().to_string_lossy().into_owned();
    config.project.clone().unwrap_or_else(of_folder)
}
