//! Those who come in, and those who do not.

use serde_json::json;

use super::site::Site;
use crate::support::Project;

#[test]
fn a_secret_counts_once_and_only_for_its_own_dashboard() {
    let (one, other) = (Project::started(json!({})), Project::started(json!({})));
    let (site, strange) = (Site::start(&one, &[]), Site::start(&other, &[]));
    let browser = site.browser();
    for secret in [site.secret.as_str(), &strange.secret, "", "0", &"0".repeat(64)] {
        let refused = site.ask(&format!("GET /?token={secret}"), &[]);
        assert_eq!((refused.status, refused.header("set-cookie")), (403, None), "{secret}");
        assert!(refused.text().contains("does not count any more"));
    }
    let next = site.next_secret();
    // Neither a look ahead nor HEAD uses it up.
    for (start, ahead) in [("HEAD", ("Accept", "*/*")), ("GET", ("Sec-Purpose", "prefetch"))] {
        assert_eq!(site.ask(&format!("{start} /?token={next}"), &[ahead]).status, 403);
    }
    // Who has a session keeps it, and uses none up.
    let again = site.ask(&format!("GET /?token={next}"), &browser.headers());
    assert_eq!((again.status, again.header("location"), again.header("set-cookie")), (303, Some("/"), None));
    let second = site.browser_with(&next);
    // Sessions are not another dashboard's, nor keys another session's.
    let foreign = strange.browser();
    let origin = format!("http://{}", site.host());
    let name = format!("aiwg-dashboard-{}", site.port);
    let stolen = format!("{name}={}", foreign.cookie().split_once('=').unwrap().1);
    for (cookie, key) in [
        (stolen.as_str(), foreign.key.as_str()),
        (foreign.cookie(), &foreign.key),
        (browser.cookie(), &second.key),
        (browser.cookie(), ""),
        ("", &browser.key),
    ] {
        assert_eq!(browser.try_open(&site, "/ws", &origin, cookie, key).err(), Some(401));
        let list = site.ask("GET /dashboard.json", &[("Cookie", cookie), ("Aiwg-Key", key)]);
        assert_eq!(list.status, 401, "{}", list.text());
    }
    // A cookie that the server of another port has set beside it takes nothing away.
    let both = format!("{name}=x; {}", browser.cookie());
    assert!(browser.try_open(&site, "/ws", &origin, &both, &browser.key).is_ok());
}

#[test]
fn a_cookie_alone_gets_the_pages_files_and_no_key_twice() {
    let project = Project::started(json!({}));
    let site = Site::start(&project, &[]);
    let browser = site.browser();
    let (cookie, origin) = (("Cookie", browser.cookie()), format!("http://{}", site.host()));
    assert_eq!(site.ask("POST /key", &[cookie, ("Origin", &origin)]).status, 401);
    assert_eq!(site.ask("GET /", &[cookie]).status, 200);
    assert_eq!(site.ask("GET /", &[]).status, 401);
    assert_eq!(site.ask("GET /nothing", &[cookie]).status, 404);
    for path in [
        "/index.html",
        "/assets/",
        "/../Cargo.toml",
        "/assets/../../Cargo.toml",
        "/p/0000000000000000/",
        "/ws/0",
    ] {
        let status = site.ask(&format!("GET {path}"), &[cookie]).status;
        assert!([401, 403, 404].contains(&status), "{path}: {status}");
    }
    // A page that has not been there asks for no key in time: the next session's is another one.
    let entered = site.ask(&format!("GET /?token={}", site.next_secret()), &[]);
    let fresh = entered.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(site.ask("POST /key", &[("Cookie", &fresh)]).status, 403);
    assert_eq!(site.ask("POST /key", &[("Cookie", &fresh), ("Origin", "http://localhost:3000")]).status, 403);
    assert_eq!(site.ask("GET /key", &[("Cookie", &fresh)]).status, 405);
    assert_eq!(site.ask("POST /key", &[("Cookie", &fresh), ("Origin", &origin)]).status, 200);
}

