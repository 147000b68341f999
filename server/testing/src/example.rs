//! Examples of the Rust client's documentation, each with a daemon.

use aiwg_client::{ClientError, DaemonClient, ErrorKind};
use serde_json::json;

use crate::TestDaemon;

/// What the daemon may well answer to an example that speaks of a task, an approval or a configuration which is another project's.
fn is_of_another_project(error: &ClientError) -> bool {
    let wrong = [ErrorKind::InvalidParams, ErrorKind::MethodNotFound, ErrorKind::InternalError];
    error.kind().is_some_and(|kind| !wrong.contains(&kind))
}

fn run<F: Future<Output = Result<(), ClientError>>>(
    example: impl FnOnce(DaemonClient) -> F,
) -> Result<(), ClientError> {
    let daemon = TestDaemon::with(json!({}));
    // As a program of the project's own. Every example is a process.
    std::env::set_current_dir(daemon.path()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { example(daemon.client().await).await })
}

/// Runs an example in a project with a daemon.
pub fn example<F: Future<Output = Result<(), ClientError>>>(example: impl FnOnce(DaemonClient) -> F) {
    run(example).unwrap();
}

/// Runs the example of a method as the definition has it: of a task, say, that this project does not have.
pub fn method_example<F: Future<Output = Result<(), ClientError>>>(example: impl FnOnce(DaemonClient) -> F) {
    match run(example) {
        Err(error) if !is_of_another_project(&error) => panic!("{error}"),
        _ => {}
    }
}
