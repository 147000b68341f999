//! The look at each request before anything is done for it: that it is meant for this dashboard, and comes from a page of it.
//!
//! A page of anywhere can have a browser send requests here. By a name of its own that leads to loopback (DNS rebinding) it would even
//! read the answers: so the `Host` must be one of loopback. It may have any port, since `ssh -L` forwards another one. What else a
//! page of another origin can do, as of another port of this host, is refused by `Origin` and by what browsers say of a request's way
//! (`Sec-Fetch-Site`).

use hyper::{
    HeaderMap, Method, StatusCode, Uri,
    header::{COOKIE, HOST, HeaderName, ORIGIN},
};

/// The hosts by which a dashboard is reached, directly or through `ssh -L`.
const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The port of an address that names none.
const USUAL_PORT: u16 = 80;

/// The part of a cookie's name before the port.
const COOKIE_NAME: &str = "aiwg-dashboard-";

/// What is said to a request of a page that is not the dashboard's: a person whom it has led here can come by himself.
pub(crate) const OTHER_PAGE: &str = "the request comes from a page that is not this dashboard's: \
                                     paste the address into the address bar of the browser";

/// A reason to refuse a request: the status, and what is wrong.
pub(crate) type Refusal = (StatusCode, &'static str);

/// What is known of a request's way here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    /// The port, as the browser sees it.
    port: u16,
    /// True if the request says that it comes from a page of this origin.
    pub(crate) is_of_own_page: bool,
    /// True if a link or a page of elsewhere has led here: then the browser keeps the cookie back.
    pub(crate) is_led_from_elsewhere: bool,
}

impl Visit {
    /// Looks at a request.
    ///
    /// # Errors
    /// It is not meant for this dashboard, or comes from a page that is not its own.
    pub(crate) fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Self, Refusal> {
        let forbidden = |why| Err((StatusCode::FORBIDDEN, why));
        if uri.authority().is_some() {
            return forbidden("this is no proxy");
        }
        let Some(host) = only(headers, &HOST)? else {
            return Err((StatusCode::BAD_REQUEST, "there is no Host"));
        };
        let Some(port) = own_port(host) else {
            return forbidden(
                "a dashboard is reached as localhost, 127.0.0.1 or [::1], and by no other name",
            );
        };
        let origin = only(headers, &ORIGIN)?;
        let is_of_own_page = origin.is_some_and(|origin| is_own(origin, host));
        if origin.is_some() && !is_of_own_page {
            return forbidden(OTHER_PAGE);
        }
        let fetch = |name| only(headers, &HeaderName::from_static(name));
        let is_led_from_elsewhere = match fetch("sec-fetch-site")? {
            None | Some("same-origin" | "none") => false,
            Some(_) => {
                let is_navigation = fetch("sec-fetch-mode")? == Some("navigate")
                    && fetch("sec-fetch-dest")? == Some("document")
                    && method == Method::GET;
                if !is_navigation {
                    return forbidden(OTHER_PAGE);
                }
                true
            }
        };
        Ok(Self { port, is_of_own_page, is_led_from_elsewhere })
    }

    /// The name of the cookie: two dashboards on different ports, as the browser sees them, do not take each other's away.
    pub(crate) fn cookie_name(&self) -> String {
        format!("{COOKIE_NAME}{}", self.port)
    }

    /// The value of the dashboard's cookie. There can be several of the name: who serves another port can set one, too.
    pub(crate) fn cookies<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
        let name = self.cookie_name();
        let all = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(move |(found, _)| *found == name).map(|(_, value)| value)
    }
}

/// The value of a header that may be there once.
///
/// # Errors
/// It is there several times, or is no text: who would know which of them another one goes by?
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut all = headers.get_all(name).into_iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            value.to_str().map(Some).map_err(|_| (StatusCode::BAD_REQUEST, "a header is no text"))
        }
        _ => Err((StatusCode::BAD_REQUEST, "a header is there twice")),
    }
}

/// The port of a host of loopback; none if it is another host.
fn own_port(host: &str) -> Option<u16> {
    let own = HOSTS.iter().find_map(|own| {
        let (name, rest) = host.split_at_checked(own.len())?;
        name.eq_ignore_ascii_case(own).then_some(rest)
    })?;
    match own.strip_prefix(':') {
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok(),
        Some(_) => None,
        None => own.is_empty().then_some(USUAL_PORT),
    }
}

