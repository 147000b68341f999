//! The rules of `claude` that allow such calls as this one for good.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Longest rule that is made, in bytes: nobody reads more.
const LONGEST: usize = 4096;

/// Characters that a path in a rule may not have: they stand for others there.
const GLOB: [char; 8] = ['*', '?', '[', ']', '{', '}', '!', '\\'];

/// Names of the settings of `claude` and of the daemon: whoever edits these decides what else is allowed, and what runs.
const SETTINGS: [&str; 4] = [".claude", ".claude.json", ".mcp.json", ".aiwg"];

/// The rule for `permissions.allow` that allows this use of a tool, and as little else as a rule can: the same command, edits of the same file,
/// the same host.
///
/// # Errors
/// There is none that means no more than that; the text says why.
pub fn rule(tool: &str, input: &Value) -> Result<String, String> {
    let member = |name: &str| {
        let text = input.get(name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).ok_or_else(|| format!("its input has no {name:?}"))
    };
    let rule = match tool {
        "Bash" => format!("Bash({})", command(member("command")?)?),
        "Write" | "Edit" | "MultiEdit" => format!("Edit(/{})", path(member("file_path")?)?),
        "NotebookEdit" => format!("Edit(/{})", path(member("notebook_path")?)?),
        "Read" => format!("Read(/{})", path(member("file_path")?)?),
        "WebFetch" => format!("WebFetch(domain:{})", host(member("url")?)?),
        _ => return Err(format!("no rule is known that allows such a use of {tool} alone")),
    };
    match rule.len() > LONGEST {
        true => Err("the rule would be too long to be read".to_owned()),
        false => Ok(rule),
    }
}

/// A command as a rule has it: as it is, where nothing in it stands for anything else.
fn command(command: &str) -> Result<&str, String> {
    if command.contains('*') {
        return Err("its command has a *, which stands for any text in a rule".to_owned());
    }
    if command.trim() != command {
        return Err("its command begins or ends with white space".to_owned());
    }
    Ok(command)
}

/// The path of a file as a rule has it. In a rule it is a pattern as in `.gitignore`: that of a directory covers all below it.
fn path(path: &str) -> Result<&str, String> {
    let Some(parts) = path.strip_prefix('/') else { return Err(format!("{path:?} is no absolute path")) };
    if let Some(glob) = path.chars().find(|character| GLOB.contains(character)) {
        return Err(format!("its path has a {glob}, which stands for something else in a rule"));
    }
    if path.trim() != path || path.chars().any(char::is_control) {
        return Err("its path ends with white space, or has control characters".to_owned());
    }
    if parts.split('/').any(|part| ["", ".", ".."].contains(&part)) {
        return Err(format!("{path:?} is no file's plain path: a part of it is empty, \".\" or \"..\""));
    }
    if Path::new(path).is_dir() {
        return Err(format!("{path:?} is a directory, and a rule for it would allow all below it"));
    }
    if is_of_settings(Path::new(path)) || is_of_settings(&real(Path::new(path))) {
        return Err(format!("{path:?} belongs to settings that say what agents may do"));
    }
    Ok(path)
}

/// True if a part of the path has the name of settings. On some systems such a name is the same in capital letters.
fn is_of_settings(path: &Path) -> bool {
    let is_settings = |part: &str| SETTINGS.iter().any(|name| part.eq_ignore_ascii_case(name));
    path.iter().any(|part| is_settings(&part.to_string_lossy()))
}

/// Where a path leads, as far as that is there already.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    let rest = |part: &Path| path.strip_prefix(part).map(Path::to_owned).unwrap_or_default();
    there.map_or_else(|| path.to_owned(), |(part, real)| real.join(rest(part)))
}

/// The host of an address, as the client asks for it: in small letters, without the dot at its end.
fn host(url: &str) -> Result<String, String> {
    let none = || format!("{url:?} is no address with a host");
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or_else(none)?;
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_name = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    if host.split('.').all(is_name) { Ok(host.to_ascii_lowercase()) } else { Err(none()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_means_the_call_and_as_little_else_as_it_can() {
        let of = |tool: &str, input: Value| rule(tool, &input).unwrap();
        assert_eq!(
            of("Bash", json!({"command": "touch 'x (y)'", "description": "d"})),
            "Bash(touch 'x (y)')"
        );
        assert_eq!(of("Write", json!({"file_path": "/p/a(b).txt", "content": "x"})), "Edit(//p/a(b).txt)");
        assert_eq!(of("NotebookEdit", json!({"notebook_path": "/p/n.ipynb"})), "Edit(//p/n.ipynb)");
        assert_eq!(of("Read", json!({"file_path": "/etc/hosts"})), "Read(//etc/hosts)");
        assert_eq!(
            of("WebFetch", json!({"url": "https://a.example:8080/x?y"})),
            "WebFetch(domain:a.example)"
        );
        assert_eq!(of("WebFetch", json!({"url": "https://GOOD.com./"})), "WebFetch(domain:good.com)");
    }

    #[test]
    fn a_path_is_that_of_one_file_and_of_no_settings() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let text = |name: &str| root.join(name).to_str().unwrap().to_owned();
        for name in ["deep", ".claude"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        std::fs::write(root.join("file"), "").unwrap();
        for (link, to) in [("to_deep", "deep"), ("to_settings", ".claude")] {
            std::os::unix::fs::symlink(to, root.join(link)).unwrap();
        }
        let of = |tool: &str, path: &str| rule(tool, &json!({ "file_path": path }));
        for name in ["file", "new", "deep/new", "not/there/yet", "claude", ".claude_x"] {
            assert_eq!(of("Edit", &text(name)).unwrap(), format!("Edit(/{})", text(name)));
        }
        let paths = ["/", "//", "/tmp", "/p/x/", "/p//x", "/p/./x", "/p/../x", "/p/..", "/p/x ", "/p/x\n"];
        let settings =
            ["/p/.claude/settings.json", "/p/.CLAUDE/a", "/p/.aiwg/daemon.json", "/p/.aiwg", "/p/.mcp.json"];
        let linked = ["deep", "to_deep", ".claude", "to_settings", "to_settings/new/x.json"].map(text);
        for path in paths.iter().chain(&settings).copied().chain(linked.iter().map(String::as_str)) {
            for tool in ["Edit", "Write", "MultiEdit", "Read"] {
                assert!(of(tool, path).is_err(), "{tool} {path}");
            }
        }
    }

    #[test]
    fn what_would_mean_more_has_none() {
        for (tool, input) in [
            ("Bash", json!({"command": "rm *"})),
            ("Bash", json!({"command": " ls"})),
            ("Bash", json!({"command": "x".repeat(LONGEST)})),
            ("Bash", json!({})),
            ("Write", json!({"file_path": "/p/[x].txt"})),
            ("Write", json!({"file_path": "x.txt"})),
            ("WebFetch", json!({"url": "https://a@b.example/"})),
            ("WebFetch", json!({"url": "https://*.example/"})),
            ("WebFetch", json!({"url": "file:///etc/passwd"})),
            ("WebFetch", json!({"url": "https://a..example/"})),
            ("WebFetch", json!({"url": "https://./"})),
            ("mcp__server__tool", json!({})),
        ] {
            assert!(rule(tool, &input).is_err(), "{tool} {input}");
        }
    }
}
