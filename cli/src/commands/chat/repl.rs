//! A conversation in the terminal, or line by line from a script.

use std::{
    collections::HashSet,
    io::{self, BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use aiwg_client::{
    ClientError, DaemonClient, Pushed, Subscribe,
    types::{
        ChatClearParams, ChatHistoryParams, ChatSendParams, Event, NoParams, TaskCancelParams, TaskEvent,
        TaskListParams, TaskState, TaskSubmitParams,
    },
};
use futures::StreamExt;
use rustyline::{ExternalPrinter, error::ReadlineError};
use tokio::runtime::Runtime;

use super::{
    answer::listen,
    editor::{COMMANDS, Cancellable, editor, message, remember},
};
use crate::{
    commands::{
        daemon::status,
        task::{list, show::outcome, waiting::waiting},
    },
    error::CliError,
    output::{agent_text, count, shorten, visible_lines},
    project::{connect, is_gone},
};

const PROMPT: &str = "> ";

/// Tasks whose end nobody needs to be told: their answers are being listened to.
type Heard = Arc<Mutex<HashSet<String>>>;

/// A conversation.
struct Talk {
    runtime: Runtime,
    project: Option<PathBuf>,
    client: DaemonClient,
    conversation: String,
    heard: Heard,
    cancellable: Cancellable,
}

/// Talks until the person leaves.
pub(super) fn run(project: Option<&Path>, conversation: Option<String>) -> Result<ExitCode, CliError> {
    // One more thread, which tells what ends while this one waits for a line.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let client = runtime.block_on(connect(project))?;
    let mut talk = Talk {
        runtime,
        project: project.map(Path::to_owned),
        client,
        conversation: conversation.unwrap_or_else(new_conversation),
        heard: Heard::default(),
        cancellable: Cancellable::default(),
    };
    if io::stdin().is_terminal() {
        talk.with_person()?
    } else {
        talk.with_script()?
    }
    Ok(ExitCode::SUCCESS)
}

/// A name that no other conversation has.
fn new_conversation() -> String {
    format!("chat-{}-{}", jiff::Timestamp::now().as_millisecond(), std::process::id())
}

impl Talk {
    fn with_script(&mut self) -> Result<(), CliError> {
        for line in io::stdin().lock().lines() {
            if self.take(&line?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn with_person(&mut self) -> Result<(), CliError> {
        let mut editor = editor(Arc::clone(&self.cancellable))?;
        let status = self.runtime.block_on(self.client.daemon_status(NoParams {}))?;
        say(&format!("{}. /help tells what can be typed; Ctrl-D leaves.", status.project))?;
        if let Ok(printer) = editor.create_external_printer() {
            self.runtime.spawn(tell_of_ends(
                self.client.clone(),
                printer,
                Arc::clone(&self.heard),
                Arc::clone(&self.cancellable),
            ));
        }
        loop {
            match editor.readline(PROMPT) {
                Ok(typed) => {
                    // It cannot be remembered: then it is not.
                    let _ = editor.add_history_entry(&typed);
                    if self.take(&message(&typed))?.is_break() {
                        break;
                    }
                }
                // The line is given up, and another one begins.
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => break,
                Err(error) => return Err(CliError::Failed(format!("the terminal cannot be used: {error}"))),
            }
        }
        remember(&mut editor);
        Ok(())
    }

    /// Does what a line asks for. What fails is told, and does not end the conversation.
    fn take(&mut self, line: &str) -> Result<std::ops::ControlFlow<()>, CliError> {
        use std::ops::ControlFlow::{Break, Continue};
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let done = match word {
            "" => Ok(()),
            "/quit" | "/exit" => return Ok(Break(())),
            "/help" => help(),
            "/status" => self.status(),
            "/tasks" => self.tasks(),
            "/run" => self.run_task(rest),
            "/cancel" => self.cancel(rest),
            "/history" => self.history(),
            "/clear" => self.clear(),
            _ if word.starts_with('/') && !word[1..].contains('/') => {
                say(&format!("{word} is no command; /help tells what can be typed"))
            }
            _ => self.send(line),
        };
        match done {
            Ok(()) => Ok(Continue(())),
            Err(CliError::Client(error)) => {
                say(&format!("aiwg: {error}"))?;
                if is_gone(&error) {
                    self.connect_again();
                }
                Ok(Continue(()))
            }
            Err(error) => Err(error),
        }
    }

    /// The daemon may be back for the next line.
    fn connect_again(&mut self) {
        if let Ok(client) = self.runtime.block_on(connect(self.project.as_deref())) {
            self.client = client;
        }
    }

    fn send(&mut self, text: &str) -> Result<(), CliError> {
        let params = ChatSendParams {
            message: text.to_owned(),
            priority: None,
            conversation: Some(self.conversation.clone()),
        };
        let sent = match self.call(|client| {
            let params = params.clone();
            async move { client.chat_send(params).await }
        }) {
            Err(error) if is_gone(&error) => {
                // Nothing was asked yet of a daemon that cannot be reached, so once more is not twice.
                self.connect_again();
                self.runtime.block_on(self.client.chat_send(params))?
            }
            other => other?,
        };
        let id = sent.task_id;
        self.lock_heard().insert(id.clone());
        let (client, project) = (self.client.clone(), self.project.clone());
        let cancel = TaskCancelParams { task_id: id.clone() };
        self.runtime.block_on(async {
            let answer = listen(project.as_deref(), client.clone(), &id, agent_text(io::stdout()));
            tokio::pin!(answer);
            tokio::select! {
                heard = &mut answer => return heard.map(drop),
                interrupted = tokio::signal::ctrl_c() => interrupted?,
            }
            client.task_cancel(cancel).await?;
            say(&format!("\n{id} is being cancelled."))?;
            answer.await.map(drop)
        })
    }

    fn call<T, F: Future<Output = Result<T, ClientError>>>(
        &self,
        call: impl FnOnce(DaemonClient) -> F,
    ) -> Result<T, ClientError> {
        self.runtime.block_on(call(self.client.clone()))
    }

    fn status(&self) -> Result<(), CliError> {
        let found = self.runtime.block_on(self.client.daemon_status(NoParams {}))?;
        Ok(status::show(&mut anstream::stdout(), &found)?)
    }

    fn tasks(&self) -> Result<(), CliError> {
        let latest = TaskListParams { limit: Some(10), ..TaskListParams::default() };
        let tasks = self.runtime.block_on(self.client.task_list(latest))?;
        let waiting = self.runtime.block_on(waiting(&self.client, &tasks))?;
        Ok(list::show(&mut anstream::stdout(), &tasks, &waiting)?)
    }

    fn run_task(&self, prompt: &str) -> Result<(), CliError> {
        if prompt.is_empty() {
            return say("what is to be done? /run PROMPT");
        }
        let order = TaskSubmitParams { prompt: prompt.to_owned(), ..TaskSubmitParams::default() };
        let submitted = self.runtime.block_on(self.client.task_submit(order))?;
        say(&format!("{} {}.", submitted.task_id, outcome(submitted.state)))
    }

    fn cancel(&self, id: &str) -> Result<(), CliError> {
        if id.is_empty() {
            return say("which task? /cancel ID");
        }
        self.runtime.block_on(self.client.task_cancel(TaskCancelParams { task_id: id.to_owned() }))?;
        say(&format!("{id} is being cancelled."))
    }

    fn history(&self) -> Result<(), CliError> {
        let params = ChatHistoryParams { conversation: self.conversation.clone(), limit: None };
        let turns = self.runtime.block_on(self.client.chat_history(params))?;
        if turns.is_empty() {
            return say("Nothing was said yet.");
        }
        for turn in turns {
            say(&format!("{PROMPT}{}", turn.message))?;
            let why = || format!("({}: {})", turn.state, turn.error.as_deref().unwrap_or("not answered yet"));
            say(turn.answer.clone().unwrap_or_else(why).trim_end())?;
        }
        Ok(())
    }

    fn clear(&self) -> Result<(), CliError> {
        let params = ChatClearParams { conversation: self.conversation.clone() };
        let done = self.runtime.block_on(self.client.chat_clear(params))?;
        let turns = count(done.cleared, "turn is", "turns are");
        say(&format!("{turns} forgotten."))
    }

    fn lock_heard(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn say(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", visible_lines(text))?;
    Ok(out.flush()?)
}

fn help() -> Result<(), CliError> {
    let width = COMMANDS.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    for (command, what) in COMMANDS {
        say(&format!("{command:width$}  {what}"))?;
    }
    say(
        "Anything else is said to the agent. A \\ at the end of a line, or an open ```, goes on in the next one.",
    )?;
    say("Ctrl-C cancels an answer.")
}

/// Tells when a task ends that nobody listens to, above the line that is being typed.
async fn tell_of_ends(
    client: DaemonClient,
    mut printer: impl ExternalPrinter,
    heard: Heard,
    cancellable: Cancellable,
) {
    let topics = vec!["task:*".to_owned()];
    let Ok(mut events) = client.subscribe(Subscribe { topics, since: None, reconnect: true }).await else {
        return;
    };
    while let Some(Ok(pushed)) = events.next().await {
        let Pushed::Event(event) = pushed else { continue };
        let Ok(task) = serde_json::from_str::<TaskEvent>(event.payload.as_str()) else { continue };
        let mut open = cancellable.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|id| *id != task.task_id);
        if matches!(task.state, TaskState::Queued | TaskState::Running) {
            open.push(task.task_id.clone());
            continue;
        }
        drop(open);
        if !heard.lock().unwrap_or_else(PoisonError::into_inner).remove(&task.task_id) {
            // The terminal is gone: the next line that is read says so.
            let _ = printer.print(notice(&event, &task));
        }
    }
}

fn notice(event: &Event, task: &TaskEvent) -> String {
    let why = task.error.as_ref().map_or_else(String::new, |error| format!(": {}", shorten(error, 100)));
    format!("[{} {}{why}; event {}]\n", task.task_id, outcome(task.state), event.seq)
}