/// True if an origin is that of the pages that are served to this host.
fn is_own(origin: &str, host: &str) -> bool {
    origin.strip_prefix("http://").is_some_and(|origin| origin.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(headers: &[(&str, &str)]) -> Result<Visit, StatusCode> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        Visit::of(&Method::GET, &Uri::from_static("/"), &map).map_err(|(status, _)| status)
    }

    #[test]
    fn only_loopback_is_a_host_with_any_port() {
        for (host, port) in
            [("localhost:1", 1), ("LocalHost", 80), ("127.0.0.1:24940", 24940), ("[::1]:65535", 65535)]
        {
            assert_eq!(visit(&[("host", host)]).unwrap().port, port, "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "localhost:",
            "localhost:x",
            "localhost:+1",
            "localhost:65536",
            "127.0.0.1.nip.io:24940",
            "127.0.0.2",
            "0.0.0.0:24940",
            "localhost@evil.example",
            "[::1",
            "localhost:1:2",
            " localhost",
        ] {
            assert_eq!(visit(&[("host", host)]).unwrap_err(), StatusCode::FORBIDDEN, "{host}");
        }
        assert_eq!(visit(&[]).unwrap_err(), StatusCode::BAD_REQUEST);
        let twice = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(visit(&twice).unwrap_err(), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn a_refusal_says_how_one_comes_in() {
        let said = |name, value: &str| {
            let map = HeaderMap::from_iter([
                (HOST, "localhost".parse().unwrap()),
                (HeaderName::from_static(name), value.parse().unwrap()),
            ]);
            Visit::of(&Method::GET, &Uri::from_static("/"), &map).unwrap_err().1
        };
        for (name, value) in [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")] {
            assert!(said(name, value).contains("paste the address"), "{name}");
        }
        let map = HeaderMap::from_iter([(HOST, "evil.example".parse().unwrap())]);
        let (_, why) = Visit::of(&Method::GET, &Uri::from_static("/"), &map).unwrap_err();
        for host in HOSTS {
            assert!(why.contains(host), "{why}");
        }
    }

    #[test]
    fn an_origin_is_that_of_the_host_or_refused() {
        let of = |origin| visit(&[("host", "localhost:24940"), ("origin", origin)]);
        assert!(of("http://localhost:24940").unwrap().is_of_own_page);
        for origin in [
            "null",
            "",
            "http://localhost",
            "http://localhost:24941",
            "https://localhost:24940",
            "http://127.0.0.1:24940",
            "http://evil.example",
            "file://",
            "http://localhost:24940/",
            "http://localhost:24940.evil.example",
        ] {
            assert_eq!(of(origin).unwrap_err(), StatusCode::FORBIDDEN, "{origin}");
        }
        assert!(!visit(&[("host", "localhost")]).unwrap().is_of_own_page);
    }

    #[test]
    fn from_elsewhere_only_a_person_is_led_here() {
        let from = |site, mode, dest| {
            visit(&[
                ("host", "localhost"),
                ("sec-fetch-site", site),
                ("sec-fetch-mode", mode),
                ("sec-fetch-dest", dest),
            ])
        };
        assert!(!from("none", "navigate", "document").unwrap().is_led_from_elsewhere);
        assert!(!from("same-origin", "cors", "empty").unwrap().is_led_from_elsewhere);
        for site in ["cross-site", "same-site"] {
            assert!(from(site, "navigate", "document").unwrap().is_led_from_elsewhere);
            for (mode, dest) in
                [("navigate", "iframe"), ("no-cors", "image"), ("cors", "empty"), ("websocket", "websocket")]
            {
                assert_eq!(
                    from(site, mode, dest).unwrap_err(),
                    StatusCode::FORBIDDEN,
                    "{site} {mode} {dest}"
                );
            }
        }
    }

    #[test]
    fn the_cookie_is_that_of_the_port() {
        let mut headers = HeaderMap::new();
        headers.append(HOST, "localhost:7".parse().unwrap());
        let value = "a=b; aiwg-dashboard-7=one; aiwg-dashboard-70=other;aiwg-dashboard-7=two";
        headers.append(COOKIE, value.parse().unwrap());
        let visit = Visit::of(&Method::GET, &Uri::from_static("/"), &headers).unwrap();
        assert_eq!(visit.cookies(&headers).collect::<Vec<_>>(), ["one", "two"]);
    }
}
