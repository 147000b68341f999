//! HTTP, as all clients need it: one TLS stack, the system's certificates and proxies, and no address or token in an error.

use std::{error::Error as _, net::IpAddr, sync::Arc, time::Duration};

use reqwest::{
    Client, Method, StatusCode, Url,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    redirect::Policy,
};
use serde_json::Value;

use crate::{Token, clock::Clock};

/// Time to reach a platform.
const CONNECT: Duration = Duration::from_secs(15);

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// The same of an answer of which only the beginning matters.
const LONGEST_BRIEF: usize = 64 * 1024;

/// A client for one platform.
#[derive(Clone)]
pub struct Http {
    client: Client,
    base: Url,
    clock: Arc<Clock>,
}

/// The beginning of an answer.
#[derive(Debug)]
pub struct Brief {
    /// The status.
    pub status: u16,
    /// The beginning of the body.
    pub body: Vec<u8>,
    /// The time after which it may be asked again, where the server names one in seconds.
    pub retry_after: Option<Duration>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, if it is JSON.
    pub body: Option<Value>,
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Failed {
    /// The reason, without an address.
    pub why: String,
    /// True if the request cannot have reached the platform.
    pub is_unsent: bool,
}

/// True for a base address that a token may be sent to.
pub fn is_address(base: &str) -> bool {
    address(base).is_ok()
}

/// True for a base address of HTTP.
pub fn is_http(base: &str) -> bool {
    parsed(base).is_ok()
}

fn parsed(base: &str) -> Result<Url, String> {
    let base = Url::parse(&format!("{}/", base.trim_end_matches('/')))
        .map_err(|error| format!("its address is none: {error}"))?;
    let is_plain = base.query().is_none() && base.fragment().is_none() && base.username().is_empty();
    match ["http", "https"].contains(&base.scheme())
        && base.has_host()
        && is_plain
        && base.password().is_none()
    {
        true => Ok(base),
        false => Err("its address must be one of HTTP, without a name, a query or a fragment".to_owned()),
    }
}

fn address(base: &str) -> Result<Url, String> {
    let base = Url::parse(&format!("{}/", base.trim_end_matches('/')))
        .map_err(|error| format!("its address is none: {error}"))?;
    if base.scheme() != "https" && !(base.scheme() == "http" && is_loopback(&base)) {
        return Err("its address must begin with https://, or be one of this machine".to_owned());
    }
    Ok(base)
}

impl Http {
    /// A client for this base address.
    ///
    /// # Errors
    /// The address is none that a token may be sent to, or no certificates are there.
    pub fn new(base: &str) -> Result<Self, String> {
        Self::at(address(base)?)
    }

    /// A client for this base address, to which no token is sent.
    ///
    /// # Errors
    /// The address is none, or no certificates are there.
    pub fn without_token(base: &str) -> Result<Self, String> {
        Self::at(parsed(base)?)
    }

    fn at(base: Url) -> Result<Self, String> {
        let is_loopback = is_loopback(&base);
        let mut client = Client::builder()
            .connect_timeout(CONNECT)
            .redirect(Policy::none())
            .pool_max_idle_per_host(2)
            .user_agent(concat!("aiwg/", env!("CARGO_PKG_VERSION")));
        if is_loopback {
            client = client.no_proxy();
        }
        if base.scheme() == "https" {
            client = client.tls_backend_preconfigured(tls()?);
        } else {
            client = client.tls_backend_preconfigured(no_tls()?);
        }
        let client = client.build().map_err(|error| format!("no client could be made: {}", chain(&error)))?;
        Ok(Self { client, base, clock: Arc::default() })
    }

    /// The base address's host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.base)
    }

    /// True if an address that the platform has named is one of its own: on this machine where the base address is, else in one of these domains,
    /// or in that of the base address.
    pub(crate) fn owns(&self, url: &Url, domains: &[&str]) -> bool {
        // What stands before an `@` would be a name and a password.
        if !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        if self.is_loopback() {
            return is_loopback(url);
        }
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let of_base = self.base.host_str();
        url.scheme() == "https"
            && domains.iter().copied().chain(of_base).any(|domain| is_within(&host, domain))
    }

