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
pub(super) fn password(config: &Config, named: Option<&Path>) -> Option<String> {
    if let Ok(password) = env::var("PGPASSWORD")
        && !password.is_empty()
    {
        return Some(password);
    }
    let file = named
        .map(Path::to_owned)
        .or_else(|| env::var_os("PGPASSFILE").map(PathBuf::from))
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".pgpass")))?;
    let found = std::fs::metadata(&file).ok()?;
    if !found.is_file() || found.len() > LONGEST {
        return None;
    }
    if found.mode() & 0o077 != 0 {
        tracing::warn!(file = %file.display(), "the file of passwords is not used, since others can read it: `chmod 600` it");
        return None;
    }
    of_file(&std::fs::read_to_string(file).ok()?, config)
}

/// The password for such a connection, of the first line that fits: host, port, database, user, password; a colon or a backslash in one of them stands behind a
/// backslash, and `*` fits all.
fn of_file(text: &str, config: &Config) -> Option<String> {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) if path.as_os_str() != "/var/run/postgresql" => path.display().to_string(),
        _ => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let user = config.get_user().unwrap_or_default();
    let wanted = [&*host, &*port, config.get_dbname().unwrap_or(user), user];
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
        assert_eq!(of_file(text, &config).unwrap(), "s:e\\cret");
        let of_another = Config::from_str("postgres://bob@db:77/work").unwrap();
        assert_eq!(of_file(text, &of_another).unwrap(), "all");
        assert_eq!(of_file("db:1:work:ann:x", &config), None);
    }

    #[test]
    fn a_file_that_others_can_read_is_not_used() {
        let config = Config::from_str("postgres://ann@db:77/work").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("passwords");
        std::fs::write(&file, "*:*:*:*:all").unwrap();
        for (mode, found) in [(0o600, Some("all")), (0o400, Some("all")), (0o640, None), (0o604, None)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(password(&config, Some(&file)).as_deref(), found, "{mode:o}");
        }
    }
}
