//! What a sender says: the event, the action, the id of the delivery, the payload.

use aiwg_protocol::{config::WebhookKind, types::Json};
use hmac_sha256::Hash;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::{
    Headers,
    sign::{SLACK_SIGNATURE, STANDARD_ID},
};

/// The longest id of a delivery that is kept as it is, in bytes: of a longer one its hash is.
const LONGEST_ID: usize = 150;

/// The event of GitLab's system hooks, of which the body says what has happened.
const GITLAB_SYSTEM: &str = "system";

/// The most fields of a form.
const MOST_FIELDS: usize = 1000;

/// What a request delivers.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    /// A question whether anyone is there: it is answered, and is no event.
    Ping,
    /// A question that is answered with its own words.
    Challenge(String),
    /// An event.
    Event {
        /// Its name, as the sender says it.
        event: Option<String>,
        /// The action that it is about.
        action: Option<String>,
        /// The id of the delivery, the same when it is repeated.
        id: Option<String>,
        /// The body.
        payload: Json,
    },
}

/// The reason for which a request delivers nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its `Content-Type` is none that the kind has.
    #[error("the Content-Type is none that is understood here: application/json is")]
    MediaType,
    /// Its body is not what the `Content-Type` says.
    #[error("the body is no JSON, or no form with JSON in it")]
    Body,
}

/// The members that say what has happened. All are as they were sent, be they what they may.
#[derive(Default, Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    action: Option<&'a RawValue>,
    #[serde(borrow, default)]
    build_status: Option<&'a RawValue>,
    #[serde(borrow, default)]
    challenge: Option<&'a RawValue>,
    #[serde(borrow, default)]
    command: Option<&'a RawValue>,
    #[serde(borrow, default)]
    event: Option<&'a RawValue>,
    #[serde(borrow, default)]
    event_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    event_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    object_attributes: Option<&'a RawValue>,
    #[serde(borrow, default)]
    object_kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
    #[serde(borrow, default)]
    r#type: Option<&'a RawValue>,
}

impl<'a> Said<'a> {
    fn of(text: &'a str) -> Self {
        if !text.trim_start().starts_with('{') {
            return Self::default();
        }
        // An object that has a member twice says nothing for certain.
        serde_json::from_str(text).unwrap_or_default()
    }
}

fn text(member: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(member?.get()).ok()
}

/// True for a body of this kind of content.
fn is_form(kind: WebhookKind, content_type: &str) -> Result<bool, Unreadable> {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let has_forms = matches!(kind, WebhookKind::Github | WebhookKind::Slack);
    match media.as_str() {
        "application/json" => Ok(false),
        "application/x-www-form-urlencoded" if has_forms => Ok(true),
        other if other.starts_with("application/") && other.ends_with("+json") => Ok(false),
        _ => Err(Unreadable::MediaType),
    }
}

