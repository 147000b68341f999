use aiwg_protocol::{
    MAX_SOCKET_PATH, MAX_SUBSCRIPTIONS, MAX_WAITING_CALLS, PROJECT_DIR, PROTOCOL_VERSION, SAFE_DIRECTORY_ENV,
    SOCKET_ENV, SOCKET_PATH, START_COMMAND,
    names::RESERVED_TOPICS,
    wire::{DEFAULT_MAX_LINE_BYTES, MAX_ANSWER_BYTES, MAX_BATCH},
};

/// The constants that clients must agree on beyond methods and types.
#[derive(Debug)]
pub(crate) struct Constants {
    protocol_version: &'static str,
    project_dir: &'static str,
    socket_path: &'static str,
    socket_env: &'static str,
    safe_directory_env: &'static str,
    start_command: &'static str,
    reserved_topics: &'static [&'static str],
    max_socket_path: usize,
    max_answer_bytes: usize,
    max_line_mib: usize,
    max_batch: usize,
    max_waiting_calls: usize,
    max_subscriptions: usize,
}

/// The value of a constant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ConstantValue {
    Text(&'static str),
    Number(usize),
    Texts(&'static [&'static str]),
}

impl Constants {
    pub(super) fn from_definition() -> Self {
        Self {
            protocol_version: PROTOCOL_VERSION,
            project_dir: PROJECT_DIR,
            socket_path: SOCKET_PATH,
            socket_env: SOCKET_ENV,
            safe_directory_env: SAFE_DIRECTORY_ENV,
            start_command: START_COMMAND,
            reserved_topics: RESERVED_TOPICS,
            max_socket_path: MAX_SOCKET_PATH,
            max_answer_bytes: MAX_ANSWER_BYTES,
            max_line_mib: DEFAULT_MAX_LINE_BYTES / (1024 * 1024),
            max_batch: MAX_BATCH,
            max_waiting_calls: MAX_WAITING_CALLS,
            max_subscriptions: MAX_SUBSCRIPTIONS,
        }
    }

    /// All of them, for the reference.
    pub(crate) fn view(&self) -> minijinja::Value {
        minijinja::context! {
            protocol_version => self.protocol_version,
            project_dir => self.project_dir,
            socket_path => self.socket_path,
            socket_env => self.socket_env,
            safe_directory_env => self.safe_directory_env,
            start_command => self.start_command,
            max_socket_path => self.max_socket_path,
            max_answer_bytes => self.max_answer_bytes,
            max_line_mib => self.max_line_mib,
            max_batch => self.max_batch,
            max_waiting_calls => self.max_waiting_calls,
            max_subscriptions => self.max_subscriptions,
        }
    }

    /// The constants that the code of a client names: name, value and documentation.
    pub(crate) fn for_clients(&self) -> [(&'static str, ConstantValue, &'static str); 9] {
        use ConstantValue::{Number, Text, Texts};
        [
            ("PROTOCOL_VERSION", Text(self.protocol_version), "The version of the wire contract."),
            ("PROJECT_DIR", Text(self.project_dir), "The directory that makes the one it is in a project."),
            (
                "SOCKET_PATH",
                Text(self.socket_path),
                "Where the daemon's socket is, relative to the project's directory.",
            ),
            (
                "SOCKET_ENV",
                Text(self.socket_env),
                "The environment variable that names the socket to use, whatever the working directory.",
            ),
            (
                "SAFE_DIRECTORY_ENV",
                Text(self.safe_directory_env),
                "The environment variable that lists projects that may belong to anyone, as PATH lists directories.",
            ),
            ("START_COMMAND", Text(self.start_command), "The command that starts the daemon."),
            (
                "RESERVED_TOPICS",
                Texts(self.reserved_topics),
                "The beginnings of the topics that only the daemon may publish.",
            ),
            (
                "MAX_SOCKET_PATH",
                Number(self.max_socket_path),
                "The longest socket path that every system takes, in bytes. A longer one is a symbolic link to a \
                 shorter one, which is the one to connect to.",
            ),
            (
                "MAX_ANSWER_BYTES",
                Number(self.max_answer_bytes),
                "The longest line that a client takes from a daemon, in bytes. Whoever sends a longer one is none.",
            ),
        ]
    }
}
