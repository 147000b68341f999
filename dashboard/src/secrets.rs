//! The secrets: of an address, which counts once; of a session, which a cookie carries; and of a page, which only pages of the
//! dashboard's own origin can keep.
//!
//! A cookie alone opens nothing but the page's files. Browsers send cookies to every port of a host, so whoever serves a page on another
//! port of it, an agent's development server say, gets this one as well. What a page keeps (`localStorage`) is bound to the port, too.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use subtle::ConstantTimeEq;

/// Time after the exchange within which the page has to ask for its key.
const KEY_WITHIN: Duration = Duration::from_secs(60);

/// Time for which an address counts that is given to a browser and not to a person.
const OPENED_WITHIN: Duration = Duration::from_secs(60);

/// Maximum number of sessions; the oldest makes room for a new one.
const MOST_SESSIONS: usize = 32;

/// A text that nobody can guess.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// 256 bits at random.
    pub(crate) fn new() -> io::Result<Self> {
        let mut bits = [0; 32];
        getrandom::fill(&mut bits).map_err(|error| io::Error::other(format!("no randomness: {error}")))?;
        Ok(Self(bits.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })))
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// True if it is this text. It takes as long whatever the text is.
    fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

/// A browser that has exchanged an address's secret.
struct Session {
    cookie: Secret,
    key: Secret,
    /// True if a page has been given the key.
    is_key_given: bool,
    since: Instant,
}

/// The secret of the address that a browser is started with.
struct Opened {
    secret: Secret,
    until: Instant,
}

/// The kind of an address that was exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressKind {
    /// The one that is printed.
    Printed,
    /// The one that a browser was started with.
    Opened,
}

/// All secrets of a dashboard.
pub(crate) struct Secrets {
    printed: Mutex<Secret>,
    opened: Mutex<Option<Opened>>,
    sessions: Mutex<VecDeque<Session>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Secrets {
    /// New ones.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            printed: Mutex::new(Secret::new()?),
            opened: Mutex::new(None),
            sessions: Mutex::new(VecDeque::new()),
        })
    }

    /// The secret of the address to print next.
    pub(crate) fn printed(&self) -> Secret {
        lock(&self.printed).clone()
    }

    /// The secret of an address for a browser that is started now.
    pub(crate) fn for_browser(&self) -> io::Result<Secret> {
        let secret = Secret::new()?;
        *lock(&self.opened) = Some(Opened { secret: secret.clone(), until: Instant::now() + OPENED_WITHIN });
        Ok(secret)
    }

    /// Exchanges the secret of an address for that of a new session. None if it is none, or has been exchanged before.
    pub(crate) fn exchange(&self, text: &str) -> io::Result<Option<(Secret, AddressKind)>> {
        let Some(kind) = self.spend(text)? else { return Ok(None) };
        let session = Session {
            cookie: Secret::new()?,
            key: Secret::new()?,
            is_key_given: false,
            since: Instant::now(),
        };
        let cookie = session.cookie.clone();
        let mut sessions = lock(&self.sessions);
        if sessions.len() >= MOST_SESSIONS {
            sessions.pop_front();
        }
        sessions.push_back(session);
        Ok(Some((cookie, kind)))
    }

    /// Takes the secret of an address out of use.
    fn spend(&self, text: &str) -> io::Result<Option<AddressKind>> {
        let mut printed = lock(&self.printed);
        if printed.is(text) {
            *printed = Secret::new()?;
            return Ok(Some(AddressKind::Printed));
        }
        let is_opened = |opened: &mut Opened| opened.secret.is(text) && Instant::now() < opened.until;
        Ok(lock(&self.opened).take_if(is_opened).map(|_| AddressKind::Opened))
    }

    /// True if a cookie is that of a session.
    pub(crate) fn is_session(&self, cookie: &str) -> bool {
        lock(&self.sessions).iter().any(|session| session.cookie.is(cookie))
    }

    /// True if a cookie is that of a session, and a key that of its page.
    pub(crate) fn is_page(&self, cookie: &str, key: &str) -> bool {
        lock(&self.sessions).iter().any(|session| session.cookie.is(cookie) && session.key.is(key))
    }

    /// The key for the page of a session: once, and soon after the exchange.
    pub(crate) fn key(&self, cookie: &str) -> Option<Secret> {
        let mut sessions = lock(&self.sessions);
        let session = sessions.iter_mut().find(|session| session.cookie.is(cookie))?;
        let is_given = std::mem::replace(&mut session.is_key_given, true);
        (!is_given && session.since.elapsed() < KEY_WITHIN).then(|| session.key.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_counts_once() {
        let secrets = Secrets::new().unwrap();
        let first = secrets.printed();
        let (cookie, kind) = secrets.exchange(first.as_str()).unwrap().unwrap();
        assert_eq!(kind, AddressKind::Printed);
        assert!(secrets.exchange(first.as_str()).unwrap().is_none());
        assert!(secrets.is_session(cookie.as_str()) && !secrets.is_session(first.as_str()));
        let next = secrets.printed();
        assert!(secrets.exchange(next.as_str()).unwrap().is_some());
    }

    #[test]
    fn what_is_almost_a_secret_is_none() {
        let secrets = Secrets::new().unwrap();
        let text = secrets.printed().as_str().to_owned();
        for wrong in ["", &text[1..], &format!("{text}0"), &text.to_uppercase().replace('0', "1")] {
            assert!(secrets.exchange(wrong).unwrap().is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_browser_that_is_started_has_an_address_of_its_own() {
        let secrets = Secrets::new().unwrap();
        let opened = secrets.for_browser().unwrap();
        let printed = secrets.printed();
        assert!(secrets.exchange("").unwrap().is_none());
        assert_eq!(secrets.exchange(opened.as_str()).unwrap().unwrap().1, AddressKind::Opened);
        assert!(secrets.exchange(opened.as_str()).unwrap().is_none());
        assert_eq!(secrets.printed().as_str(), printed.as_str());
    }

    #[test]
    fn a_key_is_given_once_and_counts_for_its_session_only() {
        let secrets = Secrets::new().unwrap();
        let session = || secrets.exchange(secrets.printed().as_str()).unwrap().unwrap().0;
        let (one, other) = (session(), session());
        let key = secrets.key(one.as_str()).unwrap();
        assert!(secrets.key(one.as_str()).is_none());
        assert!(secrets.is_page(one.as_str(), key.as_str()));
        assert!(!secrets.is_page(other.as_str(), key.as_str()) && !secrets.is_page(one.as_str(), ""));
        assert!(secrets.key("").is_none());
    }

    #[test]
    fn sessions_are_bounded() {
        let secrets = Secrets::new().unwrap();
        let session = || secrets.exchange(secrets.printed().as_str()).unwrap().unwrap().0;
        let first = session();
        for _ in 0..MOST_SESSIONS {
            session();
        }
        assert!(!secrets.is_session(first.as_str()));
        assert_eq!(lock(&secrets.sessions).len(), MOST_SESSIONS);
    }
}
