//! The network of the rounds: each host has a name space of its own, with a link to that of the PostgreSQL, which can be taken down. Where the system allows no
//! name space, something between takes the place of the link.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::support::{
    is_dead, may_unshare,
    postgres::{Cluster, PASSWORD},
    until,
};

/// A name space of network, which lives as long as this.
pub(super) struct Space(Child);

impl Space {
    fn new() -> Self {
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "unshare", "-n", "sleep", "infinity"])
            .current_dir("/")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let own = std::fs::read_link("/proc/self/ns/net").unwrap();
        let of_child = format!("/proc/{}/ns/net", child.id());
        until("a name space", || std::fs::read_link(&of_child).is_ok_and(|its| its != own));
        let space = Self(child);
        space.ip("link set lo up");
        space
    }

    pub(super) fn pid(&self) -> u32 {
        self.0.id()
    }

    fn ip(&self, args: &str) {
        let done = Command::new("nsenter")
            .args([&format!("--net=/proc/{}/ns/net", self.pid()), "ip"])
            .args(args.split(' '))
            .output()
            .unwrap();
        assert!(done.status.success(), "ip {args}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The link of a host to the PostgreSQL.
pub(super) enum Link {
    /// Its name space, and the link's name at the other end.
    Real { space: Space, end: String },
    /// Something between, which carries nothing while this is true.
    Relay { port: u16, is_cut: Arc<AtomicBool> },
}

/// The PostgreSQL of all hosts.
pub(super) struct Network {
    pub(super) cluster: Cluster,
    /// Where it runs; none where the system allows no name space.
    space: Option<Space>,
}

/// Settings of a server that is reached from other machines.
const FROM_OUTSIDE: [&str; 2] = ["ssl=on", "listen_addresses=*"];

impl Network {
    /// None where there is no PostgreSQL.
    pub(super) fn start(hosts: usize, clock: &dyn Fn(&mut Command, i64)) -> Option<(Self, Vec<Link>)> {
        let mut cluster = Cluster::start()?;
        if !may_unshare(&["-n"]) || !has_tools() {
            eprintln!("each host's link is a relay that can be cut, in place of a link between name spaces");
            let links = (0..hosts).map(|_| relay(cluster.port)).collect();
            return Some((Self { cluster, space: None }, links));
        }
        let (space, mut links) = (Space::new(), Vec::new());
        for n in 1..=hosts {
            let (host, end) = (Space::new(), format!("to{n}"));
            space.ip(&format!("link add {end} type veth peer name out netns {}", host.pid()));
            space.ip(&format!("addr add 10.77.{n}.1/24 dev {end}"));
            space.ip(&format!("link set {end} up"));
            host.ip(&format!("addr add 10.77.{n}.2/24 dev out"));
            host.ip("link set out up");
            links.push(Link::Real { space: host, end });
        }
        certify(&cluster, hosts, clock);
        cluster.stop("INT");
        cluster.name_space = Some(space.pid());
        let mut network = Self { cluster, space: Some(space) };
        network.run();
        Some((network, links))
    }

    /// Runs the PostgreSQL, again.
    pub(super) fn run(&mut self) {
        self.cluster.run_with(if self.space.is_some() { &FROM_OUTSIDE } else { &[] });
    }

    /// Kills all processes of the PostgreSQL at once, as when its machine goes down.
    pub(super) fn kill(&mut self) {
        let Some(first) = self.cluster.pid() else { return };
        let children = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap();
        let pids: Vec<String> = children.split_whitespace().map(str::to_owned).collect();
        let _ = Command::new("kill").args(["-s", "STOP", &first.to_string()]).status();
        let _ = Command::new("kill").args(["-s", "KILL"]).args(&pids).stderr(Stdio::null()).status();
        self.cluster.stop("KILL");
        until("the end of the PostgreSQL", || pids.iter().all(|pid| is_dead(pid.parse().unwrap())));
    }

    /// Takes the link of a host down, or up again.
    pub(super) fn set(&self, link: &Link, is_up: bool) {
        match (link, &self.space) {
            (Link::Real { end, .. }, Some(space)) => {
                space.ip(&format!("link set {end} {}", if is_up { "up" } else { "down" }));
            }
            (Link::Relay { is_cut, .. }, _) => is_cut.store(!is_up, Ordering::SeqCst),
            (Link::Real { .. }, None) => unreachable!("a link between name spaces has one at its other end"),
        }
    }

    /// The address of the project for the host with this number and link.
    pub(super) fn url(&self, n: usize, link: &Link) -> String {
        match link {
            Link::Real { .. } => format!(
                "postgres://tester@10.77.{n}.1:{}/postgres?project=fleet&sslrootcert={}",
                self.cluster.port,
                self.cluster.path("server.crt").display()
            ),
            Link::Relay { port, .. } => format!("postgres://tester@127.0.0.1:{port}/postgres?project=fleet"),
        }
    }
}

/// True if there is all that links between name spaces take.
fn has_tools() -> bool {
    let is_there =
        |name: &str, arg: &str| Command::new(name).arg(arg).output().is_ok_and(|done| done.status.success());
    let all = is_there("ip", "-V") && is_there("nsenter", "-V") && is_there("openssl", "version");
    if !all {
        eprintln!("there is no iproute2, nsenter or openssl");
    }
    all
}

/// A certificate for the PostgreSQL, from a time at which no host's clock can be before it.
fn certify(cluster: &Cluster, hosts: usize, clock: &dyn Fn(&mut Command, i64)) {
    let (certificate, key) = (cluster.path("server.crt"), cluster.path("data/server.key"));
    let names: Vec<String> = (1..=hosts).map(|n| format!("IP:10.77.{n}.1")).collect();
    let mut command = Command::new("openssl");
    command
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=fleet"])
        .args(["-addext", &format!("subjectAltName={}", names.join(","))])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate);
    clock(&mut command, -3 * 24 * 3600);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::copy(&certificate, cluster.path("data/server.crt")).unwrap();
    for path in [&certificate, &cluster.path("data/server.crt"), &key] {
        cluster.own(path);
    }
    cluster.close_to_others(&key);
    let rules = cluster.path("data/pg_hba.conf");
    let more = "hostssl all all 10.77.0.0/16 scram-sha-256\n";
    std::fs::write(&rules, std::fs::read_to_string(&rules).unwrap() + more).unwrap();
}

/// The variable with the password of the PostgreSQL.
pub(super) const PASSWORD_IS: (&str, &str) = ("PGPASSWORD", PASSWORD);

fn relay(server: u16) -> Link {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let (port, is_cut) = (listener.local_addr().unwrap().port(), Arc::new(AtomicBool::new(false)));
    let cut = Arc::clone(&is_cut);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let cut = Arc::clone(&cut);
            thread::spawn(move || {
                wait_for_link(&cut);
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { return };
                let (back, answers, cut_back) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&cut));
                thread::spawn(move || carry(answers, back, &cut_back));
                carry(client, server, &cut);
            });
        }
    });
    Link::Relay { port, is_cut }
}

fn carry(mut from: TcpStream, mut to: TcpStream, is_cut: &AtomicBool) {
    let mut bytes = [0; 65536];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        wait_for_link(is_cut);
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    // Not even that a connection is over comes through.
    wait_for_link(is_cut);
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

fn wait_for_link(is_cut: &AtomicBool) {
    while is_cut.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(20));
    }
}

/// Builds the library with which a host's clock is off; none where that cannot be done.
pub(super) fn clock_library(dir: &Path) -> Option<std::path::PathBuf> {
    let library = dir.join("clock.so");
    let source = crate::support::repository().join("tests/e2e/fleet_rounds/clock.c");
    let done = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
    if !done.is_ok_and(|done| done.success()) || !cfg!(all(target_os = "linux", target_env = "gnu")) {
        eprintln!("no clock is off: there is no C compiler, or no libc into which it could be preloaded");
        return None;
    }
    Some(library)
}
