//! `aiwg topic`: the topics that events may have.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{NoParams, TopicInfo, TopicSource},
};
use clap::Subcommand;

use crate::{
    error::CliError,
    examples,
    output::{
        Column::{Text, Whole},
        Output, Page, Table,
    },
};

/// Commands for topics.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TopicCommand {
    /// List the topics that the configuration declares, and the daemon's own; with --json their schemas
    #[command(after_help = examples::TOPIC_LIST, alias = "ls")]
    List,
}

pub(crate) async fn run(
    client: &DaemonClient,
    command: TopicCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let TopicCommand::List = command;
    output.result(&client.topic_list(NoParams {}).await?, |out, topics| show(out, topics))?;
    Ok(ExitCode::SUCCESS)
}

fn show(out: &mut Page, topics: &[TopicInfo]) -> io::Result<()> {
    let mut rows = Table::new([Whole("TOPIC"), Whole("FROM"), Text("DESCRIPTION", usize::MAX)]);
    for topic in topics {
        rows.add([
            topic.name.as_str().into(),
            topic.source.name().into(),
            topic.description.as_deref().unwrap_or_default().into(),
        ]);
    }
    rows.write(out)?;
    if !topics.iter().any(|topic| topic.source == TopicSource::Project) {
        writeln!(out, "\nThe project declares none: \"topics\" in .aiwg/daemon.json does.")?;
    }
    Ok(())
}
