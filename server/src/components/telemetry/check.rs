//! The checks of `telemetry`.

use std::path::Path;

use aiwg_platforms::is_http;
use aiwg_protocol::config::Config;

use crate::config::{Check, SectionCheck, Step, is_of_this_machine};

/// The checks of `telemetry`.
pub(crate) struct TelemetryCheck;

impl SectionCheck for TelemetryCheck {
    fn check(&self, check: &mut Check<'_, '_, '_>, config: &Config) {
        let telemetry = |key| [Step::Key("telemetry"), Step::Key(key)];
        if config.telemetry.otlp.as_ref().is_some_and(|otlp| !is_http(otlp)) {
            let why = "must be the address of a collector: \"http://127.0.0.1:4318\" is one; `/v1/traces` is added to it";
            check.wrong(&telemetry("otlp"), why);
        }
        let Some(listen) = &config.telemetry.listen else { return };
        if is_of_this_machine(listen).is_none() {
            let why = "must be an address of this machine and a port: \"127.0.0.1:9464\" is one";
            check.wrong(&telemetry("listen"), why);
        }
    }

    fn not_meant(&self, _: &Path, config: &Config) -> Vec<String> {
        let no_collector = (config.telemetry.agent && config.telemetry.otlp.is_none()).then(|| {
            "telemetry.agent has no effect without telemetry.otlp, which names the collector".to_owned()
        });
        let listen = config.telemetry.listen.iter();
        let afar = listen.filter(|listen| is_of_this_machine(listen) == Some(false));
        afar.map(|listen| {
            format!(
                "telemetry.listen is {listen}: whoever reaches it from another machine reads the names of rules, agents and lanes, and what they cost"
            )
        })
        .chain(no_collector)
        .collect()
    }
}
