//! `daemon.agents_may` and `daemon.agents_env`: the rights of agents.

use aiwg_protocol::{
    METHODS,
    definition::{AgentAccess, Method},
};

use super::nearest;

/// The right that stands for the default of each method.
const DEFAULT: &str = "default";

/// The prefix of a right that holds for an agent's own tasks only.
const OWN: &str = "own:";

/// The beginnings of the names, in any case, of variables that decide which code a program runs, or with which programs it communicates.
const DECIDING: [&str; 61] = [
    "_JAVA",
    "AIWG_",
    "ALL_PROXY",
    "ANTHROPIC_",
    "ANT_OPTS",
    "BASH",
    "BROWSER",
    "BUN_",
    "CARGO_",
    "CC",
    "CDPATH",
    "CLAUDE_",
    "CODEX_",
    "CXX",
    "DENO_",
    "DOCKER_",
    "DOTNET_",
    "DYLD_",
    "EDITOR",
    "ENV",
    "FPATH",
    "GCONV_PATH",
    "GEMINI_",
    "GIT_",
    "GLIBC_",
    "GO",
    "GRADLE_",
    "HOME",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "IFS",
    "JAVA_",
    "JDK_",
    "LD_",
    "LESS",
    "LUA_",
    "MAKE",
    "MALLOC_",
    "MANPAGER",
    "MAVEN_",
    "NODE_",
    "NPM_",
    "OPENAI_",
    "OPENSSL_",
    "PAGER",
    "PATH",
    "PERL",
    "PIP_",
    "PROMPT_COMMAND",
    "PS4",
    "PYTHON",
    "RUBY",
    "RUST",
    "SHELL",
    "SSH_",
    "SSL_",
    "UV_",
    "VISUAL",
    "XDG_",
    "YARN_",
    "ZDOTDIR",
];

/// The access that an agent has to this method.
pub(crate) fn access(rights: &[String], method: &Method) -> AgentAccess {
    if method.agents == AgentAccess::Never {
        return AgentAccess::Never;
    }
    let of = |right: &String| match right.strip_prefix(OWN) {
        _ if right == DEFAULT => method.agents,
        Some(pattern) if matches(pattern, method.name) => AgentAccess::Own,
        None if matches(right, method.name) => AgentAccess::Allowed,
        _ => AgentAccess::Refused,
    };
    let rank = |access: &AgentAccess| match access {
        AgentAccess::Allowed => 2,
        AgentAccess::Own => 1,
        AgentAccess::Refused | AgentAccess::Never => 0,
    };
    rights.iter().map(of).max_by_key(rank).unwrap_or(AgentAccess::Refused)
}

/// True if an agent may set this variable for a task that it submits.
pub(crate) fn may_set(allowed: &[String], name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let decides = DECIDING.iter().any(|start| upper.starts_with(start));
    allowed.iter().any(|pattern| pattern == name || (!decides && matches(pattern, name)))
}

/// True if a value refers to variables of the daemon's environment: an agent would get one that `agent.env` keeps from it, by another name.
pub(crate) fn refers(value: &str) -> bool {
    value.contains("${")
}

/// A name, or the beginning of one with `*` after it.
fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

/// The problem with an entry of `daemon.agents_may`, if there is one.
pub(super) fn wrong_right(right: &str) -> Option<String> {
    if right == DEFAULT {
        return None;
    }
    let (own, pattern) = right.strip_prefix(OWN).map_or((false, right), |pattern| (true, pattern));
    if let Some(wrong) = wrong_pattern(pattern) {
        return Some(wrong);
    }
    let meant: Vec<&Method> = METHODS.iter().filter(|method| matches(pattern, method.name)).collect();
    if meant.is_empty() {
        let mut names: Vec<&str> = METHODS.iter().map(|method| method.name).collect();
        names.push(DEFAULT);
        let near =
            nearest(pattern, &names).map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
        return Some(format!("no method has a name like {pattern:?}{near}"));
    }
    if meant.iter().all(|method| method.agents == AgentAccess::Never) {
        return Some(format!(
            "no agent may ever call {pattern:?}: a person decides there on what agents ask for"
        ));
    }
    let about_tasks = meant.iter().any(|method| method.name.starts_with("task."));
    (own && !about_tasks)
        .then(|| format!("{pattern:?} names no method about tasks, so \"own:\" cannot limit it"))
}

