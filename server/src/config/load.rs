//! Reads and checks the text of a configuration.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use aiwg_protocol::{config::Config, schema::config_schema, types::ConfigProblem};
use hmac_sha256::Hash;
use jsonc_parser::{CollectOptions, ParseOptions, ast, common::Ranged, parse_to_ast};
use serde_json::Value;

use super::{
    check::Checks,
    error::ConfigError,
    report::{Report, Source},
    topics::{self, Schemas, Topics},
    trusted::read_trusted,
    validate::validate,
};
use crate::project::Project;

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
    /// Its content.
    pub config: Config,
    /// The file; none when there is none and the defaults hold.
    pub path: Option<PathBuf>,
    /// The file's text, with the topics of its files in it; none when there is none.
    pub text: Option<String>,
    /// Settings without effect, for people.
    pub notices: Vec<String>,
    /// The schemas of the declared topics.
    pub(super) schemas: Arc<Schemas>,
}

impl Loaded {
    /// The digest of the text, in hexadecimal figures: SHA-256.
    pub(crate) fn digest(&self) -> String {
        let digest = Hash::hash(self.text.as_deref().unwrap_or_default().as_bytes());
        digest.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
}

/// Reads a project's file. Where `required` is false and there is none, the defaults hold.
///
/// # Errors
/// It cannot be read, or is wrong.
pub(crate) fn load(
    project: &Path,
    path: &Path,
    required: bool,
    checks: Checks,
) -> Result<Loaded, ConfigError> {
    let text = match read_trusted(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => {
            return Ok(Loaded::default());
        }
        Err(source) => return Err(ConfigError::Unreadable { path: path.to_owned(), source }),
    };
    parse(project, &path.display().to_string(), &text, checks).map(|parsed| parsed.loaded(path, text))
}

/// Reads a project's configuration: the file that was named, which then must exist, or the usual one.
///
/// # Errors
/// It cannot be read, or is wrong.
pub(crate) fn load_for(
    project: &Project,
    named: Option<&Path>,
    checks: Checks,
) -> Result<Loaded, ConfigError> {
    match named {
        Some(path) => load(project.root(), path, true, checks),
        None => load(project.root(), &project.config(), false, checks),
    }
}

/// The text of a configuration, read.
pub(crate) struct Parsed {
    /// Its content.
    pub(crate) config: Config,
    /// Settings without effect, for people.
    pub(crate) notices: Vec<String>,
    topics: Topics,
}

impl Parsed {
    /// The configuration of this file, which has this text.
    pub(super) fn loaded(self, path: &Path, text: String) -> Loaded {
        let Self { config, notices, topics: Topics { expanded, schemas } } = self;
        Loaded {
            config,
            path: Some(path.to_owned()),
            notices,
            text: Some(expanded.unwrap_or(text)),
            schemas: Arc::new(schemas),
        }
    }
}

/// Reads the text of a project's configuration: JSON, with comments and trailing commas allowed. Files of topics that it names are read as well.
///
/// # Errors
/// It is wrong: all its problems.
pub(crate) fn parse(project: &Path, file: &str, text: &str, checks: Checks) -> Result<Parsed, ConfigError> {
    // Some editors begin a file with the mark of UTF-8.
    let source = Source { file, text: text.strip_prefix('\u{feff}').unwrap_or(text) };
    let tree =
        tree_of(source, "the defaults").map_err(|problem| ConfigError::Wrong { problems: vec![problem] })?;
    let mut report = Report::new(source, &tree);
    let (schema, mut topics) = (config_schema(), Topics::default());
    let config = validate(&schema, &tree, &mut report).and_then(|usable| {
        let mut config = read(&usable, &mut report)?;
        topics = topics::read(project, (&schema, source), &tree, &mut config, &mut report);
        checks.check(project, &usable, &config, &mut report);
        Some(config)
    });
    match config {
        Some(config) if report.is_empty() => {
            let notices = checks.notices(project, &config);
            Ok(Parsed { config, notices, topics })
        }
        _ => Err(ConfigError::Wrong { problems: report.finish() }),
    }
}

/// Takes a text apart. `nothing` is what `{}` stands for in it.
///
/// # Errors
/// It is not JSON, or empty.
pub(super) fn tree_of<'a>(source: Source<'a>, nothing: &str) -> Result<ast::Value<'a>, ConfigProblem> {
    let parsed = parse_to_ast(source.text, &CollectOptions::default(), &STRICT).map_err(|error| {
        source.problem(error.range().start, format!("this is not JSON: {}", error.kind()))
    })?;
    parsed.value.ok_or_else(|| source.problem(0, format!("the file is empty; {{}} stands for {nothing}")))
}

/// Reads the members that the schema has accepted into the types.
fn read(tree: &ast::Value<'_>, report: &mut Report<'_>) -> Option<Config> {
    // The types are not known to refuse a value that the schema allows; if they do, their own message is reported.
    let refused = |error: serde_json::Error| report.wrong(tree.start(), error.to_string());
    serde_json::from_value(Value::from(tree.clone())).map_err(refused).ok()
}
