//! The look at what a page asks for, where the dashboard is for reading only.

use aiwg_protocol::{
    ApiError, ErrorKind, METHODS,
    wire::{Id, Incoming, Request},
};
use serde_json::{json, value::RawValue};

/// The notification that ends a call of the same connection.
const CANCEL: &str = "rpc.cancel";

/// What becomes of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes to the daemon.
    Pass,
    /// The dashboard answers with this itself.
    Answer(String),
    /// It was a notification, which is never answered.
    Ignore,
}

/// Looks at a message, with the daemon's own parser: what it takes for a request here is what the daemon would carry out. What is no
/// request passes, for the daemon to say what is wrong with it.
pub(super) fn look(text: &str) -> Verdict {
    match Incoming::parse(text.as_bytes()) {
        Ok(Incoming::Single(Ok(request), _)) => match refusal(&request) {
            None => Verdict::Pass,
            Some(error) => request.id.map_or(Verdict::Ignore, |id| Verdict::Answer(answer(&id, &error))),
        },
        Ok(Incoming::Batch(entries)) => batch(&entries.first, entries.count),
        Ok(Incoming::Single(Err(_), _)) | Err(_) => Verdict::Pass,
    }
}

/// A batch passes as a whole or not at all.
fn batch(entries: &[&RawValue], count: usize) -> Verdict {
    let requests: Vec<Request<'_>> =
        entries.iter().filter_map(|entry| Request::parse(entry.get()).ok()).collect();
    let is_known = entries.len() == count;
    if is_known && requests.iter().all(|request| refusal(request).is_none()) {
        return Verdict::Pass;
    }
    let error = |request: &Request<'_>| {
        refusal(request).unwrap_or_else(|| {
            not_allowed("this batch asks for something that changes something, so none of it is done")
        })
    };
    let answers: Vec<String> =
        requests.iter().filter_map(|request| Some(answer(request.id.as_ref()?, &error(request)))).collect();
    if answers.is_empty() { Verdict::Ignore } else { Verdict::Answer(format!("[{}]", answers.join(","))) }
}

/// The reason to refuse a request: its method changes something, or is not known, so that it might.
fn refusal(request: &Request<'_>) -> Option<ApiError> {
    (!only_reads(&request.method)).then(|| {
        not_allowed(
            "this dashboard is for reading only (--readonly): only a dashboard that was started without it does this",
        )
    })
}

fn not_allowed(message: &str) -> ApiError {
    ApiError::new(ErrorKind::NotAllowed, message)
}

/// True if a method changes nothing.
fn only_reads(name: &str) -> bool {
    name == CANCEL || METHODS.iter().any(|method| method.name == name && method.is_read_only())
}

fn answer(id: &Id, error: &ApiError) -> String {
    // The id is JSON as it came.
    format!(r#"{{"jsonrpc":"2.0","id":{},"error":{}}}"#, id.as_str(), json!(error))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn request(method: &str) -> String {
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": {} }).to_string()
    }

    fn refused(text: &str) -> Value {
        match look(text) {
            Verdict::Answer(answer) => serde_json::from_str(&answer).unwrap(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn what_changes_nothing_passes() {
        for method in [
            "ping",
            "daemon.status",
            "task.list",
            "task.output",
            "event.subscribe",
            "approval.list",
            "rpc.cancel",
        ] {
            assert_eq!(look(&request(method)), Verdict::Pass, "{method}");
        }
        // What is no request is the daemon's to refuse.
        for text in [
            "",
            "{",
            "[]",
            "1",
            r#"{"jsonrpc":"2.0","method":7,"id":1}"#,
            r#"{"method":"task.submit","id":1}"#,
        ] {
            assert_eq!(look(text), Verdict::Pass, "{text}");
        }
    }

    #[test]
    fn what_changes_something_or_is_not_known_is_refused_with_its_id() {
        let changing =
            ["task.submit", "task.cancel", "approval.approve", "approval.ask", "approval.permission"];
        let more = [
            "event.emit",
            "daemon.stop",
            "daemon.reload",
            "automation.disable",
            "chat.send",
            "task.purge",
            "",
        ];
        for method in changing.into_iter().chain(more) {
            let answer = refused(&request(method));
            assert_eq!((&answer["id"], &answer["error"]["data"]["kind"]), (&json!(1), &json!("not_allowed")));
        }
        let answer = refused(r#"{"jsonrpc":"2.0","id":"a\"b","method":"t\u0061sk.submit"}"#);
        assert_eq!(answer["id"], "a\"b");
        let notification = r#"{"jsonrpc":"2.0","method":"event.emit","params":{"topic":"a:b"}}"#;
        assert_eq!(look(notification), Verdict::Ignore);
    }

    #[test]
    fn a_name_that_is_given_twice_is_what_the_daemon_takes_it_for() {
        for (first, second) in [("ping", "task.submit"), ("task.submit", "ping")] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{first}","method":"{second}"}}"#);
            let is_refused = match Incoming::parse(text.as_bytes()) {
                Ok(Incoming::Single(Ok(request), _)) => request.method == "task.submit",
                _ => false,
            };
            assert_eq!(matches!(look(&text), Verdict::Answer(_)), is_refused, "{text}");
        }
    }

    #[test]
    fn a_batch_passes_as_a_whole_or_not_at_all() {
        let (reads, writes) = (request("ping"), request("task.submit"));
        assert_eq!(look(&format!("[{reads},{reads}]")), Verdict::Pass);
        let answer = refused(&format!(" [{reads},{writes},7]"));
        assert_eq!(answer.as_array().map(Vec::len), Some(2));
        assert!(answer[0]["error"]["message"].as_str().unwrap().contains("none of it"));
        let many = format!("[{}{writes}]", format!("{reads},").repeat(1000));
        assert_eq!(refused(&many).as_array().map(Vec::len), Some(1000));
    }
}
