//! Where a project is kept.

use std::{env, net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

use aiwg_store::{ErrorKind, Result, StoreError};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

use super::params::{PASSWORDS, Params, Wanted, split};

/// Longest wait for a connection to one host.
const CONNECT: Duration = Duration::from_secs(5);

/// Longest wait for a host to say that it has what was sent to it.
const UNANSWERED: Duration = Duration::from_secs(15);

/// Number of characters of a project's id at the most: a name in PostgreSQL has no more than 63 bytes.
const LONGEST_ID: usize = 48;

/// The project of an address that names none.
const THE_ONE: &str = "default";

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
    /// The file with the certificates that vouch for the host; none for those that the system trusts.
    pub(super) roots: Option<PathBuf>,
    /// The files with the certificate and the key with which this host proves who it is.
    pub(super) own: Option<(PathBuf, PathBuf)>,
    /// The file of passwords, in place of the usual one.
    pub(super) passwords: Option<PathBuf>,
}

impl Address {
    /// Reads an address: `postgres://USER@HOST:PORT/DATABASE?project=NAME`, with the parameters that libpq has, as far as they mean anything here. The password
    /// comes from the environment or the file of passwords, as in all programs for PostgreSQL: `PGPASSWORD`, `PGPASSFILE`, `~/.pgpass`.
    ///
    /// # Errors
    /// It is no address, or has a password, or the project's id is none. The words say what is wrong with it, and a right value.
    pub fn new(url: &str) -> Result<Self> {
        Self::read(url).map_err(|why| StoreError::new(ErrorKind::Other, why))
    }

    fn read(url: &str) -> Result<Self, String> {
        if !["postgres://", "postgresql://"].iter().any(|begin| url.starts_with(begin)) {
            return Err(
                "must be the address of a PostgreSQL: \"postgres://USER@HOST/DATABASE\" is one".to_owned()
            );
        }
        let (rest, Params { wanted, project, roots, own, passwords }) = split(url)?;
        let project = project.unwrap_or_else(|| THE_ONE.to_owned());
        let is_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if project.is_empty() || project.len() > LONGEST_ID || !project.chars().all(is_id) {
            return Err(format!(
                "the project {project:?} is no name of one: up to {LONGEST_ID} of a-z, 0-9, - and _, as in \"shop-2\""
            ));
        }
        let mut config =
            Config::from_str(&rest).map_err(|error| match std::error::Error::source(&error) {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            })?;
        if config.get_password().is_some() {
            return Err(format!(
                "has a password, which does not belong there: {PASSWORDS}, and take it out here"
            ));
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(
                "names no host: \"postgres://USER@HOST/DATABASE\" does, and \"postgres:///DATABASE?host=/run/postgresql\" a socket"
                    .to_owned(),
            );
        }
        if config.get_user().is_none()
            && let Some(user) =
                env::var("PGUSER").or_else(|_| env::var("USER")).ok().filter(|user| !user.is_empty())
        {
            config.user(user);
        }
        let is_near =
            config.get_hosts().iter().all(is_near) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        if !is_near && wanted == Wanted::Never {
            return Err(
                "has sslmode=disable for a host that is not this machine: others could read and change all of it. Leave that out, and have the server \
                 encrypt (`ssl = on`); sslrootcert names the certificate that vouches for it"
                    .to_owned(),
            );
        }
        let is_encrypted = !is_near || wanted == Wanted::Always;
        config.ssl_mode(if is_encrypted { SslMode::Require } else { SslMode::Disable });
        config.tcp_user_timeout(UNANSWERED).keepalives_idle(UNANSWERED);
        if config.get_application_name().is_none() {
            config.application_name("aiwg");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        let (place, schema) = (place(&config, &project), format!("aiwg_{project}"));
        Ok(Self { config, schema, project, place, is_encrypted, roots, own, passwords })
    }

    /// The address for people, and to compare: without a password.
    pub fn place(&self) -> &str {
        &self.place
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
    let mut hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        })
        .collect();
    if hosts.is_empty() {
        hosts = config.get_hostaddrs().iter().map(ToString::to_string).collect();
    }
    let ports = config.get_ports();
    let with_port = |(at, host): (usize, &String)| {
        let port = ports.get(at).or_else(|| ports.first()).copied().unwrap_or(5432);
        format!("{host}:{port}")
    };
    let hosts: Vec<String> = hosts.iter().enumerate().map(with_port).collect();
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    format!("postgres://{user}@{}/{database} (project {project})", hosts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        Address::new(url).err().unwrap().to_string()
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
            for mode in ["", "?sslmode=allow", "?sslmode=prefer"] {
                let address = Address::new(&format!("postgres://ann@{host}/work{mode}")).unwrap();
                assert_eq!(address.is_encrypted, is_encrypted, "{host} {mode}");
                let wanted = if is_encrypted { SslMode::Require } else { SslMode::Disable };
                assert_eq!(address.config.get_ssl_mode(), wanted);
            }
            let open = Address::new(&format!("postgres://ann@{host}/work?sslmode=disable"));
            assert_eq!(open.is_err(), is_encrypted, "{host}");
        }
        for mode in ["require", "verify-ca", "verify-full"] {
            let address = Address::new(&format!("postgres://ann@localhost/work?sslmode={mode}")).unwrap();
            assert!(address.is_encrypted, "{mode}");
        }
        assert!(refused("postgres://ann@db/work?sslmode=disable").contains("ssl = on"));
    }

    #[test]
    fn a_password_has_no_place_in_it() {
        for with in ["postgres://ann:geheim@db/work", "postgres://ann@db/work?password=geheim"] {
            let text = refused(with);
            assert!(text.contains("PGPASSFILE") && !text.contains("geheim"), "{text}");
        }
        let address = Address::new("postgres://ann@db:77/work?project=a-b").unwrap().with_password("geheim");
        assert_eq!(address.place, "postgres://ann@db:77/work (project a-b)");
        assert_eq!(address.schema, "aiwg_a-b");
        let two = Address::new("postgresql://ann@db,db2:78/work").unwrap();
        assert_eq!(two.place(), "postgres://ann@db:5432,db2:78/work (project default)");
    }

    #[test]
    fn what_is_no_address_or_no_project_is_refused() {
        assert!(refused("postgres:///work").contains("names no host"));
        assert!(refused("mysql://ann@db/work").contains("\"postgres://USER@HOST/DATABASE\" is one"));
        assert!(refused("postgres://ann@db:x/work").contains("invalid"));
        assert!(refused("postgres://ann@db/work?sslmode=maybe").contains("verify-full"));
        for project in ["", "A", "a%20b", "a%22b", "%C3%A4", &"a".repeat(49)] {
            let said = refused(&format!("postgres://ann@db/work?project={project}"));
            assert!(said.contains("is no name of one"), "{said}");
        }
        let by_socket = Address::new("postgres:///work?host=/run/postgresql&user=ann").unwrap();
        assert_eq!(by_socket.place(), "postgres://ann@/run/postgresql:5432/work (project default)");
    }
}