/// Reads a request.
///
/// # Errors
/// It delivers nothing.
pub fn read(
    kind: WebhookKind,
    headers: &(impl Headers + ?Sized),
    body: &[u8],
) -> Result<Delivery, Unreadable> {
    let is_form = is_form(kind, headers.get("content-type").unwrap_or_default())?;
    let body_text = std::str::from_utf8(body).map_err(|_| Unreadable::Body)?;
    let payload = if is_form { of_form(kind, body) } else { Json::from_text(body_text).ok() };
    let payload = on_one_line(payload.ok_or(Unreadable::Body)?);
    let said = Said::of(payload.as_str());
    let header = |name| headers.get(name).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned);
    let (event, action, id) = match kind {
        WebhookKind::Github => (header("x-github-event"), text(said.action), header("x-github-delivery")),
        WebhookKind::Gitlab => gitlab(&said, header, body),
        WebhookKind::Slack => {
            let nested = said.event.map(|event| Said::of(event.get())).and_then(|event| text(event.r#type));
            let command = text(said.command);
            let event = nested
                .or_else(|| text(said.r#type))
                .or_else(|| command.as_ref().map(|_| "command".to_owned()));
            (event, command, text(said.event_id).or_else(|| header(SLACK_SIGNATURE)))
        }
        WebhookKind::Standard => (name_in(&said), text(said.action), header(STANDARD_ID)),
        WebhookKind::Json => {
            (name_in(&said), text(said.action), header("idempotency-key").or_else(|| header(STANDARD_ID)))
        }
    };
    match (kind, event.as_deref()) {
        (WebhookKind::Github, Some("ping")) => return Ok(Delivery::Ping),
        (WebhookKind::Slack, Some("url_verification")) => {
            let challenge = text(said.challenge).ok_or(Unreadable::Body)?;
            return Ok(Delivery::Challenge(challenge));
        }
        _ => {}
    }
    Ok(Delivery::Event { event, action, id: id.map(bounded), payload })
}

fn name_in(said: &Said<'_>) -> Option<String> {
    text(said.r#type).or_else(|| text(said.event))
}

type Names = (Option<String>, Option<String>, Option<String>);

fn gitlab(said: &Said<'_>, header: impl Fn(&'static str) -> Option<String>, body: &[u8]) -> Names {
    // "Merge Request Hook" is merge_request, as the body's own object_kind.
    let event = header("x-gitlab-event").map(|name| {
        let name = name.to_ascii_lowercase();
        name.strip_suffix(" hook").unwrap_or(&name).replace(' ', "_")
    });
    let about = said.object_attributes.map(|about| Said::of(about.get())).unwrap_or_default();
    let name = text(said.event_name);
    let action = if event.as_deref() == Some(GITLAB_SYSTEM) {
        name.or_else(|| text(said.object_kind))
    } else {
        // An action stands in one of two places; a pipeline, a job and a deployment have a state; a change of members, subgroups and projects a
        // name, which of a push says the same as the header.
        let acted = text(about.action).or_else(|| text(said.action));
        let state = || text(about.status).or_else(|| text(said.status)).or_else(|| text(said.build_status));
        acted.or_else(state).or_else(|| name.filter(|name| event.as_ref() != Some(name)))
    };
    // Deliveries that a delivery has led to have its UUID: the body tells them apart.
    let by_event = || Some(format!("{}:{}", header("x-gitlab-event-uuid")?, hash(body)));
    // Both are the same, and the first is signed, where anything is.
    let id = header(STANDARD_ID).or_else(|| header("idempotency-key")).or_else(by_event);
    (event, action, id)
}

/// The JSON of a form: that of its field `payload`, or, for Slack, its fields.
fn of_form(kind: WebhookKind, body: &[u8]) -> Option<Json> {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(body).take(MOST_FIELDS) {
        if name == "payload" {
            return Json::from_text(value).ok();
        }
        fields.insert(name.into_owned(), Value::String(value.into_owned()));
    }
    (kind == WebhookKind::Slack && !fields.is_empty()).then(|| Value::Object(fields).into())
}

/// The same value without what is between its parts, if it has several lines: events are written one on a line.
fn on_one_line(payload: Json) -> Json {
    if !payload.as_str().contains(['\n', '\r']) {
        return payload;
    }
    let (mut is_in_string, mut is_escaped) = (false, false);
    let is_kept = |c: &char| {
        let was_escaped = is_escaped;
        is_escaped = is_in_string && *c == '\\' && !was_escaped;
        if *c == '"' && !was_escaped {
            is_in_string = !is_in_string;
        }
        is_in_string || !c.is_ascii_whitespace()
    };
    let line: String = payload.as_str().chars().filter(is_kept).collect();
    Json::from_text(line).unwrap_or(payload)
}

fn hash(bytes: &[u8]) -> String {
    Hash::hash(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn bounded(id: String) -> String {
    if id.len() <= LONGEST_ID { id } else { hash(id.as_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(kind: WebhookKind, headers: &[(&str, &str)], body: &str) -> Result<Delivery, Unreadable> {
        let mut all: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.push(("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned()));
        read(kind, all.as_slice(), body.as_bytes())
    }

    fn names(delivery: Delivery) -> [String; 3] {
        let Delivery::Event { event, action, id, .. } = delivery else { panic!("{delivery:?}") };
        [event, action, id].map(Option::unwrap_or_default)
    }

    #[test]
    fn each_kind_says_in_its_way_what_has_happened() {
        let github =
            [("X-GitHub-Event", "issues"), ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")];
        let made =
            delivered(WebhookKind::Github, &github, r#"{"action":"opened","issue":{"number":1}}"#).unwrap();
        assert_eq!(names(made), ["issues", "opened", "72d3162e-cc78-11e3-81ab-4c9367dc0958"]);
        let gitlab = [("X-Gitlab-Event", "Merge Request Hook"), ("Idempotency-Key", "f5e5")];
        let body = r#"{"object_kind":"merge_request","object_attributes":{"action":"open"}}"#;
        assert_eq!(
            names(delivered(WebhookKind::Gitlab, &gitlab, body).unwrap()),
            ["merge_request", "open", "f5e5"]
        );
        let standard = [("webhook-id", "msg_1")];
        assert_eq!(
            names(delivered(WebhookKind::Standard, &standard, r#"{"type":"user.created"}"#).unwrap()),
            ["user.created", "", "msg_1"]
        );
        let slack =
            r#"{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention","text":"hi"}}"#;
        assert_eq!(names(delivered(WebhookKind::Slack, &[], slack).unwrap()), ["app_mention", "", "Ev1"]);
        for body in ["[1]", "null", r#"{"type":1,"action":{}}"#, r#"{"type":"a","type":"b"}"#] {
            assert_eq!(names(delivered(WebhookKind::Json, &[], body).unwrap()), ["", "", ""], "{body}");
        }
    }

    #[test]
    fn deliveries_of_one_event_of_gitlab_are_told_apart_by_their_bodies() {
        let id = |body: &str| {
            let headers = [("X-Gitlab-Event", "Push Hook"), ("X-Gitlab-Event-UUID", "13792a34")];
            let [_, _, id] = names(delivered(WebhookKind::Gitlab, &headers, body).unwrap());
            id
        };
        assert_eq!(id("{}"), id("{}"));
        assert_ne!(id("{}"), id("[]"));
    }

    /// The members are those of GitLab's documentation of its events.
    #[test]
    fn gitlab_says_in_several_places_what_has_happened() {
        for (header, body, expected) in [
            ("Push Hook", r#"{"object_kind":"push","event_name":"push"}"#, ["push", ""]),
            ("Tag Push Hook", r#"{"event_name":"tag_push"}"#, ["tag_push", ""]),
            (
                "Confidential Note Hook",
                r#"{"object_attributes":{"action":"create"}}"#,
                ["confidential_note", "create"],
            ),
            ("Release Hook", r#"{"object_kind":"release","action":"delete"}"#, ["release", "delete"]),
            (
                "Milestone Hook",
                r#"{"object_attributes":{"state":"active"},"action":"close"}"#,
                ["milestone", "close"],
            ),
            ("Pipeline Hook", r#"{"object_attributes":{"status":"failed"}}"#, ["pipeline", "failed"]),
            ("Job Hook", r#"{"object_kind":"build","build_status":"canceled"}"#, ["job", "canceled"]),
            ("Deployment Hook", r#"{"status":"running"}"#, ["deployment", "running"]),
            ("Member Hook", r#"{"event_name":"user_add_to_group"}"#, ["member", "user_add_to_group"]),
            ("System Hook", r#"{"event_name":"user_create"}"#, ["system", "user_create"]),
            (
                "System Hook",
                r#"{"object_kind":"merge_request","object_attributes":{"action":"open"}}"#,
                ["system", "merge_request"],
            ),
            (
                "Feature Flag Hook",
                r#"{"object_attributes":{"active":true,"action":1}}"#,
                ["feature_flag", ""],
            ),
        ] {
            let headers =
                [("X-Gitlab-Event", header), ("Idempotency-Key", "moved"), ("webhook-id", "signed")];
            let [event, action, id] = names(delivered(WebhookKind::Gitlab, &headers, body).unwrap());
            assert_eq!(([event.as_str(), &action], id.as_str()), (expected, "signed"), "{header} {body}");
        }
    }

    #[test]
    fn questions_are_no_events() {
        assert_eq!(
            delivered(WebhookKind::Github, &[("X-GitHub-Event", "ping")], r#"{"zen":"x"}"#),
            Ok(Delivery::Ping)
        );
        let challenge = r#"{"type":"url_verification","challenge":"3eZb"}"#;
        assert_eq!(delivered(WebhookKind::Slack, &[], challenge), Ok(Delivery::Challenge("3eZb".to_owned())));
    }

    #[test]
    fn forms_hold_json_or_are_their_fields() {
        let form = |kind, body: &str| {
            let headers = [("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
            match read(kind, headers.as_slice(), body.as_bytes()) {
                Ok(Delivery::Event { payload, .. }) => payload.as_str().to_owned(),
                other => format!("{other:?}"),
            }
        };
        assert_eq!(form(WebhookKind::Github, "payload=%7B%22a%22%3A1%7D&x=1"), r#"{"a":1}"#);
        assert_eq!(form(WebhookKind::Github, "a=1"), "Err(Body)");
        assert_eq!(
            form(WebhookKind::Slack, "command=%2Fdeploy&text=x+y"),
            r#"{"command":"/deploy","text":"x y"}"#
        );
        assert_eq!(form(WebhookKind::Json, "a=1"), "Err(MediaType)");
        assert_eq!(delivered(WebhookKind::Json, &[], "{"), Err(Unreadable::Body));
        assert_eq!(read(WebhookKind::Json, [].as_slice(), b"{}"), Err(Unreadable::MediaType));
    }

    #[test]
    fn a_payload_is_one_line() {
        let body = "{\n  \"a b\": [1,\r\n\t2],\n  \"c\": \"x\\\\\",\n \"d\": \" \\\" \\n \"\n}\n";
        let Ok(Delivery::Event { payload, .. }) = delivered(WebhookKind::Json, &[], body) else { panic!() };
        assert_eq!(payload.as_str(), r#"{"a b":[1,2],"c":"x\\","d":" \" \n "}"#);
    }

    #[test]
    fn a_long_id_is_kept_by_its_hash() {
        let [_, _, id] =
            names(delivered(WebhookKind::Json, &[("Idempotency-Key", &"x".repeat(5000))], "{}").unwrap());
        assert_eq!(id.len(), 64);
    }
}
