//! Answers as JSON-RPC 2.0.

use super::message::Id;
use crate::{
    error::{ApiError, ErrorKind},
    service::DaemonServiceResponse,
};

fn write_head(out: &mut Vec<u8>, id: &Id) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    out.extend_from_slice(id.as_str().as_bytes());
}

pub(super) fn write_error(out: &mut Vec<u8>, id: &Id, error: &ApiError) {
    write_head(out, id);
    out.extend_from_slice(br#","error":"#);
    // An `ApiError` is strings and a number: writing it into memory cannot fail.
    let _ = serde_json::to_writer(&mut *out, error);
    out.push(b'}');
}

/// An error that no request has led to, as a line.
pub fn error_line(error: &ApiError) -> Vec<u8> {
    let mut line = Vec::new();
    write_error(&mut line, &Id::null(), error);
    line.push(b'\n');
    line
}

pub(super) fn write_response(
    out: &mut Vec<u8>,
    id: &Id,
    response: &Result<DaemonServiceResponse, tarpc::ServerError>,
) {
    let start = out.len();
    write_head(out, id);
    out.extend_from_slice(br#","result":"#);
    let error = match response.as_ref().map(|response| response.encode(out)) {
        Ok(Ok(Ok(()))) => return out.push(b'}'),
        Ok(Ok(Err(error))) => {
            ApiError::new(ErrorKind::InternalError, format!("the result is no JSON: {error}"))
        }
        Ok(Err(error)) => error.clone(),
        Err(error) => ApiError::new(ErrorKind::InternalError, error.detail.clone()),
    };
    out.truncate(start);
    write_error(out, id, &error);
}
