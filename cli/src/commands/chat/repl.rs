//! A conversation: what a person in a terminal and a script have in common, and the person.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, PoisonError},
};

use aiwg_client::{
    DaemonClient,
    types::{ChatSendParams, NoParams, Task, TaskCancelParams, TaskState},
};
use aiwg_protocol::ErrorKind;
use rustyline::error::ReadlineError;
use tokio::runtime::Runtime;

use super::{
    answer::listen,
    editor::{Cancellable, editor, message, remember},
    interrupt::Interrupts,
    notices::{Heard, Notices},
};
use crate::{
    commands::task::submit::interrupted,
    error::CliError,
    output::{Page, agent_stdout, note, visible},
    project::{connect, is_gone},
};

pub(super) const PROMPT: &str = "> ";

/// A conversation.
pub(super) struct Talk {
    runtime: Runtime,
    project: Option<PathBuf>,
    client: DaemonClient,
    pub(super) conversation: String,
    /// True if its lines are typed by a person, and not read from a script.
    is_with_person: bool,
    interrupts: Interrupts,
    heard: Heard,
    cancellable: Cancellable,
    quiet: Arc<tokio::sync::Mutex<()>>,
}

/// Result of a line.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Done {
    Well,
    /// There is no answer, which was reported.
    Badly,
    /// The conversation is over.
    Leave,
}

/// Talks until the person leaves, or the script is at its end.
pub(super) fn run(project: Option<&Path>, conversation: Option<String>) -> Result<ExitCode, CliError> {
    // One more thread, which prints what ends while this one waits for a line.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let client = runtime.block_on(connect(project))?;
    // From here on Ctrl-C ends what it is pressed in.
    let interrupts = runtime.block_on(async { Interrupts::new() })?;
    let mut talk = Talk {
        runtime,
        project: project.map(Path::to_owned),
        client,
        conversation: conversation.unwrap_or_else(new_conversation),
        is_with_person: io::stdin().is_terminal(),
        interrupts,
        heard: Heard::default(),
        cancellable: Cancellable::default(),
        quiet: Arc::default(),
    };
    if talk.is_with_person {
        talk.with_person()?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(if talk.with_script()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A name that no other conversation has.
fn new_conversation() -> String {
    format!("chat-{}-{}", jiff::Timestamp::now().as_millisecond(), std::process::id())
}

impl Talk {
    fn with_person(&mut self) -> Result<(), CliError> {
        let mut editor = editor(Arc::clone(&self.cancellable))?;
        let status = self.wait(self.client.daemon_status(NoParams {}))?;
        say(&format!("{}. /help lists the commands; Ctrl-D leaves.", visible(&status.project)))?;
        if let Ok(printer) = editor.create_external_printer() {
            self.runtime.spawn(self.notices().print(printer));
        }
        loop {
            self.runtime.block_on(self.interrupts.forget());
            match editor.readline(PROMPT) {
                Ok(typed) => {
                    remember(&mut editor, &typed);
                    match self.take(&message(&typed)) {
                        Ok(Done::Leave) => return Ok(()),
                        Ok(Done::Well | Done::Badly) => {}
                        Err(error @ CliError::Io(_)) => return Err(error),
                        // What fails does not end the conversation.
                        Err(error) => print_error(&error),
                    }
                }
                // The line is given up, and another one begins.
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => return Ok(()),
                Err(error) => return Err(CliError::Failed(format!("the terminal cannot be used: {error}"))),
            }
        }
    }

    fn notices(&self) -> Notices {
        Notices {
            client: self.client.clone(),
            project: self.project.clone(),
            conversation: self.conversation.clone(),
            heard: Arc::clone(&self.heard),
            cancellable: Arc::clone(&self.cancellable),
            quiet: Arc::clone(&self.quiet),
        }
    }

    /// Waits for something, unless Ctrl-C is pressed first.
    pub(super) fn wait<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, CliError>
    where
        CliError: From<E>,
    {
        let done = self.runtime.block_on(self.interrupts.unless_pressed(work));
        Ok(done.ok_or(CliError::Interrupted)??)
    }

    /// The daemon, which may have been restarted since the last line. It is asked for a sign of life, so that nothing is asked for twice.
    pub(super) fn daemon(&mut self) -> Result<DaemonClient, CliError> {
        let client = &self.client;
        let alive = async {
            match client.ping(NoParams {}).await {
                Err(error) if is_gone(&error) => connect(self.project.as_deref()).await,
                answered => answered.map(|_| client.clone()),
            }
        };
        self.client = self.wait(alive)?;
        Ok(self.client.clone())
    }

    /// Says something, and prints the answer.
    pub(super) fn send(&mut self, text: &str) -> Result<Done, CliError> {
        let client = self.daemon()?;
        let params = ChatSendParams {
            message: text.to_owned(),
            priority: None,
            conversation: Some(self.conversation.clone()),
            idempotency_key: None,
        };
        let id = self.wait(client.chat_send(params))?.task_id;
        let lock = || self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        lock().insert(id.clone());
        let answer = listen(self.project.as_deref(), client.clone(), &id, agent_stdout());
        let heard = self.runtime.block_on(async {
            let _quiet = self.quiet.lock().await;
            if self.is_with_person {
                self.with_cancel(&client, &id, answer).await
            } else {
                tokio::select! {
                    task = answer => task.map(Some),
                    left = interrupted(self.project.as_deref(), &client, &id) => left.and(Err(CliError::Interrupted)),
                }
            }
        });
        if !matches!(heard, Ok(Some(_))) {
            // It was not listened to until its end: that will be news.
            lock().remove(&id);
        }
        let is_answered = heard?.is_some_and(|task| task.state == TaskState::Completed);
        Ok(if is_answered { Done::Well } else { Done::Badly })
    }

    /// Listens to an answer. Ctrl-C has it cancelled; once more, it is left alone while it is being ended.
    async fn with_cancel(
        &self,
        client: &DaemonClient,
        id: &str,
        answer: impl Future<Output = Result<Task, CliError>>,
    ) -> Result<Option<Task>, CliError> {
        tokio::pin!(answer);
        if let Some(task) = self.interrupts.unless_pressed(&mut answer).await {
            return task.map(Some);
        }
        let cancel = client.task_cancel(TaskCancelParams { task_id: id.to_owned() });
        match self.interrupts.unless_pressed(cancel).await.ok_or(CliError::Interrupted)? {
            // It has come to its own end in the same moment.
            Err(error) if error.kind() == Some(ErrorKind::TaskEnded) => {}
            cancelled => {
                cancelled?;
                say(&format!("\n{} is being cancelled.", visible(id)))?;
            }
        }
        if let Some(task) = self.interrupts.unless_pressed(answer).await {
            return task.map(Some);
        }
        say(&format!("\n{} is still being ended; a notice says when it has ended.", visible(id)))?;
        Ok(None)
    }
}

/// Prints a line.
pub(super) fn say(text: &str) -> Result<(), CliError> {
    let mut page = Page::stdout();
    writeln!(page, "{text}")?;
    Ok(page.flush()?)
}

/// Prints the error of a line.
pub(super) fn print_error(error: &CliError) {
    note(&format!("aiwg: {error}"));
}
