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
    let unit = if args.launchd { launchd(&program, &project) } else { systemd(&program, &project) };
    io::stdout().lock().write_all(unit.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn systemd(program: &Path, project: &Path) -> String {
    let (program, quoted, project) = (unit_word(program), unit_word(project), project.display());
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

/// As systemd.syntax(7) quotes a word. `%` begins a specifier.
fn unit_word(path: &Path) -> String {
    let text = path.display().to_string().replace('%', "%%").replace('\\', "\\\\").replace('"', "\\\"");
    if text.contains([' ', '\t', '"', '\'', '\\', '$', ';']) {
        format!("\"{}\"", text.replace('$', "$$"))
    } else {
        text
    }
}

fn launchd(program: &Path, project: &Path) -> String {
    let (program, project) = (xml(program), xml(project));
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- Save as ~/Library/LaunchAgents/io.aiwg.daemon.plist, then: launchctl load ~/Library/LaunchAgents/io.aiwg.daemon.plist -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>Label</key>
    <string>io.aiwg.daemon</string>
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
    <key>RunAtLoad</key>
    <true/>
    <key>KeepAlive</key>
    <true/>
    <key>ExitTimeOut</key>
    <integer>45</integer>
</dict>
</plist>
"#
    )
}

fn xml(path: &Path) -> String {
    path.display().to_string().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_are_quoted() {
        assert_eq!(unit_word(Path::new("/usr/bin/aiwg")), "/usr/bin/aiwg");
        assert_eq!(unit_word(Path::new("/my projects/100%")), "\"/my projects/100%%\"");
        assert_eq!(unit_word(Path::new("/a\"$b")), "\"/a\\\"$$b\"");
        assert_eq!(xml(Path::new("/a&b<c>")), "/a&amp;b&lt;c&gt;");
    }
}
