use std::{ffi::OsString, path::Path, process::ExitCode};

use crate::{commands::ServiceArgs, error::CliError, output::verbatim, project::to_start};

/// Content of a unit.
struct Unit {
    program: String,
    project: String,
    /// The configuration in place of the usual one.
    config: Option<String>,
    /// A service manager's own is short, and agents are to find what they find in this shell.
    path: Option<String>,
}

/// Prints a unit that runs this project's daemon.
pub(crate) fn service(project: Option<&Path>, args: &ServiceArgs) -> Result<ExitCode, CliError> {
    let absolute = |path: &Path| one_line(std::path::absolute(path)?.into_os_string());
    let unit = Unit {
        program: one_line(std::env::current_exe()?.into_os_string())?,
        project: absolute(&to_start(project)?)?,
        config: args.config.as_deref().map(absolute).transpose()?,
        path: std::env::var_os("PATH").filter(|path| !path.is_empty()).map(one_line).transpose()?,
    };
    let text = if args.launchd { launchd(&unit) } else { systemd(&unit) };
    verbatim(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The text, if it can stand in a unit: a line in it that nobody has meant would be acted upon.
fn one_line(text: OsString) -> Result<String, CliError> {
    match text.into_string() {
        Ok(text) if !text.contains(char::is_control) => Ok(text),
        Ok(text) => {
            Err(CliError::Failed(format!("no unit can name {text:?}: there is a control character in it")))
        }
        Err(text) => Err(CliError::Failed(format!("no unit can name {text:?}: it is not UTF-8"))),
    }
}

fn systemd(unit: &Unit) -> String {
    let (program, quoted) = (command_word(&unit.program), command_word(&unit.project));
    let project = unspecified(&unit.project);
    let config =
        unit.config.as_ref().map_or_else(String::new, |file| format!(" --config {}", command_word(file)));
    let path = unit.path.as_ref().map_or_else(String::new, |path| {
        let path = unit_string(&format!("PATH={path}"));
        format!("# As it was where this was printed: agents are looked up in it.\nEnvironment={path}\n")
    });
    // A backslash at the end of a line would take the next one in.
    let directory = if project.ends_with('\\') { format!("{project}/") } else { project.clone() };
    format!(
        "# {project}: save as ~/.config/systemd/user/aiwg-NAME.service, then\n\
         #   systemctl --user daemon-reload && systemctl --user enable --now aiwg-NAME\n\
         #   loginctl enable-linger   # to have it run without anyone logged in\n\
         [Unit]\n\
         Description=aiwg daemon ({project})\n\
         After=network.target\n\
         \n\
         [Service]\n\
         Type=notify\n\
         ExecStart={program} daemon start --foreground --project {quoted}{config}\n\
         # Fails where the changed configuration is refused.\n\
         ExecReload={program} daemon reload --project {quoted}\n\
         # A daemon that does not answer for so long is started again.\n\
         WatchdogSec=60\n\
         WorkingDirectory={directory}\n\
         {path}\
         # The daemon ends its agents itself. Where it is killed they go on, and the next one finds them.\n\
         KillMode=process\n\
         # An agent that runs out of memory is its task's end, and not the daemon's.\n\
         OOMPolicy=continue\n\
         TimeoutStopSec=45\n\
         Restart=on-failure\n\
         RestartSec=10\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n"
    )
}

/// A word of a command line: there, `$` begins a variable.
fn command_word(text: &str) -> String {
    if text.contains([' ', '\t', '"', '\'', '\\', '$', ';']) {
        unit_string(&text.replace('$', "$$"))
    } else {
        unspecified(text)
    }
}

/// As systemd.syntax(7) quotes.
fn unit_string(text: &str) -> String {
    format!("\"{}\"", unspecified(text).replace('\\', "\\\\").replace('"', "\\\""))
}

/// `%` begins a specifier, see systemd.unit(5).
fn unspecified(text: &str) -> String {
    text.replace('%', "%%")
}

fn launchd(unit: &Unit) -> String {
    let label = label(&unit.project);
    let [program, project] = [&unit.program, &unit.project].map(|text| xml(text));
    let more = unit.config.as_ref().map_or_else(String::new, |file| {
        format!("\n        <string>--config</string>\n        <string>{}</string>", xml(file))
    });
    let environment = unit.path.as_ref().map_or_else(String::new, |path| {
        let path = xml(path);
        format!(
            "    <key>EnvironmentVariables</key>\n    <dict>\n        <key>PATH</key>\n        <string>{path}</string>\n    </dict>\n"
        )
    });
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- Save as ~/Library/LaunchAgents/{label}.plist; start the daemon once by hand, which makes the directory for its output; then:
     launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/{label}.plist -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>Label</key>
    <string>{label}</string>
    <key>ProgramArguments</key>
    <array>
        <string>{program}</string>
        <string>daemon</string>
        <string>start</string>
        <string>--foreground</string>
        <string>--project</string>
        <string>{project}</string>{more}
    </array>
    <key>WorkingDirectory</key>
    <string>{project}</string>
{environment}    <key>StandardOutPath</key>
    <string>{project}/.aiwg/daemon/stdout.log</string>
    <key>StandardErrorPath</key>
    <string>{project}/.aiwg/daemon/stderr.log</string>
    <key>RunAtLoad</key>
    <true/>
    <key>KeepAlive</key>
    <dict>
        <key>SuccessfulExit</key>
        <false/>
    </dict>
    <key>ExitTimeOut</key>
    <integer>45</integer>
</dict>
</plist>
"#
    )
}

/// One for each project: launchd runs a label once.
fn label(path: &str) -> String {
    let part = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let parts = path.split('/').filter(|part| !part.is_empty());
    let parts = parts.map(|name| name.chars().map(part).collect::<String>());
    ["io.aiwg.daemon".to_owned()].into_iter().chain(parts).collect::<Vec<_>>().join(".")
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(project: &str) -> Unit {
        let path = Some("/bin".to_owned());
        Unit { program: "/usr/bin/aiwg".to_owned(), project: project.to_owned(), config: None, path }
    }

    #[test]
    fn odd_paths_are_quoted() {
        assert_eq!(command_word("/usr/bin/aiwg"), "/usr/bin/aiwg");
        assert_eq!(command_word("/my projects/100%"), "\"/my projects/100%%\"");
        assert_eq!(command_word("/a\"$b"), "\"/a\\\"$$b\"");
        assert_eq!(unit_string("PATH=/a\\b:/$c"), "\"PATH=/a\\\\b:/$c\"");
        assert_eq!(xml("/a&b<c>"), "/a&amp;b&lt;c&gt;");
        assert_eq!(label("/Users/me/my--app"), "io.aiwg.daemon.Users.me.my__app");
    }

    #[test]
    fn no_path_becomes_a_line_of_its_own_or_takes_the_next_one_in() {
        assert!(one_line("/a\nExecStartPre=/bin/evil".into()).is_err());
        let text = systemd(&unit("/odd\\"));
        assert!(!text.lines().any(|line| line.ends_with('\\')), "{text}");
        assert!(text.contains("WorkingDirectory=/odd\\/\n"), "{text}");
    }

    #[test]
    fn it_says_what_is_there_to_say_and_nothing_else() {
        let without = Unit { path: None, ..unit("/p") };
        assert!(!systemd(&without).contains("Environment") && !launchd(&without).contains("Environment"));
        let profile = Unit { config: Some("/p/my profile.json".to_owned()), ..unit("/p") };
        assert!(systemd(&profile).contains("--project /p --config \"/p/my profile.json\"\n"));
        assert!(
            launchd(&profile)
                .contains("<string>--config</string>\n        <string>/p/my profile.json</string>")
        );
        let text = systemd(&unit("/p"));
        assert!(
            text.contains("KillMode=process\n")
                && text.contains("ExecReload=/usr/bin/aiwg daemon reload --project /p\n")
        );
        assert!(launchd(&unit("/p")).contains("<string>/p/.aiwg/daemon/stderr.log</string>"));
    }
}