#[test]
fn another_host_another_origin_and_another_way_are_refused() {
    let project = Project::started(json!({}));
    let site = Site::start(&project, &[]);
    let browser = site.browser();
    let cookie = browser.cookie();
    let port = site.port;
    for host in [
        "evil.example",
        "localhost.evil.example",
        &format!("evil.example:{port}"),
        "0.0.0.0",
        "127.0.0.2",
        "",
    ] {
        for start in ["GET /", "GET /dashboard.json", &format!("GET /?token={}", site.secret)] {
            let refused =
                site.ask_with(start, &[("Host", host), ("Cookie", cookie), ("Aiwg-Key", &browser.key)]);
            assert_eq!((refused.status, refused.header("set-cookie")), (403, None), "{host} {start}");
        }
    }
    let own = site.host();
    assert_eq!(site.ask_with("GET /", &[]).status, 400);
    assert_eq!(site.ask_with("GET /", &[("Host", &own), ("Host", "evil.example")]).status, 400);
    assert_eq!(site.ask(&format!("GET http://{own}/"), &[]).status, 403);
    // As through `ssh -L` at any other port.
    let forwarded = site.ask_with(&format!("GET /?token={}", site.next_secret()), &[("Host", "localhost:7")]);
    assert!(forwarded.header("set-cookie").unwrap().starts_with("aiwg-dashboard-7="));
    let good = format!("http://{own}");
    for origin in [
        "null",
        "http://evil.example",
        "http://127.0.0.1:1",
        &format!("https://{own}"),
        &format!("http://localhost:{port}"),
        "",
    ] {
        let refused = browser.try_open(&site, "/ws", origin, cookie, &browser.key);
        assert_eq!(refused.err(), Some(403), "{origin}");
        if !origin.is_empty() {
            assert_eq!(site.ask("GET /", &[("Cookie", cookie), ("Origin", origin)]).status, 403, "{origin}");
        }
    }
    assert!(browser.try_open(&site, "/ws", &good, cookie, &browser.key).is_ok());
    for site_of in ["cross-site", "same-site"] {
        let fetched = [("Cookie", cookie), ("Sec-Fetch-Site", site_of), ("Sec-Fetch-Mode", "no-cors")];
        assert_eq!(site.ask("GET /", &fetched).status, 403, "{site_of}");
        // A person who follows a link: the browser keeps the cookie back, and then sends it to the page's own request.
        let led =
            [("Sec-Fetch-Site", site_of), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")];
        let page = site.ask("GET /", &led);
        assert!(page.status == 200 && page.text().contains("0; url=/\""), "{}", page.text());
        assert_eq!(site.ask("GET /dashboard.json", &led).status, 403);
    }
    for method in ["POST /", "PUT /", "DELETE /", "OPTIONS /", "POST /dashboard.json", "TRACE /"] {
        assert_eq!(site.ask(method, &[("Cookie", cookie), ("Content-Length", "0")]).status, 405, "{method}");
    }
}

#[test]
fn every_answer_says_what_a_browser_may_do_with_it() {
    let project = Project::started(json!({}));
    let site = Site::start(&project, &[]);
    let entered = site.ask(&format!("GET /?token={}", site.secret), &[]);
    let cookie = entered.header("set-cookie").unwrap().to_owned();
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(entered.header("location"), Some("/"));
    assert_eq!(entered.header("clear-site-data"), Some("\"cache\", \"storage\""));
    let cookie = ("Cookie", cookie.split(';').next().unwrap());
    let answers = [
        entered,
        site.ask("GET /", &[cookie]),
        site.ask("HEAD /", &[cookie]),
        site.ask("GET /", &[]),
        site.ask("GET /nothing", &[cookie]),
        site.ask_with("GET /", &[("Host", "evil.example")]),
        site.ask("PUT /", &[]),
    ];
    for answer in &answers {
        let has = |name: &str, value: &str| {
            let found = answer.header(name).unwrap_or_default();
            assert!(found.contains(value), "{} {name}: {found}", answer.status);
        };
        for rule in [
            "default-src 'none'",
            "script-src 'self';",
            "style-src 'self';",
            "connect-src 'self';",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
        ] {
            has("content-security-policy", rule);
        }
        assert!(!answer.header("content-security-policy").unwrap().contains("unsafe"));
        has("x-content-type-options", "nosniff");
        has("referrer-policy", "no-referrer");
        has("x-frame-options", "DENY");
        has("cross-origin-opener-policy", "same-origin");
        has("cross-origin-resource-policy", "same-origin");
        has("cache-control", "no-store");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    assert!(answers[2].body.is_empty());
    for path in ["/", "/nothing", "/favicon.svg", "/key", "/?token=0"] {
        let [got, head] = ["GET", "HEAD"].map(|method| site.ask(&format!("{method} {path}"), &[cookie]));
        assert_eq!(head.header("content-length"), got.header("content-length"), "{path}");
        assert_eq!((head.status, head.body.len()), (got.status, 0), "{path}");
        assert!(got.header("content-length").is_some(), "{path}");
    }
    assert_eq!(site.ask("GET /", &[cookie, ("Accept-Encoding", "identity")]).status, 406);
    let index = std::fs::read_dir(crate::support::repository().join("dashboard/page/dist/assets"));
    for name in index.into_iter().flatten().flatten().map(|entry| entry.file_name()) {
        let path = format!("GET /assets/{}", name.to_str().unwrap());
        assert_eq!(site.ask(&path, &[]).status, 401);
        let asset = site.ask(&path, &[cookie]);
        assert!(asset.status == 200 && asset.header("cache-control").unwrap().contains("immutable"));
        let known = site.ask(&path, &[cookie, ("If-None-Match", asset.header("etag").unwrap())]);
        assert!(known.status == 304 && known.body.is_empty());
    }
}
