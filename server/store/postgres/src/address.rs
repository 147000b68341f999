//! Where a project is kept.

use std::{env, net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

use aiwg_store::{ErrorKind, Result, StoreError};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

/// Longest wait for a connection to one host.
const CONNECT: Duration = Duration::from_secs(5);

/// Longest wait for a host to say that it has what was sent to it.
const UNANSWERED: Duration = Duration::from_secs(15);

/// Number of characters of a project's id at the most: a name in PostgreSQL has no more than 63 bytes.
const LONGEST_ID: usize = 48;

/// The address of a project's store: a database, and the project in it.
#[derive(Clone)]
pub struct Address {
    pub(super) config: Config,
    /// The name of its schema: of letters that need no quotes but for hyphens.
    pub(super) schema: String,
    /// The id of the project.
    pub(super) project: String,
    /// For people: without a password.
    pub(super) place: String,
    /// True where the connection is encrypted, and the host has to prove its name.
    pub(super) is_encrypted: bool,
}

impl Address {
    /// The store of a project at an address, `postgres://USER@HOST:PORT/DATABASE`. The password comes from the environment or the file of passwords, as in all
    /// programs for PostgreSQL: `PGPASSWORD`, `PGPASSFILE`, `~/.pgpass`.
    ///
    /// # Errors
    /// It is no address, or has a password; or the project's id is none.
    pub fn new(url: &str, project: &str) -> Result<Self> {
        let refused =
            |why: String| StoreError::new(ErrorKind::Other, format!("the store's address is refused: {why}"));
        let is_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if project.is_empty() || project.len() > LONGEST_ID || !project.chars().all(is_id) {
            return Err(refused(format!("{project:?} is no id of a project")));
        }
        let mut config = Config::from_str(url).map_err(|error| refused(error.to_string()))?;
        if config.get_password().is_some() {
            return Err(refused(
                "it has a password, which does not belong there: put that into the file that PGPASSFILE names, or into PGPASSWORD".to_owned(),
            ));
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(refused("it names no host".to_owned()));
        }
        if config.get_user().is_none()
            && let Some(user) =
                env::var("PGUSER").or_else(|_| env::var("USER")).ok().filter(|user| !user.is_empty())
        {
            config.user(user);
        }
        let is_near =
            config.get_hosts().iter().all(is_near) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        let is_encrypted = !is_near || config.get_ssl_mode() == SslMode::Require;
        config
            .ssl_mode(if is_encrypted { SslMode::Require } else { SslMode::Disable })
            .application_name("aiwg")
            .connect_timeout(CONNECT)
            .tcp_user_timeout(UNANSWERED)
            .keepalives_idle(UNANSWERED);
        if let Some(password) = password(&config) {
            config.password(password);
        }
        let (place, schema) = (place(&config, project), format!("aiwg_{project}"));
        Ok(Self { config, schema, project: project.to_owned(), place, is_encrypted })
    }

    /// The same, with this password.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.config.password(password);
        self
    }
}

/// True for a host whose connections nobody between could read.
fn is_near(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    }
}

fn place(config: &Config, project: &str) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    format!("postgres://{user}@{host}:{port}/{database} (project {project})")
}

fn password(config: &Config) -> Option<String> {
    if let Ok(password) = env::var("PGPASSWORD") {
        return Some(password);
    }
    let file = env::var_os("PGPASSFILE")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".pgpass")))?;
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
    use super::*;

    fn refused(url: &str, project: &str) -> String {
        Address::new(url, project).err().unwrap().to_string()
    }

    #[test]
    fn whoever_is_far_away_has_to_prove_its_name() {
        for (host, is_encrypted) in [
            ("localhost", false),
            ("127.0.0.1", false),
            ("%2Frun%2Fpostgresql", false),
            ("db.example.org", true),
            ("10.0.0.1", true),
            ("localhost,db.example.org", true),
        ] {
            for mode in ["", "?sslmode=disable", "?sslmode=prefer"] {
                let address = Address::new(&format!("postgres://ann@{host}/work{mode}"), "p").unwrap();
                assert_eq!(address.is_encrypted, is_encrypted, "{host} {mode}");
                let wanted = if is_encrypted { SslMode::Require } else { SslMode::Disable };
                assert_eq!(address.config.get_ssl_mode(), wanted);
            }
        }
        assert!(Address::new("postgres://ann@localhost/work?sslmode=require", "p").unwrap().is_encrypted);
    }

    #[test]
    fn a_password_has_no_place_in_it() {
        let text = refused("postgres://ann:geheim@db/work", "p");
        assert!(text.contains("PGPASSFILE") && !text.contains("geheim"), "{text}");
        let address = Address::new("postgres://ann@db:77/work", "a-b").unwrap().with_password("geheim");
        assert_eq!(address.place, "postgres://ann@db:77/work (project a-b)");
        assert_eq!(address.schema, "aiwg_a-b");
    }

    #[test]
    fn what_is_no_address_or_no_project_is_refused() {
        assert!(refused("postgres:///work", "p").contains("names no host"));
        assert!(refused("postgres://ann@db/work?sslmode=maybe", "p").contains("refused"));
        for project in ["", "A", "a b", "a\"b", "ä", &"a".repeat(49)] {
            assert!(refused("postgres://ann@db/work", project).contains("no id of a project"));
        }
    }

    #[test]
    fn the_password_is_that_of_the_first_line_that_fits() {
        let config = Config::from_str("postgres://ann@db:77/work").unwrap();
        let text = "# db:77:work:ann:no\ndb:78:work:ann:no\ndb:77:work\ndb:*:work:a\\nn:s\\:e\\\\cret\n*:*:*:*:all\n";
        assert_eq!(of_file(text, &config).unwrap(), "s:e\\cret");
        let of_another = Config::from_str("postgres://bob@db:77/work").unwrap();
        assert_eq!(of_file(text, &of_another).unwrap(), "all");
        assert_eq!(of_file("db:1:work:ann:x", &config), None);
    }
}
