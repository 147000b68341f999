//! The identity of an account.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

/// The ends of the names of variables that decide by which login an agent works, whatever its program: any provider of models has such a key.
const LOGIN_ENDS: [&str; 1] = ["_API_KEY"];

/// The directories in which programs keep their logins.
const LOGIN_PLACES: [&str; 3] = ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"];

/// The beginnings of the names of variables that agents' programs read, and the clouds that serve models. A variable of anything else, such as
/// `GITHUB_TOKEN`, is no login of theirs: a task that sets it meets the limits of the same account.
const LOGIN_BEGINNINGS: [&str; 17] = [
    "ANTHROPIC",
    "AWS",
    "AZURE",
    "BEDROCK",
    "CLAUDE",
    "CLOUD",
    "CLOUDSDK",
    "CODEX",
    "FOUNDRY",
    "GCLOUD",
    "GEMINI",
    "GOOGLE",
    "OPENAI",
    "OPENCODE",
    "OPENROUTER",
    "VERTEX",
    "VERTEXAI",
];

/// The words in the names of those variables that say which login, account or service it is.
const LOGIN_WORDS: [&str; 28] = [
    "ACCOUNT",
    "ARN",
    "AUTH",
    "CONFIG",
    "CREDENTIAL",
    "CREDENTIALS",
    "ENDPOINT",
    "HEADERS",
    "HOME",
    "KEY",
    "LOCATION",
    "OAUTH",
    "ORG",
    "ORGANIZATION",
    "PASSWORD",
    "PROFILE",
    "PROJECT",
    "REGION",
    "RESOURCE",
    "ROLE",
    "SECRET",
    "SUBSCRIPTION",
    "TENANT",
    "TOKEN",
    "URL",
    "USE",
    "USERNAME",
    "WORKSPACE",
];

/// True if a variable decides by which login an agent works, whatever its program. It is a rule and not a list: a key that was not known would count for
/// nothing, and whatever is refused with it would hold back the account of all others.
pub fn is_login_variable(name: &str) -> bool {
    let words = || name.split('_');
    let is_programs = words().next().is_some_and(|first| LOGIN_BEGINNINGS.contains(&first));
    LOGIN_PLACES.contains(&name)
        || LOGIN_ENDS.iter().any(|end| name.ends_with(end))
        || (is_programs && words().skip(1).any(|word| LOGIN_WORDS.contains(&word)))
}

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
        let decides = |name: &OsStr| name.to_str().is_some_and(is_login_variable);
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
    fn keys_of_all_services_are_logins() {
        for name in [
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_AUTH_TOKEN",
            "ANTHROPIC_BASE_URL",
            "ANTHROPIC_CUSTOM_HEADERS",
            "ANTHROPIC_FOUNDRY_API_KEY",
            "ANTHROPIC_FOUNDRY_RESOURCE",
            "ANTHROPIC_PROFILE",
            "ANTHROPIC_VERTEX_PROJECT_ID",
            "AWS_ACCESS_KEY_ID",
            "AWS_BEARER_TOKEN_BEDROCK",
            "AWS_PROFILE",
            "AWS_REGION",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AZURE_OPENAI_API_KEY",
            "AZURE_RESOURCE_NAME",
            "CLAUDE_CODE_OAUTH_TOKEN",
            "CLAUDE_CODE_USE_BEDROCK",
            "CLAUDE_CODE_USE_FOUNDRY",
            "CLAUDE_CODE_USE_VERTEX",
            "CLAUDE_CONFIG_DIR",
            "CLOUD_ML_REGION",
            "CODEX_ACCESS_TOKEN",
            "CODEX_API_KEY",
            "CODEX_HOME",
            "GEMINI_API_KEY",
            "GEMINI_CLI_HOME",
            "GOOGLE_API_KEY",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "GOOGLE_CLOUD_PROJECT",
            "GROQ_API_KEY",
            "HOME",
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
            "OPENCODE_API_KEY",
            "OPENCODE_AUTH_CONTENT",
            "OPENCODE_CONFIG",
            "OPENROUTER_API_KEY",
            "XAI_API_KEY",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
        ] {
            assert!(is_login_variable(name), "{name}");
        }
        for name in [
            "ANTHROPIC_MODEL",
            "CI",
            "CLAUDE_CODE_MAX_OUTPUT_TOKENS",
            "CLAUDE_CODE_SUBAGENT_MODEL",
            "CODEX",
            "GITHUB_TOKEN",
            "MAX_THINKING_TOKENS",
            "NPM_TOKEN",
            "PATH",
            "TOKEN",
            "",
        ] {
            assert!(!is_login_variable(name), "{name}");
        }
    }
}
