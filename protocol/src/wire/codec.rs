//! The client's framing and its JSON: lines below, messages above.

use std::{io, pin::Pin};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};
use serde_json::value::RawValue;
use tokio_util::codec::{Decoder, Encoder};

use crate::{
    error::{ApiError, ErrorData, ErrorKind},
    service::{DaemonServiceRequest, RPC_CANCEL},
    types::Json,
    wire::MAX_ANSWER_BYTES,
};

/// Lines, without their line feed, of at most [`MAX_ANSWER_BYTES`]: the daemon at the far end of a tunnel may be anyone's.
#[derive(Debug, Default)]
pub struct Lines {
    searched: usize,
}

impl Decoder for Lines {
    type Item = BytesMut;
    type Error = io::Error;

    fn decode(&mut self, src: &mut BytesMut) -> io::Result<Option<BytesMut>> {
        let at = memchr::memchr(b'\n', &src[self.searched..]);
        let length = at.map_or(src.len(), |at| self.searched + at);
        // The end of a line that is too long may have come with the byte that is one too many.
        if length > MAX_ANSWER_BYTES {
            let why = format!("it sent a line of more than {MAX_ANSWER_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        if at.is_none() {
            self.searched = length;
            return Ok(None);
        }
        let line = src.split_to(length);
        src.advance(1);
        self.searched = 0;
        Ok(Some(line))
    }
}

impl Encoder<Bytes> for Lines {
    type Error = io::Error;

    fn encode(&mut self, line: Bytes, dst: &mut BytesMut) -> io::Result<()> {
        dst.reserve(line.len() + 1);
        dst.put(line);
        dst.put_u8(b'\n');
        Ok(())
    }
}

/// A message from a client.
#[derive(Debug)]
// A box for each call would cost more than moving it: `scripts/bench` compares.
#[allow(clippy::large_enum_variant)]
pub enum ToServer {
    /// A request with its id.
    Request(u64, DaemonServiceRequest),
    /// The notification `rpc.cancel` for a request.
    Cancel(u64),
    /// A request with its id that need not be one of the service: a method's name, and params as they are.
    Untyped(u64, String, Option<Json>),
    /// A line that [`ToServer::to_line`] has made of one of the others.
    Line(Bytes),
}

/// A request as it is sent.
#[derive(Serialize)]
struct Untyped<'a> {
    jsonrpc: &'static str,
    id: u64,
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<&'a Json>,
}

/// A message to a client.
#[derive(Debug)]
pub enum FromServer {
    /// An answer. Its id is none if the server could not find out which request it answers.
    Response(Option<u64>, Result<Box<RawValue>, ApiError>),
    /// Something that was not asked for.
    Notification(ServerNotification),
    /// A message that cannot be understood: the id of the request it answers, if that can be read, and the error. Other
    /// messages are not affected.
    Unreadable(Option<u64>, String),
}

/// A notification as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerNotification {
    /// Its name.
    pub method: String,
    /// Its params.
    pub params: Json,
}

/// JSON-RPC 2.0 as a codec of tokio-serde.
#[derive(Debug)]
pub struct JsonRpc;

impl tokio_serde::Serializer<ToServer> for JsonRpc {
    type Error = io::Error;

    fn serialize(self: Pin<&mut Self>, item: &ToServer) -> io::Result<Bytes> {
        item.to_line()
    }
}

impl ToServer {
    /// The message as it is sent, without the line feed.
    ///
    /// # Errors
    /// A value in it cannot be written as JSON.
    pub fn to_line(&self) -> io::Result<Bytes> {
        let mut out = Vec::with_capacity(128);
        match self {
            Self::Line(line) => return Ok(line.clone()),
            Self::Request(id, request) => {
                let name = crate::METHODS.get(request.index()).map_or("", |method| method.name);
                out.extend_from_slice(
                    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{name}","params":"#).as_bytes(),
                );
                request.encode_params(&mut out)?;
                out.push(b'}');
            }
            Self::Cancel(id) => {
                let line = format!(r#"{{"jsonrpc":"2.0","method":"{RPC_CANCEL}","params":{{"id":{id}}}}}"#);
                out.extend_from_slice(line.as_bytes());
            }
            Self::Untyped(id, method, params) => {
                let request = Untyped { jsonrpc: "2.0", id: *id, method, params: params.as_ref() };
                serde_json::to_writer(&mut out, &request)?;
            }
        }
        on_one_line(&mut out);
        Ok(out.into())
    }
}

impl tokio_serde::Deserializer<FromServer> for JsonRpc {
    type Error = io::Error;

