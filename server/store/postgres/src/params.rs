//! The parameters of an address, as libpq has them.

use std::path::PathBuf;

/// Those that are passed on as they are.
const PASSED_ON: [&str; 14] = [
    "application_name",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "port",
    "target_session_attrs",
    "user",
];

/// Those that are read here.
const OWN: [&str; 6] = ["passfile", "project", "sslcert", "sslkey", "sslmode", "sslrootcert"];

/// Where a password belongs.
pub(super) const PASSWORDS: &str =
    "put that into the file that PGPASSFILE names (~/.pgpass), or into PGPASSWORD";

/// How far a connection is to be encrypted, of libpq's six words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// `disable`: not at all.
    Never,
    /// `allow`, `prefer`, or no word.
    AsUsual,
    /// `require`, `verify-ca`, `verify-full`: the host has to prove its name in any case.
    Always,
}

/// What an address says beside its hosts and its database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Params {
    pub(super) wanted: Wanted,
    /// The project; none where it is not named.
    pub(super) project: Option<String>,
    /// The file with the certificates that vouch for the host; none for those that the system trusts.
    pub(super) roots: Option<PathBuf>,
    /// The files with the certificate and the key with which this host proves who it is.
    pub(super) own: Option<(PathBuf, PathBuf)>,
    /// The file of passwords, in place of the usual one.
    pub(super) passwords: Option<PathBuf>,
}

/// Takes an address apart: the rest of it, which tokio-postgres reads, and its parameters. Whatever is wrong with it, no part of a password is said.
pub(super) fn split(url: &str) -> Result<(String, Params), String> {
    let mut params =
        Params { wanted: Wanted::AsUsual, project: None, roots: None, own: None, passwords: None };
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    if query.contains('@') {
        // The one behind a password with a question mark.
        return Err(format!(
            "has an @ behind a ?: in a parameter that is %40, and a password has no place in an address: {PASSWORDS}"
        ));
    }
    let (mut rest, mut certificate, mut key) = (Vec::new(), None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.split_once('=') {
            Some((name, value)) if is_known(name) => (name, value),
            None if is_known(pair) => return Err(format!("{pair:?} has no value")),
            other => return Err(unknown(other.map_or(pair, |(name, _)| name))),
        };
        let decoded = decoded(value).ok_or_else(|| format!("the value of {name:?} cannot be read"))?;
        match name {
            "project" => params.project = Some(decoded),
            "sslmode" => {
                params.wanted = match &*decoded {
                    "disable" => Wanted::Never,
                    "allow" | "prefer" => Wanted::AsUsual,
                    "require" | "verify-ca" | "verify-full" => Wanted::Always,
                    _ => return Err(format!("sslmode is {decoded:?}: \"verify-full\" is a right value")),
                }
            }
            "sslrootcert" if decoded == "system" => params.roots = None,
            "sslrootcert" => params.roots = Some(file(name, decoded)?),
            "sslcert" => certificate = Some(file(name, decoded)?),
            "sslkey" => key = Some(file(name, decoded)?),
            "passfile" => params.passwords = Some(file(name, decoded)?),
            _ => rest.push(pair),
        }
    }
    params.own = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => return Err("sslcert and sslkey belong together: name both".to_owned()),
    };
    let rest = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    Ok((rest, params))
}

fn is_known(name: &str) -> bool {
    // A password is refused as the other one is.
    name == "password" || PASSED_ON.contains(&name) || OWN.contains(&name)
}

fn unknown(name: &str) -> String {
    let mut known: Vec<&str> = PASSED_ON.into_iter().chain(OWN).collect();
    known.sort_unstable();
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let which = if is_name { format!("no parameter \"{name}\"") } else { "no such parameter".to_owned() };
    format!("there is {which}; there are {}", known.join(", "))
}

fn file(name: &str, path: String) -> Result<PathBuf, String> {
    let path = PathBuf::from(path);
    match path.is_absolute() {
        true => Ok(path),
        // A daemon's working directory is not that of whoever has written the address.
        false => Err(format!("{name} must be the whole path of a file, from / on")),
    }
}

/// A text whose other characters stand as `%` and their bytes.
fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libpq_has_is_taken_and_what_nobody_knows_is_refused() {
        let (rest, params) = split(
            "postgres://db/w?sslmode=verify-full&options=-c%20x%3D1&sslrootcert=%2Fca.pem&sslcert=/a&sslkey=/b&project=shop&passfile=/p",
        )
        .unwrap();
        assert_eq!(rest, "postgres://db/w?options=-c%20x%3D1");
        assert_eq!(params.wanted, Wanted::Always);
        assert_eq!(params.roots.unwrap(), PathBuf::from("/ca.pem"));
        assert_eq!(params.own.unwrap(), (PathBuf::from("/a"), PathBuf::from("/b")));
        assert_eq!((params.project.as_deref(), params.passwords), (Some("shop"), Some("/p".into())));
        assert_eq!(split("postgres://db/w?sslrootcert=system").unwrap().1.roots, None);
        for (wrong, why) in [
            ("sslmod=require", "there are application_name"),
            ("sslmode=maybe", "verify-full"),
            ("sslcert=/a", "sslkey"),
            ("sslrootcert=ca.pem", "from / on"),
            ("project", "no value"),
            ("project=%zz", "cannot be read"),
            ("project=%", "cannot be read"),
            ("gssencmode=require", "there is no parameter \"gssencmode\""),
            ("a:b=1", "there is no such parameter"),
            ("user=a@b", "%40"),
        ] {
            let said = split(&format!("postgres://db/w?{wrong}")).unwrap_err();
            assert!(said.contains(why), "{wrong}: {said}");
        }
    }

    #[test]
    fn no_part_of_a_password_is_said() {
        for password in
            ["ge?heim", "ge?heim=1", "ge?project=heim", "g/e?sslmode=heim", "ge?a&heim", "ge?%heim"]
        {
            let said = split(&format!("postgres://ann:{password}@db/work")).unwrap_err();
            assert!(said.contains("PGPASSFILE") && !said.contains("heim"), "{password}: {said}");
        }
        for password in ["he/im", "he:im", "heim"] {
            let said = split(&format!("postgres://ann:ge?{password}:5432/work")).unwrap_err();
            assert!(!said.contains(password), "{password}: {said}");
        }
    }
}
