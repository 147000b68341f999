//! The password of a connection: that of `PGPASSWORD`, or of the file of passwords.

use std::{
    env,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use tokio_postgres::{Config, config::Host};

/// The longest file of passwords that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// The password for a connection; none where nothing has one. `named` is the file of passwords that the address names.
///
/// # Errors
/// The file has not the same for all of its hosts: one of them would get another one's.
pub(super) fn password(config: &Config, named: Option<&Path>) -> Result<Option<String>, String> {
    if let Ok(password) = env::var("PGPASSWORD")
        && !password.is_empty()
    {
        return Ok(Some(password));
    }
    let file = named
        .map(Path::to_owned)
        .or_else(|| env::var_os("PGPASSFILE").map(PathBuf::from))
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".pgpass")));
    let Some(text) = file.and_then(|file| read(&file)) else { return Ok(None) };
    of_file(&text, config)
}

/// The text of a file of passwords, if it can be used.
fn read(file: &Path) -> Option<String> {
    let found = std::fs::metadata(file).ok()?;
    if !found.is_file() || found.len() > LONGEST {
        return None;
    }
    if found.mode() & 0o077 != 0 {
        tracing::warn!(file = %file.display(), "the file of passwords is not used, since others can read it: `chmod 600` it");
        return None;
    }
    std::fs::read_to_string(file).ok()
}

/// The password for such a connection, which is that for each of its hosts.
fn of_file(text: &str, config: &Config) -> Result<Option<String>, String> {
    let mut found = hosts(config).into_iter().map(|[host, port]| of_host(text, config, &host, &port));
    let first = found.next().flatten();
    match found.all(|other| other == first) {
        true => Ok(first),
        false => Err(
            "the file of passwords has not the same one for all hosts of the address, and no host is sent another one's: give each of them a line with it"
                .to_owned(),
        ),
    }
}

/// The hosts of a connection as lines name them, each with its port.
fn hosts(config: &Config) -> Vec<[String; 2]> {
    let mut hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) if path.as_os_str() != "/var/run/postgresql" => path.display().to_string(),
            Host::Unix(_) => "localhost".to_owned(),
        })
        .collect();
    if hosts.is_empty() {
        hosts = config.get_hostaddrs().iter().map(ToString::to_string).collect();
    }
    let ports = config.get_ports();
    let port = |at| ports.get(at).or_else(|| ports.first()).copied().unwrap_or(5432).to_string();
    hosts.into_iter().enumerate().map(|(at, host)| [host, port(at)]).collect()
}

/// That for one host, of the first line that fits: host, port, database, user, password; a colon or a backslash in one of them stands behind a backslash, and `*` fits
/// all.
fn of_host(text: &str, config: &Config, host: &str, port: &str) -> Option<String> {
    let user = config.get_user().unwrap_or_default();
    let wanted = [host, port, config.get_dbname().unwrap_or(user), user];
    text.lines().filter(|line| !line.starts_with('#')).map(fields).find_map(|mut line| {
        let password = (line.len() == 5).then(|| line.pop())??;
        line.iter().zip(wanted).all(|(held, wanted)| held == "*" || held == wanted).then_some(password)
    })
}

fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut chars) = (Vec::new(), String::new(), line.chars());
    while let Some(next) = chars.next() {
        match next {
            '\\' => field.extend(chars.next()),
            ':' => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    fields.push(field);
    fields
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, str::FromStr};

    use super::*;

    #[test]
    fn the_password_is_that_of_the_first_line_that_fits() {
        let config = Config::from_str("postgres://ann@db:77/work").unwrap();
        let text = "# db:77:work:ann:no\ndb:78:work:ann:no\ndb:77:work\ndb:*:work:a\\nn:s\\:e\\\\cret\n*:*:*:*:all\n";
        let of_file = |text, config: &Config| of_file(text, config).unwrap();
        assert_eq!(of_file(text, &config).unwrap(), "s:e\\cret");
        let of_another = Config::from_str("postgres://bob@db:77/work").unwrap();
        assert_eq!(of_file(text, &of_another).unwrap(), "all");
        assert_eq!(of_file("db:1:work:ann:x", &config), None);
    }

    #[test]
    fn no_host_is_sent_what_is_anothers() {
        let of = |hosts: &str, text: &str| {
            of_file(text, &Config::from_str(&format!("postgres://ann@{hosts}/work")).unwrap())
        };
        for (hosts, text) in [
            ("db,db2", "db:*:*:*:geheim"),
            ("db,db2", "db2:*:*:*:geheim"),
            ("db,db2", "db:*:*:*:geheim\ndb2:*:*:*:two"),
            ("db:77,db:78", "db:77:*:*:geheim\n*:*:*:*:two"),
        ] {
            let said = of(hosts, text).unwrap_err();
            assert!(said.contains("for all hosts") && !said.contains("geheim"), "{said}");
        }
        let both = "db:*:*:*:geheim\ndb2:5432:*:*:geheim";
        assert_eq!(of("db,db2", both).unwrap().as_deref(), Some("geheim"));
        assert_eq!(of("db,db2", "*:*:*:*:all").unwrap().as_deref(), Some("all"));
        assert_eq!(of("db,db2", "db3:*:*:*:geheim"), Ok(None));
        let by_address = Config::from_str("hostaddr=10.0.0.1 user=ann").unwrap();
        assert_eq!(
            of_file("localhost:*:*:*:geheim\n10.0.0.1:*:*:*:two", &by_address).unwrap().unwrap(),
            "two"
        );
    }

    #[test]
    fn a_file_that_others_can_read_is_not_used() {
        let config = Config::from_str("postgres://ann@db:77/work").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("passwords");
        std::fs::write(&file, "*:*:*:*:all").unwrap();
        for (mode, found) in [(0o600, Some("all")), (0o400, Some("all")), (0o640, None), (0o604, None)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(password(&config, Some(&file)).unwrap().as_deref(), found, "{mode:o}");
        }
    }
}
