//! The signatures of each kind of sender: checked, and made to try one.

use aiwg_protocol::config::WebhookKind;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac_sha256::{HMAC, Hash};
use subtle::ConstantTimeEq;

use super::{Headers, Secret};

/// The most seconds between the time that is signed and now, before or after: what is older may be a delivery that someone has recorded.
const TOLERANCE: u64 = 300;

/// The most signatures of a request that are looked at. A sender that changes its secret signs with both.
const MOST_SIGNATURES: usize = 10;

/// The headers, in small letters.
const GITHUB_SIGNATURE: &str = "x-hub-signature-256";
const GITLAB_TOKEN: &str = "x-gitlab-token";
pub(super) const SLACK_SIGNATURE: &str = "x-slack-signature";
const SLACK_TIME: &str = "x-slack-request-timestamp";
pub(super) const STANDARD_ID: &str = "webhook-id";
const STANDARD_TIME: &str = "webhook-timestamp";
const STANDARD_SIGNATURE: &str = "webhook-signature";
const AUTHORIZATION: &str = "authorization";
const TOKEN: &str = "x-webhook-token";

/// True if a request is signed with this secret, as its kind signs, within five minutes of `now` (seconds since 1970) where the kind signs a time.
pub fn is_signed(
    kind: WebhookKind,
    secret: &Secret,
    headers: &(impl Headers + ?Sized),
    body: &[u8],
    now: u64,
) -> bool {
    let checked = match kind {
        WebhookKind::Github => github(secret, headers, body),
        WebhookKind::Gitlab if secret.is_standard() => standard(secret, headers, body, now),
        WebhookKind::Gitlab => headers.get(GITLAB_TOKEN).map(|token| is_token(secret, token)),
        WebhookKind::Slack => slack(secret, headers, body, now),
        WebhookKind::Standard => standard(secret, headers, body, now),
        WebhookKind::Json => token(headers).map(|token| is_token(secret, token)),
    };
    checked.unwrap_or(false)
}

fn github(secret: &Secret, headers: &(impl Headers + ?Sized), body: &[u8]) -> Option<bool> {
    let given = unhex(headers.get(GITHUB_SIGNATURE)?.strip_prefix("sha256=")?)?;
    Some(is_equal(&HMAC::mac(body, secret.bytes()), &given))
}

fn slack(secret: &Secret, headers: &(impl Headers + ?Sized), body: &[u8], now: u64) -> Option<bool> {
    let time = headers.get(SLACK_TIME)?;
    let given = unhex(headers.get(SLACK_SIGNATURE)?.strip_prefix("v0=")?)?;
    Some(is_near(time, now)? && is_equal(&slack_mac(secret, time, body), &given))
}

fn slack_mac(secret: &Secret, time: &str, body: &[u8]) -> [u8; 32] {
    mac(secret, &[b"v0:", time.as_bytes(), b":", body])
}

fn standard(secret: &Secret, headers: &(impl Headers + ?Sized), body: &[u8], now: u64) -> Option<bool> {
    let (id, time) = (headers.get(STANDARD_ID)?, headers.get(STANDARD_TIME)?);
    let made = standard_mac(secret, id, time, body);
    let given = headers.get(STANDARD_SIGNATURE)?.split(' ').take(MOST_SIGNATURES);
    let given = given.filter_map(|one| BASE64_STANDARD.decode(one.strip_prefix("v1,")?).ok());
    // All of them, so that the time does not tell which.
    let is_one = given.fold(false, |is_one, given| is_equal(&made, &given) | is_one);
    Some(is_near(time, now)? && is_one)
}

fn standard_mac(secret: &Secret, id: &str, time: &str, body: &[u8]) -> [u8; 32] {
    mac(secret, &[id.as_bytes(), b".", time.as_bytes(), b".", body])
}

fn mac(secret: &Secret, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = HMAC::new(secret.bytes());
    for part in parts {
        mac.update(part);
    }
    mac.finalize()
}

/// The token of a request: that of `Authorization: Bearer`, or of a header of its own.
fn token(headers: &(impl Headers + ?Sized)) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.split_once(' '));
    let bearer =
        bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    bearer.or_else(|| headers.get(TOKEN))
}