/// The problem with a pattern, if there is one.
pub(super) fn wrong_pattern(pattern: &str) -> Option<String> {
    let start = pattern.strip_suffix('*').unwrap_or(pattern);
    start.contains('*').then(|| format!("{pattern:?} has a * that is not at its end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rights: &[&str], name: &str) -> AgentAccess {
        let rights: Vec<String> = rights.iter().map(|right| (*right).to_owned()).collect();
        access(&rights, METHODS.iter().find(|method| method.name == name).unwrap())
    }

    #[test]
    fn the_most_that_is_said_counts() {
        use AgentAccess::{Allowed, Own, Refused};
        assert_eq!(of(&["default"], "daemon.reload"), Refused);
        assert_eq!(of(&["default"], "task.cancel"), Own);
        assert_eq!(of(&["default", "daemon.reload"], "daemon.reload"), Allowed);
        assert_eq!(of(&["own:task.*", "task.cancel"], "task.cancel"), Allowed);
        assert_eq!(of(&["own:task.*"], "task.submit"), Own);
        assert_eq!(of(&["*"], "daemon.stop"), Allowed);
        assert_eq!(of(&["daemon.re"], "daemon.reload"), Refused);
        assert_eq!(of(&[], "ping"), Refused);
    }

    #[test]
    fn what_changes_the_daemon_or_others_tasks_is_refused_by_default() {
        let refused = METHODS.iter().filter(|method| method.agents == AgentAccess::Refused);
        let names: Vec<&str> = refused.map(|method| method.name).collect();
        for name in [
            "daemon.stop",
            "daemon.restart",
            "daemon.reload",
            "automation.enable",
            "automation.disable",
            "schedule.run",
        ] {
            assert!(names.contains(&name), "{name}");
        }
    }

    #[test]
    fn a_pattern_allows_nothing_that_decides_what_runs() {
        let may = |allowed: &str, name: &str| may_set(&[allowed.to_owned()], name);
        assert!(may("TEST_*", "TEST_DB") && !may("TEST_*", "DB") && may("*", "CI"));
        assert!(!may("*", "LD_PRELOAD") && !may("LD_*", "LD_PRELOAD") && may("LD_PRELOAD", "LD_PRELOAD"));
        assert!(!may("*", "PATH") && !may("*", "NODE_OPTIONS") && !may("*", "AIWG_TASK_ID"));
        for name in [
            "npm_config_script_shell",
            "https_proxy",
            "ANTHROPIC_BASE_URL",
            "BASH_FUNC_ls%%",
            "RUSTFLAGS",
            "EDITOR",
        ] {
            assert!(!may("*", name), "{name}");
        }
        // A whole name allows that variable, and no other that begins with it.
        assert!(may("BASH_ENV", "BASH_ENV") && !may("bash_env", "BASH_ENV"));
    }

    #[test]
    fn nothing_allows_an_agent_to_decide_for_a_person() {
        for name in ["approval.approve", "approval.reject", "approval.answer"] {
            for right in ["*", "approval.*", name, "own:*"] {
                assert_eq!(of(&["default", right], name), AgentAccess::Never, "{right}");
            }
            assert!(wrong_right(name).unwrap().contains("no agent may ever call"));
        }
        assert_eq!(of(&["default", "approval.*"], "approval.list"), AgentAccess::Allowed);
        assert_eq!(wrong_right("approval.*"), None);
    }

    #[test]
    fn what_means_nothing_is_wrong() {
        assert_eq!(wrong_right("task.*"), None);
        assert_eq!(wrong_right("own:task.cancel"), None);
        assert!(wrong_right("daemon.reloud").unwrap().contains("did you mean \"daemon.reload\"?"));
        assert!(wrong_right("*.reload").unwrap().contains("not at its end"));
        assert!(wrong_right("own:daemon.reload").unwrap().contains("no method about tasks"));
    }
}
