//! The directory in which git transfers: a repository without a configuration of its own, whose objects are those of the project's.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use aiwg_fs::write_private;

use crate::{
    error::{Error, io as failed},
    lock::Lock,
    repository::Repository,
    told::Place,
};

/// Its name in the directory of the work trees.
const DIR: &str = "remote.git";

/// The most commits that are known in it: git tells the remote that it has these, so that it gets no more than what is new.
const MOST_KNOWN: &str = "--count=2000";

/// The ways to a remote. Any other one would be a program.
const PROTOCOLS: &str = "file:git:http:https:ssh";

/// The variables of the daemon that git gets besides the usual ones: how ssh finds the user's keys, how his helpers find his credentials, and how https
/// finds its way.
const PASSED_ON: [&str; 16] = [
    "SSH_AUTH_SOCK",
    "GIT_SSH_VARIANT",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "USER",
];

/// The command for ssh where the user has none of his own: it asks nobody, and does not wait for a remote that is gone.
const SSH: &str = "ssh -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15 -oServerAliveCountMax=3";

/// The settings with which is transferred, whatever the user has configured: nobody is asked, nothing is added, and what does not move is given up.
const SETTINGS: [&str; 14] = [
    "core.askPass=",
    "core.fsync=loose-object,pack,pack-metadata,reference",
    "core.fsyncMethod=batch",
    "credential.interactive=false",
    "http.lowSpeedLimit=100",
    "http.lowSpeedTime=60",
    "push.gpgSign=false",
    "push.followTags=false",
    "push.pushOption=",
    "push.recurseSubmodules=no",
    "fetch.recurseSubmodules=no",
    "fetch.writeCommitGraph=false",
    "transfer.bundleURI=false",
    "maintenance.auto=false",
];

/// Where git transfers.
#[derive(Debug)]
pub(super) struct Scratch {
    /// The place for its steps.
    pub(super) place: Place,
    /// The settings of each, as arguments before the command.
    pub(super) settings: Vec<String>,
    /// The variables of each.
    pub(super) environment: Vec<(&'static str, OsString)>,
}

impl Scratch {
    /// Makes it, or makes it again: whatever someone has left in it counts for nothing.
    pub(super) fn new(repository: &Repository, within: Duration) -> Result<Self, Error> {
        let checkout = &repository.checkout;
        let dir = repository.home.join(DIR);
        Repository::make_private(&dir)?;
        let _lock = Lock::take(&dir.join("lock"), "the remote", repository.patience)?;
        for name in ["refs", "objects"] {
            Repository::make_private(&dir.join(name))?;
        }
        let format =
            checkout.step("ask for the hashes", ["rev-parse", "--show-object-format"]).without_files();
        let format = format.in_dir(&checkout.git_dir).line()?;
        let config = match format.as_str() {
            "sha256" => {
                "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
            }
            _ => "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
        };
        let list = ["for-each-ref", "--sort=-committerdate", MOST_KNOWN, "--format=%(objectname)"];
        let known =
            checkout.step("list the commits", list).without_files().in_dir(&checkout.git_dir).done()?;
        let mut known: Vec<&str> = std::str::from_utf8(&known).unwrap_or_default().lines().collect();
        known.sort_unstable();
        known.dedup();
        let packed: String = known.iter().map(|hash| format!("{hash} refs/tips/{hash}\n")).collect();
        for (name, text) in [("config", config), ("HEAD", "ref: refs/heads/none\n"), ("packed-refs", &packed)]
        {
            put(&dir, name, text)?;
        }
        let place = Place { top: checkout.top.clone(), git_dir: dir.clone(), common: dir, within };
        let mut scratch = Self { place, settings: Vec::new(), environment: Vec::new() };
        scratch.environment = environment(&checkout.common);
        scratch.settings = SETTINGS.iter().map(|setting| (*setting).to_owned()).collect();
        scratch.choose_ssh()?;
        Ok(scratch)
    }

    /// Has git use the ssh that the user has named, or the usual one.
    fn choose_ssh(&mut self) -> Result<(), Error> {
        let own = std::env::var_os("GIT_SSH_COMMAND").or_else(|| {
            let program = std::env::var("GIT_SSH").ok()?;
            Some(format!("'{}'", program.replace('\'', r"'\''")).into())
        });
        if let Some(own) = own {
            self.environment.push(("GIT_SSH_COMMAND", own));
            return Ok(());
        }
        let step = self.place.step("ask for ssh", ["config", "--null", "--get-all", "core.sshCommand"]);
        let named =
            step.without_files().with(&self.environment).allowing(&[1]).in_dir(&self.place.git_dir).done()?;
        let named: Vec<&[u8]> = named.split(|byte| *byte == 0).filter(|value| !value.is_empty()).collect();
        // The last one is ours, by which git starts none otherwise.
        let of_user = named.split_last().and_then(|(_, of_user)| of_user.last()).copied();
        let of_user = of_user.map(|value| String::from_utf8_lossy(value).into_owned());
        self.settings.push(format!("core.sshCommand={}", of_user.as_deref().unwrap_or(SSH)));
        Ok(())
    }
}

fn environment(common: &Path) -> Vec<(&'static str, OsString)> {
    let mut environment: Vec<(&'static str, OsString)> =
        PASSED_ON.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))).collect();
    environment.push(("GIT_OBJECT_DIRECTORY", common.join("objects").into()));
    environment.push(("GIT_ALLOW_PROTOCOL", PROTOCOLS.into()));
    // What a shallow clone does not have is said to be missing.
    let shallow = common.join("shallow");
    if shallow.exists() {
        environment.push(("GIT_SHALLOW_FILE", shallow.into()));
    }
    environment
}

/// Writes a file in it, whole or not at all.
fn put(dir: &Path, name: &str, text: &str) -> Result<(), Error> {
    let (file, temporary): (PathBuf, PathBuf) = (dir.join(name), dir.join(format!("{name}.new")));
    let written = || {
        write_private(&temporary, text.as_bytes())?;
        fs::rename(&temporary, &file)
    };
    written().map_err(failed("write", &file))
}
