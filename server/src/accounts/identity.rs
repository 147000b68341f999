//! The identity of an account.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

/// The variables that decide by which login an agent works, whatever its program.
pub const LOGIN_VARIABLES: [&str; 22] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_PROFILE",
    "AWS_PROFILE",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CONFIG_DIR",
    "CODEX_API_KEY",
    "CODEX_HOME",
    "GEMINI_API_KEY",
    "GEMINI_CLI_HOME",
    "GOOGLE_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "HOME",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENROUTER_API_KEY",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
];

/// Number of characters of an id: enough that no two accounts have the same.
const ID_CHARS: usize = 32;

/// The account that an agent works with. It holds no secret: the id is a hash, from which none can be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The id.
    pub id: String,
    /// The program, by the name of its adapter: `claude`.
    pub program: String,
    /// The names of the variables that decide its login, those that are set.
    pub login: Vec<String>,
}

impl Identity {
    /// The account of a program with these variables in its environment; those that decide no login do not matter.
    pub fn of(program: &str, env: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let decides = |name: &OsStr| LOGIN_VARIABLES.iter().any(|known| name == *known);
        let mut login: Vec<(OsString, OsString)> =
            env.into_iter().filter(|(name, value)| decides(name) && !value.is_empty()).collect();
        login.sort();
        let mut hash = Hash::new();
        let mut part = |text: &[u8]| {
            // With its length, so that no two lists look the same.
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        part(program.as_bytes());
        for (name, value) in &login {
            part(name.as_bytes());
            part(value.as_bytes());
        }
        let id = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Self {
            id: id.chars().take(ID_CHARS).collect(),
            program: program.to_owned(),
            login: login.into_iter().map(|(name, _)| name.to_string_lossy().into_owned()).collect(),
        }
    }

    /// For people: the program, and where its login is from.
    pub fn for_people(program: &str, login: &[String]) -> String {
        let keys: Vec<&str> = login
            .iter()
            .map(String::as_str)
            .filter(|name| !name.starts_with("XDG_") && *name != "HOME")
            .collect();
        if keys.is_empty() { program.to_owned() } else { format!("{program} with {}", keys.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(program: &str, env: &[(&str, &str)]) -> Identity {
        Identity::of(program, env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))))
    }

    #[test]
    fn it_is_the_same_for_the_same_login_only() {
        let home = ("HOME", "/home/me");
        let all = [
            of("claude", &[home]),
            of("codex", &[home]),
            of("claude", &[("HOME", "/home/you")]),
            of("claude", &[home, ("ANTHROPIC_API_KEY", "sk-1")]),
            of("claude", &[home, ("ANTHROPIC_API_KEY", "sk-2")]),
            of("claude", &[home, ("CLAUDE_CONFIG_DIR", "/home/me/other")]),
        ];
        let mut ids: Vec<&str> = all.iter().map(|one| one.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all.len());
        let other_order =
            of("claude", &[("PATH", "/bin"), ("ANTHROPIC_API_KEY", "sk-1"), ("OPENAI_API_KEY", ""), home]);
        assert_eq!(other_order, all[3]);
    }

    #[test]
    fn it_holds_no_secret() {
        let account = of("claude", &[("ANTHROPIC_API_KEY", "sk-secret"), ("HOME", "/home/me")]);
        assert!(!format!("{account:?}").contains("sk-secret"));
        assert_eq!(Identity::for_people(&account.program, &account.login), "claude with ANTHROPIC_API_KEY");
        assert!(account.id.len() == ID_CHARS && account.id.bytes().all(|b| b.is_ascii_hexdigit()));
    }

    #[test]
    fn the_variables_are_in_order() {
        assert!(LOGIN_VARIABLES.is_sorted());
    }
}
