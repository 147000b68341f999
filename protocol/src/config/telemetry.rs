use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Metrics, for programs that collect them. `aiwg metrics` prints them whatever this says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// True if the metrics are written to `.aiwg/daemon/metrics.prom` every 15 seconds, for node_exporter's textfile collector.
    pub textfile: bool,
    /// Address and port at which `GET /metrics` is answered, as `127.0.0.1:9464`: port 0 is any that is free. Whoever reaches it reads the metrics.
    /// Nothing is listened to when null.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub listen: Option<String>,
}
