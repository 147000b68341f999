use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use clap::{Arg, ArgAction, Command};
use clap_mangen::{
    Man,
    roff::{Inline, Roff, bold, italic, roman},
};

use crate::{
    build,
    error::CliError,
    examples::{ENVIRONMENT, EXIT_CODES, Entry, FILES},
    output::{Page, visible},
};

/// Writes a manual page for the command and for each of its commands into a directory.
pub(crate) fn man(dir: &Path, command: Command) -> Result<ExitCode, CliError> {
    std::fs::create_dir_all(dir).map_err(CliError::at(dir))?;
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let pages: Vec<_> = command.get_subcommands().map(page_name).collect();
    write_pages(&command, &pages, dir).map_err(CliError::at(dir))?;
    let shown = dir.display().to_string();
    writeln!(Page::stdout(), "The manual pages are in {0}. Next: man -l {0}/aiwg.1", visible(&shown))?;
    Ok(ExitCode::SUCCESS)
}

/// Of a command and of all below it; `related` are the pages that it refers to.
fn write_pages(command: &Command, related: &[String], dir: &Path) -> io::Result<()> {
    let own = page_name(command);
    let siblings: Vec<_> = command.get_subcommands().map(page_name).collect();
    for below in command.get_subcommands() {
        let name = page_name(below);
        let others = siblings.iter().filter(|sibling| **sibling != name).cloned();
        let beneath = below.get_subcommands().map(page_name);
        let related: Vec<_> = [own.clone()].into_iter().chain(beneath).chain(others).collect();
        write_pages(below, &related, dir)?;
    }
    let examples = command.get_after_help().map(ToString::to_string);
    let page = Man::new(command.clone().after_help(None::<&str>))
        // An empty one would not be written, and the next would stand in its place.
        .date(build::COMMIT_DATE.filter(|day| !day.is_empty()).unwrap_or(" "))
        .source(format!("aiwg {}", build::VERSION))
        .manual("aiwg manual");
    let mut file = File::create(dir.join(page.get_filename()))?;
    page.render_title(&mut file)?;
    page.render_name_section(&mut file)?;
    synopsis(command).to_writer(&mut file)?;
    page.render_description_section(&mut file)?;
    page.render_options_section(&mut file)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut file)?;
    }
    last_sections(examples.as_deref(), related).to_writer(&mut file)
}

/// `aiwg-task-submit`, as the file is called.
fn page_name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

/// The line that is typed, with the values of options.
fn synopsis(command: &Command) -> Roff {
    let mut line = vec![bold(command.get_bin_name().unwrap_or_else(|| command.get_name()))];
    let is_shown = |argument: &&Arg| {
        let is_own = !matches!(
            argument.get_action(),
            ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
        );
        is_own && !argument.is_hide_set()
    };
    let (global, own): (Vec<_>, Vec<_>) = command
        .get_arguments()
        .filter(|argument| !argument.is_positional())
        .filter(is_shown)
        .partition(|option| option.is_global_set());
    own.into_iter().chain(global).chain(command.get_positionals()).for_each(|argument| {
        let (begin, end) = if argument.is_required_set() { (" ", "") } else { (" [", "]") };
        line.push(roman(begin));
        line.extend(typed(argument));
        line.push(roman(end));
    });
    if command.has_subcommands() {
        line.extend([roman(" "), italic("COMMAND")]);
    }
    let mut section = Roff::new();
    section.control("SH", ["SYNOPSIS"]).text(line);
    section
}

/// An argument as it is typed.
fn typed(argument: &Arg) -> Vec<Inline> {
    let mut typed = Vec::new();
    if let Some(long) = argument.get_long() {
        typed.push(bold(format!("--{long}")));
    }
    let takes_value = argument.get_action().takes_values();
    if let Some(names) = argument.get_value_names().filter(|_| takes_value) {
        if !typed.is_empty() {
            typed.push(roman(" "));
        }
        typed.push(italic(names.join(" ")));
    }
    if matches!(argument.get_action(), ArgAction::Append) {
        typed.push(roman(" ..."));
    }
    typed
}

/// The sections that come last, as man-pages(7) orders them.
fn last_sections(help: Option<&str>, related: &[String]) -> Roff {
    let mut page = Roff::new();
    entries(&mut page, "EXIT STATUS", &EXIT_CODES);
    entries(&mut page, "ENVIRONMENT", &ENVIRONMENT);
    entries(&mut page, "FILES", &FILES);
    let examples =
        help.and_then(|text| text.strip_prefix("Examples:\n").or_else(|| text.strip_prefix("Example:\n")));
    if let Some(lines) = examples {
        page.control("SH", ["EXAMPLES"]).control("nf", []);
        for line in lines.lines() {
            page.text([roman(line.trim_start())]);
        }
        page.control("fi", []);
    }
    let pages: Vec<_> = related
        .iter()
        .enumerate()
        .flat_map(|(at, page)| [roman(if at == 0 { "" } else { ", " }), bold(page), roman("(1)")])
        .collect();
    page.control("SH", ["SEE ALSO"]).text(pages);
    page
}

fn entries(page: &mut Roff, heading: &str, entries: &[Entry]) {
    page.control("SH", [heading]);
    for (word, meaning) in entries {
        page.control("TP", []).text([bold(*word)]).text([roman(*meaning)]);
    }
}
