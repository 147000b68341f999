use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use clap::{Command, CommandFactory};
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};

use crate::{args::Args, error::CliError};

/// Writes a manual page for each command into a directory.
pub(crate) fn man(dir: &Path) -> Result<ExitCode, CliError> {
    std::fs::create_dir_all(dir).map_err(CliError::at(dir))?;
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    write_pages(command, dir).map_err(CliError::at(dir))?;
    writeln!(io::stdout(), "The manual pages are in {0}. Next: man -l {0}/aiwg.1", dir.display())?;
    Ok(ExitCode::SUCCESS)
}

fn write_pages(command: Command, dir: &Path) -> io::Result<()> {
    command.get_subcommands().cloned().try_for_each(|below| write_pages(below, dir))?;
    let after = command.get_after_help().map(ToString::to_string);
    let page = Man::new(command.after_help(None::<&str>))
        .source(concat!("aiwg ", env!("CARGO_PKG_VERSION")))
        .manual("aiwg manual");
    let mut file = File::create(dir.join(page.get_filename()))?;
    page.render(&mut file)?;
    after.map_or(Ok(()), |text| last_section(&text).to_writer(&mut file))
}

/// What help shows last, under the heading that manual pages have for it (man-pages(7)), each line as it is.
fn last_section(text: &str) -> Roff {
    let examples = text.strip_prefix("Examples:\n").or_else(|| text.strip_prefix("Example:\n"));
    let (heading, text) = examples.map_or(("EXIT STATUS", text), |lines| ("EXAMPLES", lines));
    let mut section = Roff::new();
    section.control("SH", [heading]).control("nf", []);
    for line in text.lines() {
        section.text([roman(line.trim_start())]);
    }
    section.control("fi", []);
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_page_for_each_command_with_its_examples_as_they_are_typed() {
        let dir = tempfile::tempdir().unwrap();
        man(dir.path()).unwrap();
        let page = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(
            page("aiwg.1").contains(".SH \"EXIT STATUS\"\n.nf\nExit codes: 0 done"),
            "{}",
            page("aiwg.1")
        );
        let submit = page("aiwg-task-submit.1");
        assert!(
            submit.contains(".SH EXAMPLES\n.nf\naiwg task submit \"Fix critical security bug\""),
            "{submit}"
        );
        assert!(submit.contains("\"aiwg 0."), "{submit}");
    }
}
