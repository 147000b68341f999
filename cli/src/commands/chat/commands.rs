//! The commands of a chat.

use std::io::Write;

use aiwg_client::types::{
    ApprovalAnswerParams, ApprovalDecideParams, ApprovalListParams, ApprovalState, ChatClearParams,
    ChatHistoryParams, ChatTurn, NoParams, TaskCancelParams, TaskListParams, TaskSubmitParams,
};
use aiwg_protocol::ErrorKind;

use super::{
    editor::COMMANDS,
    repl::{Done, PROMPT, Talk, say},
};
use crate::{
    commands::{
        approval,
        daemon::status,
        task::{list, show::outcome, waiting::waiting},
    },
    error::CliError,
    output::{Page, agent_stdout, count, visible},
    values::{approval_id, task_id},
};

impl Talk {
    /// Carries out a line.
    pub(super) fn take(&mut self, line: &str) -> Result<Done, CliError> {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "" => Ok(()),
            "/quit" | "/exit" => return Ok(Done::Leave),
            "/help" => help(),
            "/status" => self.status(),
            "/tasks" => self.tasks(),
            "/run" => self.run_task(rest),
            "/cancel" => self.cancel(rest),
            "/approvals" | "/gates" => self.approvals(),
            "/approve" | "/reject" | "/answer" => self.decide(word, rest),
            "/history" => self.history(),
            "/clear" => self.clear(),
            _ if word.starts_with('/') && !word[1..].contains('/') => {
                Err(CliError::Usage(format!("{word} is no command; /help lists the commands")))
            }
            _ => return self.send(line),
        }
        .map(|()| Done::Well)
    }

    fn status(&mut self) -> Result<(), CliError> {
        let client = self.daemon()?;
        let found = self.wait(client.daemon_status(NoParams {}))?;
        Ok(status::show(&mut Page::stdout(), &found)?)
    }

    fn tasks(&mut self) -> Result<(), CliError> {
        let client = self.daemon()?;
        let latest = TaskListParams { limit: Some(10), ..TaskListParams::default() };
        let tasks = self.wait(client.task_list(latest))?;
        if tasks.is_empty() {
            return say("No tasks. /run PROMPT makes one.");
        }
        let waiting = self.wait(waiting(&client, &tasks))?;
        Ok(list::show(&mut Page::stdout(), &tasks, &waiting)?)
    }

    fn run_task(&mut self, prompt: &str) -> Result<(), CliError> {
        if prompt.is_empty() {
            return Err(CliError::Usage("what is to be done? /run PROMPT".to_owned()));
        }
        let client = self.daemon()?;
        let order = TaskSubmitParams { prompt: prompt.to_owned(), ..TaskSubmitParams::default() };
        let submitted = self.wait(client.task_submit(order))?;
        say(&format!("{} {}.", visible(&submitted.task_id), outcome(submitted.state)))
    }

    /// Cancels each of them, as far as there are such tasks.
    fn cancel(&mut self, ids: &str) -> Result<(), CliError> {
        if ids.is_empty() {
            return Err(CliError::Usage("which task? /cancel ID".to_owned()));
        }
        let client = self.daemon()?;
        let mut failed = Vec::new();
        for id in ids.split_whitespace() {
            let Ok(id) = task_id(id);
            match self.wait(client.task_cancel(TaskCancelParams { task_id: id.clone() })) {
                Ok(_) => say(&format!("{id} is being cancelled."))?,
                Err(CliError::Client(error)) if error.kind() == Some(ErrorKind::TaskNotFound) => {
                    failed.push(format!("there is no task {id}; /tasks shows the latest"));
                }
                Err(CliError::Client(error)) if error.kind().is_some() => failed.push(error.to_string()),
                Err(error) => return Err(error),
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(CliError::Failed(failed.join("\n"))) }
    }

    fn approvals(&mut self) -> Result<(), CliError> {
        let client = self.daemon()?;
        let listed = self.wait(client.approval_list(ApprovalListParams::default()))?;
        Ok(approval::show_list(&mut Page::stdout(), &listed, ApprovalState::Pending)?)
    }

    /// Decides on an approval, or answers a question.
    fn decide(&mut self, word: &str, rest: &str) -> Result<(), CliError> {
        let (id, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let text = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        if id.is_empty() || word == "/answer" && text.is_none() {
            let what = if word == "/answer" { "TEXT" } else { "[REASON]" };
            return Err(CliError::Usage(format!("on what? {word} ID {what}; /approvals shows what waits")));
        }
        let client = self.daemon()?;
        let Ok(approval_id) = approval_id(id);
        let decided = match (word, text) {
            ("/answer", text) => {
                let answer = text.unwrap_or_default();
                self.wait(client.approval_answer(ApprovalAnswerParams { approval_id, answer }))?
            }
            ("/approve", reason) => {
                self.wait(client.approval_approve(ApprovalDecideParams { approval_id, reason }))?
            }
            (_, reason) => self.wait(client.approval_reject(ApprovalDecideParams { approval_id, reason }))?,
        };
        Ok(approval::show_decided(&mut Page::stdout(), &decided)?)
    }

    fn history(&mut self) -> Result<(), CliError> {
        let client = self.daemon()?;
        let params = ChatHistoryParams { conversation: self.conversation.clone(), limit: None };
        let turns = self.wait(client.chat_history(params))?;
        if turns.is_empty() {
            return say("Nothing was said yet.");
        }
        turns.iter().try_for_each(show)
    }

    fn clear(&mut self) -> Result<(), CliError> {
        let client = self.daemon()?;
        let params = ChatClearParams { conversation: self.conversation.clone() };
        let done = self.wait(client.chat_clear(params))?;
        let turns = count(done.cleared, "turn is", "turns are");
        say(&format!("{turns} forgotten."))
    }
}

fn show(turn: &ChatTurn) -> Result<(), CliError> {
    say(&format!("{PROMPT}{}", turn.message))?;
    match &turn.answer {
        Some(answer) => Ok(writeln!(agent_stdout(), "{}", answer.trim_end())?),
        None => {
            let why = turn.error.as_deref().unwrap_or("not answered yet");
            say(&format!("({}: {})", turn.state, why))
        }
    }
}

fn help() -> Result<(), CliError> {
    let width = COMMANDS.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    for (command, what) in COMMANDS {
        say(&format!("{command:width$}  {what}"))?;
    }
    say(
        "Anything else is said to the agent. A \\ at the end of a line, or an open ```, goes on in the next one.",
    )?;
    say("Ctrl-C cancels an answer; once more, it is no longer waited for.")
}
