//! The projects that a dashboard shows.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use aiwg_client::{ClientError, Options, open_socket};
use aiwg_protocol::SOCKET_PATH;
use hmac_sha256::Hash;
use serde::Serialize;
use tokio::net::UnixStream;

/// Time within which a daemon must take a connection.
const CONNECTS_WITHIN: Duration = Duration::from_secs(10);

/// The projects of a dashboard.
pub enum Projects {
    /// One of them: its directory, if that is known, and the way to its daemon.
    One {
        /// The project's directory; none where only a socket is known.
        path: Option<PathBuf>,
        /// The way to its daemon.
        options: Options,
    },
    /// All of this user's with a daemon that runs, as this function finds them.
    All(Box<dyn Fn() -> Vec<PathBuf> + Send + Sync>),
}

/// A project, as the page is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Listed {
    /// A name without any special character, the same for the same path.
    pub(crate) id: String,
    name: Option<String>,
    path: Option<String>,
    ws: String,
    page: String,
    /// The reason for which it cannot be shown.
    pub(crate) notice: Option<String>,
}

/// The way to one project's daemon.
pub(crate) struct Way {
    options: Options,
    /// True if it was found, and not named: then nobody but this user or root may answer there.
    is_found: bool,
}

impl Projects {
    /// True if it shows all of them.
    pub(crate) fn is_all(&self) -> bool {
        matches!(self, Self::All(_))
    }

    /// The projects, in the order of their paths, and the way to each.
    pub(crate) fn list(&self) -> Vec<(Listed, Way)> {
        match self {
            Self::One { path, options } => {
                let way = Way { options: options.clone(), is_found: false };
                vec![(listed(path.as_deref(), false), way)]
            }
            Self::All(find) => {
                let projects = find().into_iter();
                projects.map(|path| (listed(Some(&path), true), Way::to(&path))).collect()
            }
        }
    }

    /// The way to the project with this id; to the only one without.
    pub(crate) fn way(&self, id: Option<&str>) -> Option<Way> {
        match (self, id) {
            (Self::One { options, .. }, None) => Some(Way { options: options.clone(), is_found: false }),
            (Self::All(find), Some(id)) => {
                find().iter().find(|path| id_of(path) == id).map(|path| Way::to(path))
            }
            _ => None,
        }
    }
}

impl Way {
    fn to(project: &Path) -> Self {
        let socket = Some(project.join(SOCKET_PATH));
        Self { options: Options { socket, ..Options::default() }, is_found: true }
    }

    /// Connects to the daemon.
    pub(crate) async fn open(&self) -> Result<UnixStream, ClientError> {
        let options = Options { timeout: Some(CONNECTS_WITHIN), ..self.options.clone() };
        let stream = open_socket(options).await?;
        let user = stream.peer_cred().map(|peer| peer.uid());
        let us = rustix::process::geteuid().as_raw();
        match user {
            Ok(user) if !self.is_found || user == us || user == 0 => Ok(stream),
            _ => Err(ClientError::NotTrusted(io::Error::other(
                "another user's process answers in its daemon's place",
            ))),
        }
    }
}

fn listed(path: Option<&Path>, is_one_of_all: bool) -> Listed {
    let id = path.map_or_else(|| "0".repeat(16), id_of);
    let (ws, page) = match is_one_of_all {
        true => (format!("/ws/{id}"), format!("/p/{id}/")),
        false => ("/ws".to_owned(), "/".to_owned()),
    };
    let name = path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    Listed { id, name, path: path.map(|path| path.display().to_string()), ws, page, notice: None }
}

/// The id of the project at a path.
fn id_of(path: &Path) -> String {
    Hash::hash(path.as_os_str().as_encoded_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_project_has_addresses_of_its_own_where_all_are_shown() {
        let all = Projects::All(Box::new(|| vec!["/a/shop".into(), "/b/shop".into()]));
        let ids: Vec<String> = all.list().into_iter().map(|(listed, _)| listed.id).collect();
        assert!(ids[0] != ids[1] && ids.iter().all(|id| all.way(Some(id)).is_some()));
        assert!(all.way(None).is_none() && all.way(Some("")).is_none());
        let one = Projects::One { path: None, options: Options::default() };
        assert!(one.way(None).is_some() && one.way(Some(&ids[0])).is_none());
        assert_eq!(one.list()[0].0.ws, "/ws");
    }
}
