//! The rules of `claude` that allow such calls as this one for good.

use serde_json::Value;

/// Longest rule that is made, in bytes: nobody reads more.
const LONGEST: usize = 4096;

/// Characters that a path in a rule may not have: they stand for others there.
const GLOB: [char; 8] = ['*', '?', '[', ']', '{', '}', '!', '\\'];

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

fn path(path: &str) -> Result<&str, String> {
    if !path.starts_with('/') {
        return Err(format!("{path:?} is no absolute path"));
    }
    match path.chars().find(|character| GLOB.contains(character)) {
        Some(glob) => Err(format!("its path has a {glob}, which stands for something else in a rule")),
        None => Ok(path),
    }
}

fn host(url: &str) -> Result<&str, String> {
    let none = || format!("{url:?} is no address with a host");
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or_else(none)?;
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let is_host =
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    if is_host { Ok(host) } else { Err(none()) }
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
            ("mcp__server__tool", json!({})),
        ] {
            assert!(rule(tool, &input).is_err(), "{tool} {input}");
        }
    }
}
