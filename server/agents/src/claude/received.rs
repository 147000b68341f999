//! The messages of its input that an agent has reported on.

use serde_json::Value;

use super::message::Message;
use crate::evaluation::Received;

/// The most messages of which a report is kept: more are never sent to one agent.
const MOST: usize = 2000;

/// The longest id that is kept, in bytes: that of a UUID is 36.
const LONGEST_ID: usize = 64;

impl Received {
    /// Takes in a message of the output, if it reports on one of the input. `queued`: it is read; `started`: it is part of the conversation;
    /// `completed` and `cancelled`: its turn is over. With `--replay-user-messages` it is repeated when it becomes part of the conversation.
    pub(super) fn take(&mut self, message: &Message) {
        if message.is("user", None) && message.is_replay == Value::Bool(true) {
            self.started(&message.uuid);
        } else if message.is("command_lifecycle", None) {
            match message.state.as_str() {
                Some("queued") => self.queued(&message.command_uuid),
                Some("started") => self.started(&message.command_uuid),
                Some("completed" | "cancelled") => self.forget(&message.command_uuid),
                _ => {}
            }
        }
    }

    fn queued(&mut self, id: &Value) {
        if let Some(id) = known(id).filter(|id| !self.taken.iter().any(|taken| taken == id))
            && self.read.len() < MOST
        {
            self.read.push(id.to_owned());
        }
    }

    fn started(&mut self, id: &Value) {
        self.forget(id);
        if let Some(id) = known(id).filter(|id| !self.taken.iter().any(|taken| taken == id))
            && self.taken.len() < MOST
        {
            self.taken.push(id.to_owned());
        }
    }

    fn forget(&mut self, id: &Value) {
        self.read.retain(|read| id.as_str() != Some(read));
    }
}

fn known(id: &Value) -> Option<&str> {
    id.as_str().filter(|id| !id.is_empty() && id.len() <= LONGEST_ID)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn received(messages: &[Value]) -> Received {
        let mut received = Received::default();
        for message in messages {
            received.take(&serde_json::from_value(message.clone()).unwrap());
        }
        received
    }

    fn lifecycle(id: &str, state: &str) -> Value {
        json!({"type": "command_lifecycle", "command_uuid": id, "state": state, "uuid": "other"})
    }

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn a_message_is_read_and_then_taken_in() {
        let all = [lifecycle("a", "queued"), lifecycle("b", "queued"), lifecycle("a", "started")];
        assert_eq!(received(&all), Received { taken: ids(&["a"]), read: ids(&["b"]) });
        let all = [&all[..], &[lifecycle("a", "completed"), lifecycle("a", "queued")]].concat();
        assert_eq!(received(&all), Received { taken: ids(&["a"]), read: ids(&["b"]) });
    }

    #[test]
    fn what_is_repeated_is_taken_in() {
        let replay = |replay: Value| json!({"type": "user", "uuid": "a", "isReplay": replay});
        assert_eq!(received(&[lifecycle("a", "queued"), replay(json!(true))]).taken, ["a"]);
        assert_eq!(
            received(&[replay(json!("no")), json!({"type": "user", "uuid": "b"})]),
            Received::default()
        );
    }

    #[test]
    fn what_was_given_up_before_its_turn_is_not_taken_in() {
        let all = [lifecycle("a", "queued"), lifecycle("a", "cancelled")];
        assert_eq!(received(&all), Received::default());
    }

    #[test]
    fn no_flood_of_ids_is_held() {
        let long = "x".repeat(LONGEST_ID + 1);
        let many: Vec<Value> = (0..MOST + 10).map(|n| lifecycle(&n.to_string(), "started")).collect();
        assert_eq!(received(&many).taken.len(), MOST);
        for odd in [json!(3), json!(null), json!(long), json!("")] {
            let odd = json!({"type": "command_lifecycle", "command_uuid": odd, "state": "queued"});
            assert_eq!(received(&[odd]), Received::default());
        }
    }
}
