//! `aiwg metrics`: what the daemon says in numbers, for programs that collect them.

use std::process::ExitCode;

use aiwg_client::{
    DaemonClient,
    types::{MetricsFormat, MetricsGetParams},
};
use clap::ValueEnum;

use crate::{
    error::CliError,
    output::{Output, verbatim},
};

#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct MetricsArgs {
    /// The format; prometheus is the older one, which node_exporter and promtool read
    #[arg(long, value_enum, default_value_t = Format::Openmetrics)]
    format: Format,
}

/// A format of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Openmetrics,
    Prometheus,
}

pub(crate) async fn run(
    client: &DaemonClient,
    args: MetricsArgs,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let format = match args.format {
        Format::Openmetrics => MetricsFormat::Openmetrics,
        Format::Prometheus => MetricsFormat::Prometheus,
    };
    let metrics = client.metrics_get(MetricsGetParams { format: Some(format) }).await?;
    match output.json {
        true => output.result(&metrics, |_, _| Ok(()))?,
        // As it is: a program reads it. The daemon writes no control characters into it.
        false => verbatim(metrics.text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}
