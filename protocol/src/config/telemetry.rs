use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Metrics and traces, for programs that collect them. `aiwg metrics` prints the former whatever this says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// True if the metrics are written to `.aiwg/daemon/metrics.prom` every 15 seconds, for node_exporter's textfile collector.
    pub textfile: bool,
    /// Name of the project: the label `project` in that file, and `aiwg.project` of traces. That of its folder when null.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub project: Option<String>,
    /// Address and port at which `GET /metrics` is answered, as `127.0.0.1:9464`: port 0 is any that is free. Whoever reaches it reads the metrics.
    /// Nothing is listened to when null.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub listen: Option<String>,
    /// Address of a collector of OTLP over HTTP, as `http://127.0.0.1:4318`: traces are sent there. None are made when null.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1000))]
    pub otlp: Option<String>,
    /// True if `claude` sends its own telemetry to the same collector.
    pub agent: bool,
}