    fn deserialize(self: Pin<&mut Self>, src: &BytesMut) -> io::Result<FromServer> {
        match read(src) {
            Ok(message) => Ok(message),
            // Whoever sends that is no daemon: to wait for its answer is in vain.
            Err(_) if !src.is_empty() && serde_json::from_slice::<IgnoredAny>(src).is_err() => {
                let why = "it sent a line that is not JSON-RPC, so it is no daemon";
                Err(io::Error::new(io::ErrorKind::InvalidData, why))
            }
            Err(error) => Ok(FromServer::Unreadable(answers(src), error.to_string())),
        }
    }
}

/// An error as JSON-RPC has it: it may have no data, or any.
#[derive(Deserialize)]
struct AnyError {
    code: i32,
    message: String,
    #[serde(default)]
    data: Option<Box<RawValue>>,
}

impl From<AnyError> for ApiError {
    fn from(AnyError { code, message, data }: AnyError) -> Self {
        let told = data.and_then(|data| serde_json::from_str::<ErrorData>(data.get()).ok());
        // What tells programs nothing but its code has the kind of that.
        let kind = ErrorKind::from_code(code).unwrap_or(ErrorKind::InternalError);
        let data = told.unwrap_or_else(|| ErrorData::of(kind));
        Self { code, message, data }
    }
}

/// The message that a line is.
fn read(line: &[u8]) -> serde_json::Result<FromServer> {
    /// Any message that a server may send.
    #[derive(Deserialize)]
    struct Message {
        id: Option<u64>,
        #[serde(default, deserialize_with = "present")]
        result: Option<Box<RawValue>>,
        error: Option<AnyError>,
        method: Option<String>,
        params: Option<Json>,
    }
    let message: Message = serde_json::from_slice(line)?;
    Ok(match message {
        Message { error: Some(error), id, .. } => FromServer::Response(id, Err(error.into())),
        Message { result: Some(result), id, .. } => FromServer::Response(id, Ok(result)),
        Message { method: Some(method), params, .. } => {
            FromServer::Notification(ServerNotification { method, params: params.unwrap_or_default() })
        }
        Message { id, .. } => {
            FromServer::Unreadable(id, "it has neither a result nor an error nor a method".to_owned())
        }
    })
}

/// The request that a line answers, where the rest of it cannot be understood.
fn answers(line: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Head {
        id: Option<u64>,
    }
    serde_json::from_slice::<Head>(line).ok()?.id
}

/// JSON that a caller has written by hand may have several lines: within it, a line feed is a blank, for in a string there can be none.
fn on_one_line(json: &mut [u8]) {
    let mut from = 0;
    while let Some(at) = json.get(from..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        json[from + at] = b' ';
        from += at + 1;
    }
}

/// A member that is there, be it null: a result may be.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use tokio_serde::Serializer;

    use super::*;
    use crate::types::EventEmitParams;

    #[test]
    fn a_request_is_one_line_whatever_its_payload() {
        let payload = Json::from_text("{\n  \"a\": \"\\n\",\n  \"b\": 1\n}").unwrap();
        let typed = DaemonServiceRequest::EventEmit {
            params: EventEmitParams {
                topic: "a:b".to_owned(),
                payload: Some(payload.clone()),
                ..Default::default()
            },
        };
        for message in
            [ToServer::Request(1, typed), ToServer::Untyped(1, "event.emit".to_owned(), Some(payload))]
        {
            let line = Pin::new(&mut JsonRpc).serialize(&message).unwrap();
            assert!(!line.contains(&b'\n'), "{line:?}");
            let sent: serde_json::Value = serde_json::from_slice(&line).unwrap();
            assert!(sent["params"].to_string().contains(r#"{"a":"\n","b":1}"#), "{sent}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_about_one_request_at_the_most() {
        let deep = format!(r#"{{"id":5,"error":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        for (line, answered) in [
            (r#"{"id":7,"error":{}}"#, Some(7)),
            (r#"{"id":7}"#, Some(7)),
            (r#"{"id":"seven","result":1}"#, None),
            (r#"{"method":7,"params":{}}"#, None),
            ("[]", None),
            ("", None),
            (&deep, Some(5)),
        ] {
            let read = tokio_serde::Deserializer::deserialize(Pin::new(&mut JsonRpc), &line.into()).unwrap();
            assert!(matches!(read, FromServer::Unreadable(id, _) if id == answered), "{line:.60}: {read:?}");
        }
    }

    #[test]
    fn what_is_no_json_is_no_daemons() {
        for line in ["HTTP/1.1 400 Bad Request", "{\"id\":7", "\u{0}"] {
            let read = tokio_serde::Deserializer::deserialize(Pin::new(&mut JsonRpc), &line.into());
            assert_eq!(read.unwrap_err().kind(), io::ErrorKind::InvalidData, "{line}");
        }
    }

    #[test]
    fn an_error_need_not_have_data() {
        let kind = |error: &str| {
            let line = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{{error}}}}}"#);
            match read(line.as_bytes()).unwrap() {
                FromServer::Response(Some(1), Err(error)) => error.data.kind.into_owned(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(kind(r#""code":-32601,"message":"Method not found""#), "method_not_found");
        assert_eq!(kind(r#""code":-32602,"message":"no","data":"any""#), "invalid_params");
        assert_eq!(kind(r#""code":7,"message":"no","data":null"#), "internal_error");
        assert_eq!(kind(r#""code":7,"message":"no","data":{"kind":"new","member":"a"}"#), "new");
    }

    #[test]
    fn a_line_has_a_limit() {
        let mut lines = Lines::default();
        let mut buffer = BytesMut::zeroed(MAX_ANSWER_BYTES);
        assert_eq!(lines.decode(&mut buffer).unwrap(), None);
        buffer.put_u8(b'x');
        let mut ended = buffer.clone();
        ended.put_u8(b'\n');
        for mut buffer in [buffer, ended] {
            assert!(lines.decode(&mut buffer).unwrap_err().to_string().contains("67108864 bytes"));
        }
    }
}
