//! The check of events that clients emit against the declared topics.

use aiwg_protocol::{
    ApiError,
    config::TopicsConfig,
    types::{Json, PayloadError},
};
use aiwg_topics::{MOST_MISFITS, without_its_middle};

use super::{Loaded, nearest};

/// The longest place and error that the message itself shows, in bytes; `data.errors` has more.
const SHOWN: usize = 200;

impl Loaded {
    /// Checks that clients may emit an event with this topic and payload. An event of a topic that is not declared may say anything, unless
    /// `strict_topics` is set.
    ///
    /// # Errors
    /// `unknown_topic` or `invalid_payload`.
    pub(crate) fn may_be_emitted(&self, topic: &str, payload: &Json) -> Result<(), ApiError> {
        if self.config.strict_topics {
            self.is_declared(topic)?;
        }
        let Some(schema) = self.schemas.get(topic) else { return Ok(()) };
        let Err(misfits) = schema.check(payload.as_str()) else { return Ok(()) };
        let errors: Vec<PayloadError> = misfits
            .into_iter()
            .map(|misfit| PayloadError { path: misfit.path, message: misfit.message })
            .collect();
        let first = errors.first().map_or_else(String::new, |PayloadError { path, message }| {
            let place = if path.is_empty() { String::new() } else { format!("{path}: ") };
            let place = without_its_middle(place, SHOWN);
            // The value comes first, and what is wrong with it last.
            format!(": {place}{}", without_its_middle(message.clone(), SHOWN))
        });
        let more = match errors.len() {
            0 | 1 => String::new(),
            // No more are looked for.
            many @ MOST_MISFITS.. => format!(" (and at least {} more)", many - 1),
            many => format!(" (and {} more)", many - 1),
        };
        let message = format!(
            "the payload does not fit the topic {topic:?}{first}{more}; `aiwg topic list --json` shows its schema"
        );
        Err(ApiError::invalid_payload(message, errors))
    }

    /// Checks that the configuration declares a topic.
    fn is_declared(&self, topic: &str) -> Result<(), ApiError> {
        let TopicsConfig::ByName(declared) = &self.config.topics else { return Ok(()) };
        if declared.contains_key(topic) {
            return Ok(());
        }
        let known: Vec<&str> = declared.keys().map(String::as_str).collect();
        let near = nearest(topic, &known);
        let hint = near.map_or_else(
            || "`aiwg topic list` shows those that it declares".to_owned(),
            |near| format!("did you mean {near:?}?"),
        );
        let message = format!(
            "the configuration does not declare the topic {topic:?}, and with \"strict_topics\" no other may be emitted; {hint}"
        );
        Err(ApiError::unknown_topic(message, near))
    }
}
