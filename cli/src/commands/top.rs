//! `aiwg top`: what goes on, live, in the terminal.

use std::{io::Write, path::Path, process::ExitCode, sync::Arc};

use aiwg_client::Options;
use aiwg_schedule::time_zone;
use aiwg_server::lifecycle::projects_with_daemon;
use aiwg_top::{Projects, Reader};
use clap::Args;
use jiff::tz::TimeZone;

use super::output_printer::OutputPrinter;
use crate::{
    error::CliError,
    output::{Output, Page, end_with_the_reader, is_colored, is_terminal, note, shows_utf8},
    project::{Viewed, request_timeout, to_view},
};

/// The terminals on which nothing can be moved.
const DUMB: &str = "dumb";

/// The arguments of `aiwg top`.
#[derive(Debug, Clone, Args)]
pub(crate) struct TopArgs {
    /// Show the daemons of all your projects
    #[arg(long)]
    all: bool,

    /// Say in sentences what changes, one line each: for a screen reader, or a pipe
    #[arg(long)]
    plain: bool,
}

/// Shows it until the person leaves.
pub(crate) fn run(named: Option<&Path>, args: &TopArgs, output: &Output) -> Result<ExitCode, CliError> {
    if output.json {
        return Err(CliError::Usage(
            "`aiwg top` is for eyes and ears: `aiwg event watch --json` gives what happens as JSON"
                .to_owned(),
        ));
    }
    let options = aiwg_top::Options {
        projects: projects(named, args.all)?,
        zone: time_zone(None).unwrap_or(TimeZone::UTC),
        is_utf8: shows_utf8(),
        is_colored: is_colored(),
        timeout: request_timeout(),
        reader: || Box::new(Said::new()),
    };
    if args.plain || !has_screen() {
        end_with_the_reader();
        aiwg_top::tell(options, |line| {
            let mut page = Page::stdout();
            writeln!(page, "{line}")?;
            page.flush()
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(aiwg_top::show(options)?))
}

/// True if there is a screen to draw on; else it says what comes instead.
fn has_screen() -> bool {
    let why = if !is_terminal() {
        "Standard output is no terminal"
    } else if std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == DUMB) {
        "This terminal cannot be drawn on (TERM)"
    } else {
        return true;
    };
    note(&format!("{why}: what changes follows in sentences, as with --plain."));
    false
}

fn projects(named: Option<&Path>, is_all: bool) -> Result<Projects, CliError> {
    Ok(match to_view(named, is_all)? {
        Viewed::All => Projects::All(Arc::new(projects_with_daemon)),
        Viewed::One { path, options } => {
            // Of one that only a socket leads to, the daemon says the name.
            let name = path.as_deref().and_then(Path::file_name).unwrap_or_default();
            let name = name.to_string_lossy().into_owned();
            Projects::One { name, options: Options { retry: false, ..options } }
        }
    })
}

/// What an agent says, of all that it writes.
struct Said(OutputPrinter<Vec<u8>>);

impl Said {
    fn new() -> Self {
        Self(OutputPrinter::to(Vec::new()))
    }

    fn take(&mut self) -> String {
        String::from_utf8_lossy(&self.0.take()).into_owned()
    }
}

// Memory takes all there is.
impl Reader for Said {
    fn read(&mut self, output: &str) -> String {
        let _ = self.0.write(output.as_bytes());
        self.take()
    }

    fn end(&mut self) -> String {
        let _ = self.0.finish();
        self.take()
    }

    fn begin_anew(&mut self) {
        *self = Self::new();
    }
}
