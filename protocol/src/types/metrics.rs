//! Metrics, as programs that collect them read them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::by_name::by_name;

/// A format of metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricsFormat {
    /// OpenMetrics 1.0.
    #[default]
    Openmetrics,
    /// The text format 0.0.4 of Prometheus.
    Prometheus,
}

/// The params of `metrics.get`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricsGetParams {
    /// The format.
    #[serde(default, deserialize_with = "by_name", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "openmetrics"))]
    pub format: Option<MetricsFormat>,
}

/// The answer to `metrics.get`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// The media type of the text.
    pub content_type: String,
    /// The metrics.
    pub text: String,
}

/// What collects metrics and traces of the daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TelemetrySubsystem {
    /// True if the metrics are written to `.aiwg/daemon/metrics.prom`.
    pub textfile: bool,
    /// Address at which `GET /metrics` is answered, as `127.0.0.1:9464`; null while it is not.
    pub address: Option<String>,
    /// The traces; absent where none are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traces: Option<TracesStatus>,
}

/// Traces, with their spans since the daemon's start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TracesStatus {
    /// Address of the collector.
    pub otlp: String,
    /// Number of spans that it has taken.
    pub sent: u64,
    /// Number of spans that were dropped.
    pub dropped: u64,
    /// Number of spans that wait.
    pub waiting: u64,
}
