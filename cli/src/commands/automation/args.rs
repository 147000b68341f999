//! The command line of automation.

use aiwg_protocol::types::Json;
use clap::{ArgGroup, Args as ClapArgs, Subcommand, ValueHint};

use crate::{examples, values::json};

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum AutomationCommand {
    /// Show the rules and the tasks that they have made lately
    #[command(after_help = examples::AUTOMATION_STATUS, alias = "list")]
    Status,
    /// Enable all automation, or a rule; a tripped rule is reset
    #[command(after_help = examples::ENABLE)]
    Enable {
        /// The rule's id
        #[arg(long, value_name = "ID", value_hint = ValueHint::Other)]
        rule: Option<String>,
    },
    /// Disable all automation, or a rule
    #[command(after_help = examples::DISABLE)]
    Disable {
        /// The rule's id
        #[arg(long, value_name = "ID", value_hint = ValueHint::Other)]
        rule: Option<String>,
    },
    /// Show which rules something would fire, with the prompts; changes nothing
    #[command(after_help = examples::TEST)]
    Test(TestArgs),
}

#[derive(Debug, Clone, ClapArgs)]
#[group(skip)]
#[command(group = ArgGroup::new("what").required(true))]
pub(crate) struct TestArgs {
    /// As if an event of this topic were emitted
    #[arg(long, value_hint = ValueHint::Other, group = "what")]
    pub(crate) topic: Option<String>,
    /// The event's payload
    #[arg(long, value_name = "JSON", value_parser = json, value_hint = ValueHint::Other, requires = "topic")]
    pub(crate) payload: Option<Json>,
    /// As if this file of the project were modified
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, group = "what")]
    pub(crate) file: Option<String>,
    /// As if this schedule job fired
    #[arg(long, value_name = "JOB", value_hint = ValueHint::Other, group = "what")]
    pub(crate) schedule: Option<String>,
}
