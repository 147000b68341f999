//! Typed events: types for the topics that the project declares, in the languages of the clients.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use aiwg_bindings::{DeclaredTopic, DeclaredTopics, Language, events};
use aiwg_protocol::{CONFIG_PATH, config::Config};
use aiwg_server::boot::load_config;
use clap::{Args, ValueEnum, ValueHint};
use serde::Serialize;

use crate::{
    error::CliError,
    output::{Output, Page, visible},
    project::to_start,
};

/// What can be typed after `generate`.
#[derive(Debug, Clone, Args)]
pub(crate) struct GenerateArgs {
    /// The language
    #[arg(value_enum)]
    language: Word,
    /// The directory to write to; the project's own unless given
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
    /// Write nothing; list the files that differ from what would be written, and fail if there are any
    #[arg(long)]
    check: bool,
}

/// A language, as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Word {
    /// TypeScript: aiwg-events.d.ts, for the npm package aiwg
    Ts,
    /// Python: aiwg_events.py, for the package aiwg
    Python,
    /// Rust: aiwg_events.rs, for the crate aiwg-client
    Rust,
}

impl From<Word> for Language {
    fn from(word: Word) -> Self {
        match word {
            Word::Ts => Self::TypeScript,
            Word::Python => Self::Python,
            Word::Rust => Self::Rust,
        }
    }
}

/// Output of `--json`.
#[derive(Serialize)]
struct Generated {
    /// The file.
    file: PathBuf,
    /// The relation of the file to the configuration.
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It was what it is to be.
    Current,
    /// It was written.
    Written,
    /// With `--check`: its text is another one.
    Stale,
    /// With `--check`: there is none.
    Missing,
}

/// Works without a daemon.
pub(crate) fn run(
    project: Option<&Path>,
    args: &GenerateArgs,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let project = to_start(project)?;
    let language = Language::from(args.language);
    let text = events(language, &declared(&project)?).map_err(|error| CliError::Failed(error.to_string()))?;
    let directory = args.out.clone().unwrap_or(project);
    let file = directory.join(language.file());
    let state = match (present(&file, args.check)?, args.check) {
        (Some(before), _) if before == text => State::Current,
        (before, true) => before.map_or(State::Missing, |_| State::Stale),
        (_, false) => {
            write(&directory, &file, &text)?;
            State::Written
        }
    };
    let out = args.out.as_ref().map(|out| format!(" --out {}", out.display())).unwrap_or_default();
    let command = format!("aiwg generate {}{out}", language.name());
    output.result(&Generated { file, state }, |out, generated| show(out, generated, &command))?;
    let is_good = matches!(state, State::Current | State::Written);
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The topics that the project's configuration declares.
fn declared(project: &Path) -> Result<DeclaredTopics, CliError> {
    let file = project.join(CONFIG_PATH);
    let loaded = load_config(project, &file, false).map_err(|error| {
        let problems: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
        CliError::Failed(format!("the configuration is wrong:\n{}", problems.join("\n")))
    })?;
    let topics = topics(&loaded.config);
    if topics.is_empty() && !file.exists() {
        return Err(CliError::Failed(format!(
            "there is no {}, so no topics are declared and there is nothing to generate; `aiwg init` makes one, and --project names \
             another project",
            file.display()
        )));
    }
    if topics.is_empty() {
        return Err(CliError::Failed(format!(
            "{} declares no topics: there is nothing to generate; write, as an example, \
             \"topics\": {{\"deployment:complete\": {{\"payload\": {{\"type\": \"object\"}}}}}}",
            file.display()
        )));
    }
    Ok(DeclaredTopics { topics, strict: loaded.config.strict_topics })
}

fn topics(config: &Config) -> Vec<DeclaredTopic> {
    let topics = config.declared_topics().map(|topic| DeclaredTopic {
        name: topic.name.to_owned(),
        description: topic.description.map(str::to_owned),
        payload: topic.payload.clone(),
    });
    topics.collect()
}

/// The text of the file that is there. One that somebody has written by hand is not to be lost.
fn present(file: &Path, is_check: bool) -> Result<Option<String>, CliError> {
    let text = match fs::read(file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(CliError::at(file)(error)),
    };
    if !is_check && !text.trim().is_empty() && !Language::is_generated(&text) {
        return Err(CliError::Failed(format!(
            "{}: its first line does not say that it was generated, so it is left as it is; move it away, or name another \
             directory with --out",
            file.display()
        )));
    }
    Ok(Some(text))
}

fn write(directory: &Path, file: &Path, text: &str) -> Result<(), CliError> {
    fs::create_dir_all(directory).map_err(CliError::at(directory))?;
    // In one step: what watches the file reads it whole. A link stays one.
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let temporary = file.with_added_extension(format!("tmp-{}", std::process::id()));
    let written = fs::write(&temporary, text).and_then(|()| fs::rename(&temporary, &file));
    written.map_err(|error| {
        // It may not be there; the error says what is wrong.
        let _ = fs::remove_file(&temporary);
        CliError::at(&file)(error)
    })
}

fn show(out: &mut Page, generated: &Generated, command: &str) -> io::Result<()> {
    let file = generated.file.display().to_string();
    let file = visible(&file);
    match generated.state {
        State::Current => writeln!(out, "{file} is up to date."),
        State::Written => writeln!(out, "{file} is written."),
        State::Missing => writeln!(out, "missing  {file}"),
        State::Stale => writeln!(out, "stale    {file}"),
    }?;
    if matches!(generated.state, State::Missing | State::Stale) {
        writeln!(out, "`{}` writes it.", visible(command))?;
    }
    Ok(())
}