/// Compared by their hashes, which are as long as each other: neither the time nor the length tells anything.
fn is_token(secret: &Secret, token: &str) -> bool {
    is_equal(&Hash::hash(secret.bytes()), &Hash::hash(token.as_bytes()))
}

fn is_equal(made: &[u8; 32], given: &[u8]) -> bool {
    made.as_slice().ct_eq(given).into()
}

fn is_near(time: &str, now: u64) -> Option<bool> {
    let is_plain = time.len() <= 12 && time.bytes().all(|byte| byte.is_ascii_digit());
    let time: u64 = is_plain.then(|| time.parse().ok()).flatten()?;
    Some(time.abs_diff(now) <= TOLERANCE)
}

/// The bytes of hexadecimal figures.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let figure = |byte: u8| char::from(byte).to_digit(16).and_then(|figure| u8::try_from(figure).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(figure(*high)? << 4 | figure(*low)?),
        _ => None,
    };
    if text.len() > 128 { None } else { text.as_bytes().chunks(2).map(pair).collect() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// The headers of a request of this kind, as its sender would send it: signed, if there is a secret.
pub fn signed(
    kind: WebhookKind,
    secret: Option<&Secret>,
    (event, id): (&str, &str),
    body: &[u8],
    now: u64,
) -> Vec<(String, String)> {
    let time = now.to_string();
    let text = |secret: &Secret| String::from_utf8_lossy(secret.bytes()).into_owned();
    let mut headers = match kind {
        WebhookKind::Github => {
            vec![("X-GitHub-Event", event.to_owned()), ("X-GitHub-Delivery", id.to_owned())]
        }
        WebhookKind::Gitlab => vec![("X-Gitlab-Event", event.to_owned()), ("Idempotency-Key", id.to_owned())],
        WebhookKind::Slack => vec![("X-Slack-Request-Timestamp", time.clone())],
        WebhookKind::Standard => Vec::new(),
        WebhookKind::Json => vec![("Idempotency-Key", id.to_owned())],
    };
    if kind == WebhookKind::Standard || secret.is_some_and(Secret::is_standard) {
        headers.extend([("webhook-id", id.to_owned()), ("webhook-timestamp", time.clone())]);
    }
    headers.extend(secret.map(|secret| match kind {
        WebhookKind::Github => {
            ("X-Hub-Signature-256", format!("sha256={}", hex(&HMAC::mac(body, secret.bytes()))))
        }
        WebhookKind::Gitlab if !secret.is_standard() => ("X-Gitlab-Token", text(secret)),
        WebhookKind::Slack => ("X-Slack-Signature", format!("v0={}", hex(&slack_mac(secret, &time, body)))),
        WebhookKind::Standard | WebhookKind::Gitlab => {
            let mac = standard_mac(secret, id, &time, body);
            ("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(mac)))
        }
        WebhookKind::Json => ("Authorization", format!("Bearer {}", text(secret))),
    }));
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn secret(kind: WebhookKind, text: &str) -> Secret {
        Secret::of(kind, text).unwrap()
    }

    /// GitHub's documentation, "Validating webhook deliveries".
    #[test]
    fn github_signs_as_its_documentation_shows() {
        let secret = secret(WebhookKind::Github, "It's a Secret to Everybody");
        let check = |signature: &str, body: &str| {
            let headers = headers(&[("X-Hub-Signature-256", signature)]);
            is_signed(WebhookKind::Github, &secret, headers.as_slice(), body.as_bytes(), 0)
        };
        let good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(check(good, "Hello, World!"));
        assert!(!check(good, "Hello, World"));
        for bad in [
            "",
            "sha256=",
            "sha1=757107ea0eb2509fc211221cce984b8a37570b6d",
            &good[7..],
            &good[..70],
            "sha256=ä0",
        ] {
            assert!(!check(bad, "Hello, World!"), "{bad}");
        }
        assert!(!is_signed(WebhookKind::Github, &secret, headers(&[]).as_slice(), b"Hello, World!", 0));
    }

    /// Slack's documentation, "Verifying requests from Slack".
    #[test]
    fn slack_signs_as_its_documentation_shows() {
        let secret = secret(WebhookKind::Slack, "8f742231b10e8888abcd99yyyzzz85a5");
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar\
                    &user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com\
                    %2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let check = |time: &str, now: u64| {
            let headers = headers(&[
                ("X-Slack-Request-Timestamp", time),
                ("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
            ]);
            is_signed(WebhookKind::Slack, &secret, headers.as_slice(), body.as_bytes(), now)
        };
        let sent = 1_531_420_618;
        assert!(
            check("1531420618", sent) && check("1531420618", sent + 300) && check("1531420618", sent - 300)
        );
        assert!(!check("1531420618", sent + 301), "recorded, and sent late");
        assert!(!check("1531420618", sent - 301));
        assert!(!check("1531420619", sent) && !check("", sent) && !check("-1", sent) && !check("1e9", sent));
    }

    /// The specification of Standard Webhooks.
    #[test]
    fn standard_webhooks_are_signed_as_their_specification_shows() {
        let secret = secret(WebhookKind::Standard, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let check = |signatures: &str, id: &str, now: u64| {
            let headers = headers(&[
                ("webhook-id", id),
                ("webhook-timestamp", "1614265330"),
                ("webhook-signature", signatures),
            ]);
            is_signed(WebhookKind::Standard, &secret, headers.as_slice(), br#"{"test": 2432232314}"#, now)
        };
        let (good, id, sent) = (
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
        );
        assert!(check(good, id, sent));
        assert!(check(&format!("v1,AAAA v1a,x {good}"), id, sent), "one of several");
        assert!(
            !check(good, "msg_other", sent) && !check(good, id, sent + 301) && !check(&good[3..], id, sent)
        );
        assert!(
            !check(&format!("{}{good}", "v1,AAAA ".repeat(10)), id, sent),
            "no more than ten are looked at"
        );
        for wrong in ["", "whsec_", "whsec_!"] {
            assert!(Secret::of(WebhookKind::Standard, wrong).is_err());
        }
    }

    /// GitLab's signing token is a secret of Standard Webhooks; the secret token beside it is not looked at then.
    #[test]
    fn gitlab_with_a_signing_token_signs_as_standard_webhooks_do() {
        let (token, body, sent) =
            ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", r#"{"test": 2432232314}"#, 1_614_265_330);
        let secret = secret(WebhookKind::Gitlab, token);
        let check = |all: &[(&str, &str)], now: u64| {
            is_signed(WebhookKind::Gitlab, &secret, headers(all).as_slice(), body.as_bytes(), now)
        };
        let good = [
            ("Idempotency-Key", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ];
        assert!(check(&good, sent) && !check(&good, sent + 301) && !check(&good[1..3], sent));
        assert!(!check(&[("X-Gitlab-Token", token)], sent), "it is in no request");
        assert!(Secret::of(WebhookKind::Gitlab, "whsec_!").is_err());
    }

    #[test]
    fn a_token_is_the_secret_itself() {
        let check = |kind, name: &str, value: &str| {
            is_signed(kind, &secret(kind, " hunter2 "), headers(&[(name, value)]).as_slice(), b"{}", 0)
        };
        assert!(check(WebhookKind::Gitlab, "X-Gitlab-Token", "hunter2"));
        assert!(
            !check(WebhookKind::Gitlab, "X-Gitlab-Token", "hunter")
                && !check(WebhookKind::Gitlab, "X-Webhook-Token", "hunter2")
        );
        assert!(
            check(WebhookKind::Json, "Authorization", "Bearer hunter2")
                && check(WebhookKind::Json, "X-Webhook-Token", "hunter2")
        );
        assert!(
            !check(WebhookKind::Json, "Authorization", "hunter2")
                && !check(WebhookKind::Json, "Authorization", "Bearer hunter3")
        );
    }

    #[test]
    fn what_is_signed_here_is_signed() {
        let kinds = [
            WebhookKind::Github,
            WebhookKind::Gitlab,
            WebhookKind::Slack,
            WebhookKind::Standard,
            WebhookKind::Json,
        ];
        for kind in kinds {
            let secret = secret(kind, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
            let made = signed(kind, Some(&secret), ("push", "id-1"), b"{}", 1_000_000_000);
            assert!(is_signed(kind, &secret, made.as_slice(), b"{}", 1_000_000_000), "{kind:?}");
            let other = Secret::of(kind, "whsec_AAAA").unwrap();
            assert!(!is_signed(kind, &other, made.as_slice(), b"{}", 1_000_000_000), "{kind:?}");
        }
    }
}
