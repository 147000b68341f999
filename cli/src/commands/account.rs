//! The accounts that agents work with.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{Account, AccountList, AccountResumeParams, AccountResumed, AccountState, NoParams},
};
use clap::{Subcommand, ValueHint};

use crate::{
    error::CliError,
    examples,
    output::{
        Column::{Text, Whole},
        Output, Page, Table, count, moment, visible,
    },
};

/// Characters of an id in a list: enough to name it.
const ID_SHOWN: usize = 8;

/// Commands for accounts.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum AccountCommand {
    /// List the accounts that agents work with: limits, refused logins, what is used up
    #[command(after_help = examples::ACCOUNT_LIST)]
    List,
    /// Lift what holds an account back: a limit, a share that is left to people, a refused login
    #[command(after_help = examples::ACCOUNT_RESUME)]
    Resume {
        /// The account's id, or the beginning of it; else those of this project
        #[arg(value_hint = ValueHint::Other)]
        id: Option<String>,
    },
}

pub(crate) async fn run(
    client: &DaemonClient,
    command: AccountCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        AccountCommand::List => output.result(&client.account_list(NoParams {}).await?, show)?,
        AccountCommand::Resume { id } => {
            let resumed = client.account_resume(AccountResumeParams { account: id }).await?;
            output.result(&resumed, |out, AccountResumed { resumed, tasks }| {
                if !resumed.is_empty() {
                    let accounts = count(resumed.len() as u64, "account", "accounts");
                    writeln!(out, "{accounts} may be worked with again.")?;
                }
                match tasks.len() as u64 {
                    0 if resumed.is_empty() => writeln!(out, "Nothing held it back."),
                    0 => Ok(()),
                    many => {
                        let tasks = count(many, "task", "tasks");
                        writeln!(out, "{tasks} with a login of its own no longer held back.")
                    }
                }
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(out: &mut Page, list: &AccountList) -> io::Result<()> {
    if list.accounts.is_empty() {
        return writeln!(out, "No agents whose limits are known work here.");
    }
    let mut rows = Table::new([
        Whole("ID"),
        Whole("PROGRAM"),
        Text("LOGIN", 40),
        Text("USED UP", 40),
        Text("STATE", 80),
    ]);
    for account in &list.accounts {
        rows.add([
            account.id.chars().take(ID_SHOWN).collect::<String>().into(),
            account.program.as_str().into(),
            login(account).into(),
            used_up(account).into(),
            state(account).into(),
        ]);
    }
    rows.write(out)
}

/// The source of its login.
fn login(account: &Account) -> String {
    let keys = account.login.iter().map(String::as_str);
    let keys: Vec<&str> = keys.filter(|name| !name.starts_with("XDG_") && *name != "HOME").collect();
    if keys.is_empty() { "as you are logged in".to_owned() } else { keys.join(", ") }
}

fn used_up(account: &Account) -> String {
    let window = |window: &aiwg_client::types::AccountWindow| {
        format!("{} {:.0}%", window.name, window.utilization * 100.0)
    };
    let windows: Vec<String> = account.windows.iter().map(window).collect();
    if windows.is_empty() { "-".to_owned() } else { windows.join(", ") }
}

fn state(account: &Account) -> String {
    let window = account.window.as_ref().map(|window| format!(" ({window})")).unwrap_or_default();
    let until = account
        .until
        .map_or_else(|| "until `aiwg account resume`".to_owned(), |until| format!("until {}", moment(until)));
    // Whoever is to resume it wants to know when that is of use.
    let used_up = account.windows.iter().find(|of| Some(&of.name) == account.window.as_ref());
    let resets = used_up.and_then(|of| of.resets_at).filter(|_| account.until.is_none());
    let resets = resets.map(|at| format!("; it resets at {}", moment(at))).unwrap_or_default();
    match account.state {
        AccountState::Ready if account.is_used => "ready".to_owned(),
        AccountState::Ready => "ready; not used here".to_owned(),
        AccountState::Limited => format!("limited{window} {until}{resets}"),
        AccountState::Probing if account.window.is_some() => {
            format!("limited{window}; one task tries whether that is over")
        }
        // Of a login that was refused, say, and that a person has mended.
        AccountState::Probing => "held back; one task tries whether that is over".to_owned(),
        AccountState::Reserved => format!("what is left is people's {until}"),
        AccountState::Auth => format!("its login was refused: tasks wait {until}"),
        AccountState::Billing => format!("it has no credit: tasks wait {until}"),
        other => visible(other.name()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_person_resumes_work_the_time_of_the_reset_is_told() {
        let window = |name: &str| serde_json::json!({ "name": name, "utilization": 1.0, "resetsAt": "2099-01-01T00:00:00.000Z", "seenAt": "2026-11-29T00:00:00.000Z" });
        let account = serde_json::json!({
            "id": "5f1c0c6f", "program": "claude", "login": [], "isUsed": true, "state": "limited", "since": "2026-11-29T00:00:00.000Z",
            "until": null, "window": "five_hour", "windows": [window("five_hour")],
        });
        let account: Account = serde_json::from_value(account).unwrap();
        assert!(
            state(&account).starts_with("limited (five_hour) until `aiwg account resume`; it resets at ")
        );
        let windows = vec![serde_json::from_value(window("seven_day")).unwrap()];
        assert!(!state(&Account { windows, ..account }).contains("resets"));
    }
}
