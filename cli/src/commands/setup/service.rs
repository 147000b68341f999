use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use crate::{args::ServiceArgs, error::CliError, project::to_start};

/// Prints a unit that runs this project's daemon.
pub(crate) fn service(project: Option<&Path>, args: &ServiceArgs) -> Result<ExitCode, CliError> {
    let project = std::path::absolute(to_start(project)?)?;
    let program = std::env::current_exe()?;
    // A service manager's own is short, and agents are to find what they find in this shell.
    let path = std::env::var("PATH").unwrap_or_default();
    let unit =
        if args.launchd { launchd(&program, &project, &path) } else { systemd(&program, &project, &path) };
    io::stdout().lock().write_all(unit.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn systemd(program: &Path, project: &Path, path: &str) -> String {
    let (program, quoted) = (command_word(program), command_word(project));
    let (project, path) = (unspecified(&project.display().to_string()), unit_string(&format!("PATH={path}")));
    format!(
        "# {project}: save as ~/.config/systemd/user/aiwg-NAME.service, then\n\
         #   systemctl --user daemon-reload && systemctl --user enable --now aiwg-NAME\n\
         #   loginctl enable-linger   # to have it run without anyone logged in\n\
         [Unit]\n\
         Description=aiwg daemon of {project}\n\
         After=network.target\n\
         \n\
         [Service]\n\
         Type=notify\n\
         ExecStart={program} daemon start --foreground --project {quoted}\n\
         ExecReload=/bin/kill -HUP $MAINPID\n\
         # A daemon that does not answer for so long is started again.\n\
         WatchdogSec=60\n\
         WorkingDirectory={project}\n\
         # As it was where this was printed: agents are looked up in it.\n\
         Environment={path}\n\
         # The daemon ends its agents itself, and leaves them alone on a restart of its own.\n\
         KillMode=mixed\n\
         TimeoutStopSec=45\n\
         Restart=on-failure\n\
         RestartSec=10\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n"
    )
}

/// A word of a command line: there, `$` begins a variable.
fn command_word(path: &Path) -> String {
    let text = path.display().to_string();
    if text.contains([' ', '\t', '"', '\'', '\\', '$', ';']) {
        unit_string(&text.replace('$', "$$"))
    } else {
        unspecified(&text)
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

fn launchd(program: &Path, project: &Path, path: &str) -> String {
    let label = label(project);
    let [program, project, path] =
        [&program.display().to_string(), &project.display().to_string(), path].map(xml);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- Save as ~/Library/LaunchAgents/{label}.plist, then:
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
        <string>{project}</string>
    </array>
    <key>WorkingDirectory</key>
    <string>{project}</string>
    <key>EnvironmentVariables</key>
    <dict>
        <key>PATH</key>
        <string>{path}</string>
    </dict>
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
fn label(project: &Path) -> String {
    let path = project.display().to_string();
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

    #[test]
    fn odd_paths_are_quoted() {
        assert_eq!(command_word(Path::new("/usr/bin/aiwg")), "/usr/bin/aiwg");
        assert_eq!(command_word(Path::new("/my projects/100%")), "\"/my projects/100%%\"");
        assert_eq!(command_word(Path::new("/a\"$b")), "\"/a\\\"$$b\"");
        assert_eq!(unit_string("PATH=/a\\b:/$c"), "\"PATH=/a\\\\b:/$c\"");
        assert_eq!(xml("/a&b<c>"), "/a&amp;b&lt;c&gt;");
        assert_eq!(label(Path::new("/Users/me/my--app")), "io.aiwg.daemon.Users.me.my__app");
    }
}
