//! From the file's text to a checked configuration.

use std::path::{Path, PathBuf};

use aiwg_protocol::config::{Config, Trigger};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value;

use super::{
    check::check,
    error::{ConfigError, Problem},
    locate::{Source, locate},
};
use crate::{files::read_trusted, project::Project};

/// JSON with comments and trailing commas: nothing looser, so that the file can be read by others too.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// A configuration and where it came from.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// What it says.
    pub config: Config,
    /// The file; none when there is none and the defaults hold.
    pub path: Option<PathBuf>,
    /// What it asks for that is not acted upon, for people.
    pub notices: Vec<String>,
}

/// Reads the file. Where `required` is false and there is none, the defaults hold.
///
/// # Errors
/// It cannot be read, or is wrong.
pub fn load(path: &Path, required: bool) -> Result<Loaded, ConfigError> {
    let text = match read_trusted(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => {
            return Ok(Loaded::default());
        }
        Err(source) => return Err(ConfigError::Unreadable { path: path.to_owned(), source }),
    };
    let (config, notices) = parse(&path.display().to_string(), &text)?;
    Ok(Loaded { config, path: Some(path.to_owned()), notices })
}

/// Reads a project's configuration: the file that was named, which then must exist, or the usual one.
///
/// # Errors
/// It cannot be read, or is wrong.
pub(crate) fn load_for(project: &Project, named: Option<&Path>) -> Result<Loaded, ConfigError> {
    match named {
        Some(path) => load(path, true),
        None => load(&project.config(), false),
    }
}

/// Reads a text: JSON, with comments and trailing commas allowed. Gives the configuration, and what it asks for that is not
/// acted upon.
///
/// # Errors
/// It is wrong.
pub fn parse(file: &str, text: &str) -> Result<(Config, Vec<String>), ConfigError> {
    let source = Source { file, text };
    let wrong = |problem: Problem| ConfigError::Wrong { problems: vec![problem] };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT).map_err(|error| {
        wrong(source.problem(error.range().start, format!("this is not JSON: {}", error.kind())))
    })?;
    let Some(tree) = parsed.value else {
        return Err(wrong(source.problem(0, "the file is empty; {} stands for the defaults".to_owned())));
    };
    let value = Value::from(tree.clone());
    let config: Config = serde_path_to_error::deserialize(&value)
        .map_err(|error| wrong(locate(&source, &tree, &value, error)))?;
    let problems = check(&source, &tree, &config);
    if !problems.is_empty() {
        return Err(ConfigError::Wrong { problems });
    }
    let notices = notices(&config);
    Ok((config, notices))
}

fn notices(config: &Config) -> Vec<String> {
    let mut notices = Vec::new();
    if config.webhook.is_some() {
        notices.push("the section \"webhook\" is accepted but not used".to_owned());
    }
    let rules = |waits: fn(&Trigger) -> bool| {
        let waiting =
            config.rules.iter().filter(|rule| waits(&rule.trigger)).map(|rule| format!("{:?}", rule.id));
        waiting.collect::<Vec<_>>().join(", ")
    };
    let (files, schedules) = (
        rules(|trigger| matches!(trigger, Trigger::FileChange { .. })),
        rules(|trigger| matches!(trigger, Trigger::Schedule { .. })),
    );
    if !config.watches_files() && !files.is_empty() {
        notices.push(format!(
            "watch.enabled is false, so these rules wait in vain for files to change: {files}"
        ));
    }
    if !config.fires_rules() && !schedules.is_empty() {
        notices.push(format!(
            "schedule.enabled is false, so the schedules of these rules do not fire: {schedules}"
        ));
    }
    if config.schedule.enabled.is_none() && !config.schedule.jobs.is_empty() {
        notices.push("schedule.enabled is not true, so the jobs of schedule.jobs do not fire".to_owned());
    }
    notices
}
