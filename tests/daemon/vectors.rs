//! The vectors of `tests/vectors/` over the socket, byte for byte; their README explains them.

use std::{collections::BTreeMap, fs};

use aiwg_client::{ApiError, ClientError, ErrorKind, types::Json};
use aiwg_testing::{TestDaemon, Wire, call_vectors, fits, repository, rule};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

/// One of `jsonrpc.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    spec: String,
    send: Vec<Piece>,
    expect: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Piece {
    Text(String),
    Hex { hex: String },
    Bytewise { bytewise: String },
    Repeat { repeat: String, times: usize },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Batch(Vec<Answer>),
    Single(Answer),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    /// The text of the id, to the letter.
    id: String,
    result: Option<Value>,
    error: Option<i32>,
}

/// Request that is sent last on each connection.
const ALIVE: &str = r#"{"jsonrpc":"2.0","id":"alive?","method":"ping"}"#;

impl Piece {
    fn send(&self, wire: &mut Wire) {
        match self {
            Self::Text(text) => wire.send(text),
            Self::Hex { hex } => wire.send(bytes(hex)),
            Self::Bytewise { bytewise } => bytewise.bytes().for_each(|byte| wire.send([byte])),
            Self::Repeat { repeat, times } => wire.send(repeat.repeat(*times)),
        }
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

impl Line {
    fn fits(&self, line: &str) -> bool {
        match self {
            Self::Single(answer) => !line.starts_with('[') && answer.fits(line),
            Self::Batch(answers) => serde_json::from_str::<Vec<&RawValue>>(line).is_ok_and(|got| {
                all_fit(got.iter().map(|entry| entry.get()), answers, |answer, text| answer.fits(text))
            }),
        }
    }
}

impl Answer {
    fn fits(&self, text: &str) -> bool {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap();
        let (what, is_right) = match (&self.result, self.error) {
            (Some(wanted), None) => ("result", fits(&value(members.get("result")), wanted)),
            (None, Some(code)) => ("error", is_error(&value(members.get("error")), code)),
            _ => panic!("an answer has either a result or an error"),
        };
        let mut names: Vec<&str> = members.keys().map(String::as_str).collect();
        names.sort_unstable();
        is_right
            && names
                == if what == "result" { ["id", "jsonrpc", "result"] } else { ["error", "id", "jsonrpc"] }
            && value(members.get("jsonrpc")) == "2.0"
            && members.get("id").is_some_and(|id| id.get() == self.id)
    }
}

fn value(text: Option<&&RawValue>) -> Value {
    text.map_or(Value::Null, |text| serde_json::from_str(text.get()).unwrap())
}

/// An error object of the specification, whose data is the daemon's: the kind belongs to the code.
fn is_error(error: &Value, code: i32) -> bool {
    let kind = error["data"]["kind"].as_str().and_then(ErrorKind::from_name);
    error["code"] == code
        && error["message"].as_str().is_some_and(|message| !message.is_empty())
        && kind.is_some_and(|kind| kind.code() == code)
        && error.as_object().is_some_and(|members| members.len() == 3)
}

/// True if there is one for each, in any order.
fn all_fit<'a, T>(
    got: impl Iterator<Item = &'a str>,
    wanted: &[T],
    fits: impl Fn(&T, &'a str) -> bool,
) -> bool {
    let mut left: Vec<&T> = wanted.iter().collect();
    for text in got {
        let Some(at) = left.iter().position(|wanted| fits(wanted, text)) else { return false };
        left.remove(at);
    }
    left.is_empty()
}

impl Vector {
    /// Checks a vector on a connection. No further answer may come until the daemon has answered all, the question at
    /// the end included, and closes.
    fn holds(&self, mut wire: Wire) -> Result<(), String> {
        for piece in &self.send {
            piece.send(&mut wire);
        }
        wire.send(format!("\n{ALIVE}\n"));
        let rest = wire.rest();
        let (alive, got): (Vec<&str>, Vec<&str>) =
            rest.lines().partition(|line| line.contains(r#""id":"alive?","result""#));
        let fit = all_fit(got.iter().copied(), &self.expect, |wanted, line| wanted.fits(line));
        match fit && alive.len() == 1 {
            true => Ok(()),
            false => Err(format!("{} ({}): {}", self.name, self.spec, shown(&rest))),
        }
    }
}

fn shown(text: &str) -> String {
    text.chars().take(1000).collect()
}

#[test]
fn json_rpc_to_the_letter() {
    let text = fs::read_to_string(repository().join("tests/vectors/jsonrpc.json")).unwrap();
    let vectors: Vec<Vector> = serde_json::from_str(&text).unwrap();
    // The limit that the vectors on lines that are too long stand on.
    let daemon = TestDaemon::with(json!({ "daemon": { "max_message_mb": 1 } }));
    let wrong: Vec<String> = vectors.iter().filter_map(|vector| vector.holds(daemon.wire()).err()).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), vectors.len(), wrong.join("\n"));
}

/// One of `calls*.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    name: String,
    method: String,
    params: Option<Box<RawValue>>,
    result: Option<Value>,
    error: Option<Refusal>,
    #[serde(default)]
    accepted: bool,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Refusal {
    code: i32,
    kind: String,
    member: Option<String>,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { code: error.code, kind: error.data.kind.into_owned(), member: error.data.member }
    }
}

impl Call {
    fn check(&self, outcome: Result<Value, ApiError>) -> Result<(), String> {
        let shown = format!("{}: {outcome:?}", self.name);
        let is_right = match (outcome, &self.result, &self.error) {
            (Ok(_), None, None) => self.accepted,
            (Err(error), None, None) => self.accepted && error.kind() != Some(ErrorKind::InvalidParams),
            (Ok(result), Some(wanted), None) => fits(&result, wanted),
            (Err(error), None, Some(wanted)) => Refusal::from(error) == *wanted,
            _ => false,
        };
        if is_right { Ok(()) } else { Err(shown) }
    }
}

/// The daemon that they are for.
fn with_vector_rule() -> TestDaemon {
    TestDaemon::with(json!({ "rules": [rule("vector-rule", "vector:rule", "vector")] }))
}

fn calls() -> Vec<Call> {
    let read = |path| serde_json::from_str::<Vec<Call>>(&fs::read_to_string(path).unwrap()).unwrap();
    call_vectors().into_iter().flat_map(read).collect()
}

fn all_hold(wrong: impl Iterator<Item = String>) {
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn calls_over_a_bare_socket() {
    let daemon = with_vector_rule();
    let mut wire = daemon.wire();
    all_hold(calls().iter().filter_map(|call| {
        let params = call.params.as_ref().map(|params| format!(r#","params":{params}"#)).unwrap_or_default();
        wire.send(format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":{:?}{params}}}\n", call.method));
        // Vectors open subscriptions: what comes of them is not an answer.
        let answer = std::iter::repeat_with(|| wire.receive()).find(|line| line.get("id").is_some()).unwrap();
        let outcome = match answer.get("error") {
            Some(error) => Err(serde_json::from_value(error.clone()).unwrap()),
            None => Ok(answer["result"].clone()),
        };
        call.check(outcome).err()
    }));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_through_the_rust_client() {
    let daemon = with_vector_rule();
    let client = daemon.client().await;
    let mut wrong = Vec::new();
    for call in calls() {
        let params = call.params.as_ref().map(|params| Json::from_text(params.get()).unwrap());
        let outcome = match client.call(&call.method, params).await {
            Ok(result) => Ok(result.to().unwrap()),
            Err(ClientError::Api(error)) => Err(error),
            Err(other) => panic!("{}: {other}", call.name),
        };
        wrong.extend(call.check(outcome).err());
    }
    all_hold(wrong.into_iter());
}