    /// The platform's clock, as its answers tell it.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The client that all requests go through.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request to a path under the base address, with a JSON body if there is one. `token` is stripped from errors.
    ///
    /// # Errors
    /// There was no answer in time, or none that could be read.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Option<&Value>,
        (token, timeout): (&Token, Duration),
    ) -> Result<Answer, Failed> {
        // Not joined: a token has a colon, as a scheme has.
        let url = Url::parse(&format!("{}{path}", self.base))
            .map_err(|_| Failed { why: "the path is none".to_owned(), is_unsent: true })?;
        self.request_at(url, (method, headers, body), (token, timeout)).await
    }

    /// Sends bytes to a path under the base address. Returns the beginning of the answer.
    ///
    /// # Errors
    /// There was no answer, or none that could be read.
    pub async fn post(&self, path: &str, media_type: &str, body: Vec<u8>) -> Result<Brief, Failed> {
        let url = self
            .base
            .join(path)
            .map_err(|_| Failed { why: "the path is none".to_owned(), is_unsent: true })?;
        let failed = |error: reqwest::Error| Failed {
            is_unsent: error.is_connect() || error.is_builder(),
            why: chain(&error.without_url()),
        };
        let request = self.client.post(url).header(CONTENT_TYPE, media_type).body(body);
        let mut response = request.send().await.map_err(failed)?;
        let after = response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok());
        let retry_after = after.and_then(|after| after.trim().parse().ok()).map(Duration::from_secs);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_BRIEF {
                break;
            }
        }
        Ok(Brief { status: response.status().as_u16(), body, retry_after })
    }

    /// Sends a request to an address that was found to be the platform's own.
    ///
    /// # Errors
    /// There was no answer in time, or none that could be read.
    pub(crate) async fn request_at(
        &self,
        url: Url,
        (method, headers, body): (Method, HeaderMap, Option<&Value>),
        (token, timeout): (&Token, Duration),
    ) -> Result<Answer, Failed> {
        let mut request = self.client.request(method, url).headers(headers).timeout(timeout);
        if let Some(body) = body {
            request = request.json(body);
        }
        let failed = |error: reqwest::Error| Failed {
            is_unsent: error.is_connect() || error.is_builder(),
            why: token.strip_from(&chain(&error.without_url())).into_owned(),
        };
        let mut response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        self.clock.note(&headers);
        let mut bytes = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| Failed { is_unsent: false, ..failed(error) })?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LONGEST_ANSWER {
                return Err(Failed { why: "its answer is too long".to_owned(), is_unsent: false });
            }
        }
        // Whatever is said of an answer may be shown: one that repeats the token must not show it.
        let body = std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| serde_json::from_str(&token.strip_from(text)).ok());
        Ok(Answer { status, headers, body })
    }
}

/// True if a host is this domain, or is in it.
fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    host == domain || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The TLS stack, with the system's certificates.
///
/// # Errors
/// There are none.
pub(crate) fn tls() -> Result<rustls::ClientConfig, String> {
    use rustls_platform_verifier::BuilderVerifierExt;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| {
            format!("no certificates could be loaded, as the package ca-certificates has them: {error}")
        })?;
    Ok(config.with_no_client_auth())
}

/// A stack that trusts nobody, for plain connections to this machine: nothing has to be loaded.
fn no_tls() -> Result<rustls::ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

/// An error with what has led to it.
pub(crate) fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        source = inner.source();
    }
    if error.is_timeout() {
        return format!("there was no answer in time ({text})");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_to_no_plain_address_but_this_machines() {
        for good in
            ["https://api.telegram.org", "http://127.0.0.1:8080/x", "http://localhost:1", "http://[::1]:1/"]
        {
            assert!(Http::new(good).is_ok(), "{good}");
        }
        for bad in
            ["http://api.telegram.org", "http://127.0.0.1.evil.org", "ftp://localhost", "localhost", ""]
        {
            assert!(Http::new(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn an_error_has_no_address_in_it() {
        // Nobody listens there.
        let http = Http::new("http://127.0.0.1:1").unwrap();
        let token = Token::new("12:secret");
        let limits = (&token, Duration::from_secs(5));
        let failed = http
            .request(Method::GET, "bot12:secret/getMe", HeaderMap::new(), None, limits)
            .await
            .unwrap_err();
        assert!(failed.is_unsent && failed.why.contains("refused"), "{failed:?}");
        assert!(!failed.why.contains("secret") && !failed.why.contains("getMe"), "{failed:?}");
    }

    #[tokio::test]
    async fn an_answer_that_repeats_the_token_does_not_show_it() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let echo = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 4096];
            let n = tokio::io::AsyncReadExt::read(&mut stream, &mut asked).await.unwrap();
            let body = r#"{"ok":false,"description":"bot 12:secret?","list":["12:secret"]}"#;
            let answer = format!("HTTP/1.1 401 No\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.unwrap();
            n
        });
        let token = Token::new("12:secret");
        let limits = (&token, Duration::from_secs(60));
        let answer = Http::new(&base).unwrap();
        let answer = answer.request(Method::GET, "x", HeaderMap::new(), None, limits).await.unwrap();
        assert!(echo.await.unwrap() > 0);
        assert_eq!(
            answer.body,
            Some(serde_json::json!({"ok": false, "description": "bot …?", "list": ["…"]}))
        );
        assert!(!format!("{answer:?}").contains("secret"));
    }
}
