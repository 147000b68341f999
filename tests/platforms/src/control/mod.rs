//! The same for scripts: `POST /control/PLATFORM/VERB` with the arguments in JSON, `GET /control/PLATFORM` for the state.
//!
//! `GET /control/requests`, `GET /control/violations` and `GET /control/environment` belong to all. The verbs and their
//! arguments are those of [`crate::Telegram`], [`crate::Slack`] and [`crate::Discord`]; what is not understood is 400.

// A verb without a result returns nothing, which is null in JSON.
#![allow(clippy::unit_arg)]

mod discord;
mod slack;
mod telegram;

use std::sync::Arc;

use axum::http::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::faults::Fault;
use crate::incoming::{Body, Incoming, segments};
use crate::platform::Platform;
use crate::server::Shared;
use crate::{Discord, Slack, Telegram};

/// The arguments of a verb.
struct Arguments(Value);

/// Result of a verb, or the reason why it was not understood.
type Outcome = Result<Value, String>;

impl Arguments {
    /// A member that must be there.
    fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        serde_json::from_value(self.0[name].clone()).map_err(|error| format!("{name}: {error}"))
    }

    /// All of them as one value.
    fn whole<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_value(self.0.clone()).map_err(|error| error.to_string())
    }
}

/// The value of what a verb returns.
fn done(value: impl serde::Serialize) -> Outcome {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

pub(crate) fn answer(shared: &Arc<Shared>, incoming: &Incoming) -> Answer {
    let segments = segments(&incoming.path);
    let names: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
    let arguments = match &incoming.body {
        Body::None => json!({}),
        Body::Json(value) => value.clone(),
        Body::Form(_) | Body::Unreadable(_) => return refused("the arguments are an object in JSON"),
    };
    let outcome = match (incoming.method.clone(), names.as_slice()) {
        (Method::GET, [name]) => look(shared, name),
        (Method::POST, [platform, verb]) => match Platform::named(platform) {
            Some(platform) => act(shared, platform, verb, Arguments(arguments)),
            None => Err(format!("there is no platform {platform}")),
        },
        _ => Err("POST /control/PLATFORM/VERB or GET /control/NAME".to_owned()),
    };
    outcome.map_or_else(|error| refused(&error), |value| Answer::json(200, &value))
}

fn refused(error: &str) -> Answer {
    Answer::json(400, &json!({ "error": error }))
}

fn look(shared: &Arc<Shared>, name: &str) -> Outcome {
    match name {
        "requests" => shared.log.read(|log| done(&log.received)),
        "violations" => shared.log.read(|log| done(&log.violations)),
        "environment" => {
            done(crate::server::environment(shared).into_iter().collect::<std::collections::BTreeMap<_, _>>())
        }
        "telegram" => Ok(Telegram::new(Arc::clone(shared)).state()),
        "slack" => Ok(Slack::new(Arc::clone(shared)).state()),
        "discord" => Ok(Discord::new(Arc::clone(shared)).state()),
        _ => Err(format!("there is no {name} to look at")),
    }
}

fn act(shared: &Arc<Shared>, platform: Platform, verb: &str, arguments: Arguments) -> Outcome {
    match verb {
        "addFault" => {
            shared.add_fault(platform, arguments.whole::<Fault>()?);
            done(())
        }
        "clearFaults" => {
            shared.clear_faults(platform);
            done(())
        }
        "setOutage" => {
            shared.set_outage(platform, arguments.get("isOut")?);
            done(())
        }
        _ => match platform {
            Platform::Telegram => telegram::act(&Telegram::new(Arc::clone(shared)), verb, &arguments),
            Platform::Slack => slack::act(&Slack::new(Arc::clone(shared)), verb, &arguments),
            Platform::Discord => discord::act(&Discord::new(Arc::clone(shared)), verb, &arguments),
        },
    }
}
