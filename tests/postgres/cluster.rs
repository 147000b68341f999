//! A PostgreSQL of a test's own, in a temporary directory, on a Unix socket and a port of loopback. It belongs to no crate: the tests of the store and those of the
//! binary have it as a module.

use std::{
    env, fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The password of its one user, `tester`.
pub const PASSWORD: &str = "a pass:word";

/// Longest wait for it to start.
const STARTS: Duration = Duration::from_secs(60);

/// A server that is running. It is stopped, and all of it is gone, when this is dropped.
pub struct Cluster {
    dir: TempDir,
    server: Option<Child>,
    pub port: u16,
    programs: PathBuf,
    /// A process whose name space of network it runs in; none for the test's own.
    pub name_space: Option<u32>,
    /// The user that it runs as, where tests run as root.
    user: Option<(u32, u32)>,
}

impl Cluster {
    /// A new server; none where PostgreSQL is not installed, unless it was asked for by `AIWG_TEST_STORE=postgres`.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            let asked = env::var("AIWG_TEST_STORE").is_ok_and(|store| store == "postgres");
            assert!(!asked, "PostgreSQL is not installed: `apt-get install postgresql`");
            eprintln!("SKIPPED: PostgreSQL is not installed (Debian's package `postgresql`)");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let user = (fs::metadata("/proc/self").unwrap().uid() == 0).then(|| id_of("postgres"));
        let mut cluster = Self { dir, server: None, port: free_port(), programs, name_space: None, user };
        cluster.own(cluster.dir.path());
        fs::write(cluster.path("password"), PASSWORD).unwrap();
        cluster.own(&cluster.path("password"));
        cluster.make_data();
        cluster.run();
        Some(cluster)
    }

    /// Makes its files: a copy of those that another test has made, where there are any. That takes a tenth of the time.
    fn make_data(&self) {
        let (data, made) = (self.path("data"), made_before(&self.programs));
        if made.is_dir() && is_copied(&made, &data) {
            return;
        }
        let _ = fs::remove_dir_all(&data);
        let done = self
            .command("initdb")
            .args([
                "--no-sync",
                "--auth=scram-sha-256",
                "--username=tester",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ])
            .arg(format!("--pwfile={}", self.path("password").display()))
            .arg("--pgdata")
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(done.unwrap().success());
        // Others may be at it, too: whoever is first has made it.
        let own = made.with_extension(std::process::id().to_string());
        if !(is_copied(&data, &own) && fs::rename(&own, &made).is_ok()) {
            let _ = fs::remove_dir_all(&own);
        }
    }

    /// Runs the server, and waits until it can be used.
    pub fn run(&mut self) {
        self.run_with(&[]);
    }

    /// The same, with more settings.
    pub fn run_with(&mut self, more: &[&str]) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.path("data"));
        for setting in [
            &format!("port={}", self.port),
            "listen_addresses=127.0.0.1",
            &format!("unix_socket_directories={}", self.dir.path().display()),
            // A machine that is switched off is not tested.
            "fsync=off",
            "shared_buffers=16MB",
            "log_min_messages=fatal",
            "max_wal_size=64MB",
        ]
        .iter()
        .chain(more)
        {
            command.args(["-c", setting]);
        }
        self.server = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let until = Instant::now() + STARTS;
        while !self.is_ready() {
            assert!(Instant::now() < until, "PostgreSQL does not start");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops it. `how` is a signal of postgres(1): INT for soon, QUIT for at once.
    pub fn stop(&mut self, how: &str) {
        if let Some(mut server) = self.server.take() {
            let _ = Command::new("kill").args(["-s", how, &server.id().to_string()]).status();
            let _ = server.wait();
        }
    }

    /// Its first process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(Child::id)
    }

    /// The address of a project in it, over its socket.
    pub fn url(&self, project: &str) -> String {
        let host = self.dir.path().display().to_string().replace('/', "%2F");
        format!("postgres://tester@{host}:{}/postgres?project={project}", self.port)
    }

    /// Does something by hand, and gives what that says.
    pub fn psql(&self, sql: &str) -> String {
        let done = self.client("psql").args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]).output().unwrap();
        assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// A program of PostgreSQL's that speaks to it as its user.
    pub fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command
            .env("PGHOST", self.dir.path())
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", "tester")
            .env("PGDATABASE", "postgres")
            .env("PGPASSWORD", PASSWORD);
        command
    }

    /// A file of it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Gives a file to the user that it runs as.
    pub fn own(&self, path: &Path) {
        if let Some((user, group)) = self.user {
            chown(path, Some(user), Some(group)).unwrap();
        }
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Lets nobody else read a file.
    pub fn close_to_others(&self, path: &Path) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn is_ready(&self) -> bool {
        Command::new(self.programs.join("pg_isready"))
            .args(["-q", "-h", &self.dir.path().display().to_string(), "-p", &self.port.to_string()])
            .status()
            .is_ok_and(|status| status.success())
    }

    /// One of its programs, which ends with this test, whatever becomes of that.
    fn command(&self, program: &str) -> Command {
        let mut command = match self.name_space {
            Some(pid) => {
                let mut command = Command::new("nsenter");
                command.args([&format!("--net=/proc/{pid}/ns/net"), "setpriv"]);
                command
            }
            None => Command::new("setpriv"),
        };
        command.args(["--pdeathsig", "QUIT"]);
        if let Some((user, group)) = self.user {
            command.args(["--reuid", &user.to_string(), "--regid", &group.to_string(), "--clear-groups"]);
        }
        command.arg(self.programs.join(program)).current_dir("/");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop("QUIT");
    }
}

/// The place of the files of a new server of this version, beside the tests' programs. To be named anew where `initdb` gets other options.
fn made_before(programs: &Path) -> PathBuf {
    let version =
        programs.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    env::current_exe().unwrap().with_file_name(format!("postgres-{version}-1"))
}

/// Copies a directory with the owners and rights of its files.
fn is_copied(from: &Path, to: &Path) -> bool {
    Command::new("cp").arg("-a").args([from, to]).status().is_ok_and(|done| done.success())
}

/// Where PostgreSQL's programs are: the newest ones.
fn programs() -> Option<PathBuf> {
    let installed =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut versions: Vec<PathBuf> = installed.map(|version| version.join("bin")).collect();
    versions.sort();
    let on_the_path = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
    versions
        .into_iter()
        .rev()
        .chain(on_the_path)
        .find(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
}

fn id_of(name: &str) -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let found = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|user| user[0] == name);
    let user = found.unwrap_or_else(|| panic!("there is no user {name}"));
    (user[2].parse().unwrap(), user[3].parse().unwrap())
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
