//! The server: tools are listed and called.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestMethod, CallToolRequestParams, CallToolResponse, CallToolResult, ConstString,
        ContentBlock, CustomRequest, CustomResult, ErrorCode, Implementation, ListToolsRequestMethod,
        ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, ToolAnnotations,
    },
    serve_server,
    service::{RequestContext, ServerInitializeError},
};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::{
    bound::bounded,
    call::Daemon,
    catalogue::{Source, Tool, Tools, catalogue},
    failure::Failure,
    person,
    transport::Lines,
    wait::{For, reporting},
};

/// The name of the server.
const NAME: &str = "aiwg";

/// What a model is told of the tools as a whole.
const INSTRUCTIONS: &str = "The tools of aiwg, the daemon of this project: it keeps a queue of tasks, each done by an agent, and makes tasks of \
                            events by rules. task_submit queues a task and returns at once; task_wait waits for its end, task_output shows what \
                            its agent says, task_why what led to it. event_emit reports an event. Long results are cut: `leftOut` says what is \
                            missing and how to get it.";

/// What to serve.
#[derive(Debug, Clone)]
pub struct Options {
    /// The project's directory; else the daemon is found as every client finds it.
    pub project: Option<PathBuf>,
    /// The tools that are offered.
    pub tools: Tools,
    /// True if this process is an agent's: it is offered the tools that only agents have, and none that no agent may call.
    pub to_agent: bool,
    /// Time within which the daemon must answer what it answers at once.
    pub timeout: Duration,
}

/// Serves a client on standard input and output, until it closes its end.
///
/// # Errors
/// The streams fail.
pub async fn serve(options: Options) -> io::Result<()> {
    let closed = CancellationToken::new();
    let transport = Lines::new(tokio::io::stdin(), tokio::io::stdout(), closed.clone());
    match serve_server(Server::new(options, closed), transport).await {
        Ok(running) => running.waiting().await.map(drop).map_err(io::Error::other),
        Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
        Err(error) => Err(io::Error::other(error)),
    }
}

#[derive(Debug)]
struct Server {
    daemon: Daemon,
    tools: Tools,
    to_agent: bool,
    /// Is cancelled when nobody waits for answers any more.
    closed: CancellationToken,
    /// All tools: made when they are asked for, since a client waits for the first answer.
    catalogue: OnceLock<Vec<Tool>>,
}

impl Server {
    fn new(options: Options, closed: CancellationToken) -> Self {
        let Options { project, tools, to_agent, timeout } = options;
        Self { daemon: Daemon::new(project, timeout), tools, to_agent, closed, catalogue: OnceLock::new() }
    }

    fn offered(&self) -> impl Iterator<Item = &Tool> {
        let all = self.catalogue.get_or_init(catalogue);
        all.iter().filter(|tool| tool.is_offered(self.tools, self.to_agent))
    }

    fn find(&self, name: &str) -> Result<&Tool, ErrorData> {
        if let Some(tool) = self.offered().find(|tool| tool.name == name) {
            return Ok(tool);
        }
        let all = self.catalogue.get_or_init(catalogue);
        let known = all.iter().find(|tool| tool.name == name && tool.is_offered(Tools::All, self.to_agent));
        let why = known.map(|tool| {
            format!(": `aiwg mcp --tools {}` has it, and this is --tools {}", tool.tools, self.tools)
        });
        let shown: String = name.chars().take(100).collect();
        Err(ErrorData::new(
            ErrorCode::INVALID_PARAMS,
            format!("unknown tool {shown:?}{}", why.unwrap_or_default()),
            None,
        ))
    }

    /// The answer to a call. Dropping the future cancels what it has asked the daemon for.
    async fn answer(
        &self,
        tool: &Tool,
        arguments: &Map<String, Value>,
        context: &RequestContext<RoleServer>,
    ) -> CallToolResult {
        let daemon = &self.daemon;
        let (method, called) = match tool.source {
            Source::PermissionPrompt => {
                let answer =
                    reporting(daemon, context, For::Person, person::permission(daemon, arguments)).await;
                return CallToolResult::success(vec![ContentBlock::text(answer.to_string())]);
            }
            Source::Ask(method) => {
                let asked = person::ask(daemon, method, arguments);
                (method, reporting(daemon, context, For::Person, asked).await)
            }
            Source::Method(method) => {
                let task =
                    arguments.get("taskId").and_then(Value::as_str).filter(|_| method.name == "task.wait");
                let what = task.map_or(For::Daemon, For::Task);
                (method, reporting(daemon, context, what, daemon.call(method, arguments)).await)
            }
        };
        let bounded = called.and_then(|result| {
            bounded(method.name, result).map_err(|bytes| {
                let what = format!("the result has {bytes} bytes, and cannot be shortened");
                Failure::new("too_long", what, Some("ask for less, or run the command aiwg with --json"))
            })
        });
        bounded.map_or_else(Failure::into_result, CallToolResult::structured)
    }

    /// True if a call may take as long as it likes.
    fn waits(tool: &Tool, arguments: &Map<String, Value>) -> bool {
        match tool.source {
            Source::Ask(_) | Source::PermissionPrompt => true,
            Source::Method(method) => method.name == "task.wait" || arguments.contains_key("waitMs"),
        }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        let me = Implementation::new(NAME, env!("CARGO_PKG_VERSION"));
        ServerConfig::new(capabilities).with_server_info(me).with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.offered().map(listed).collect()))
    }

    /// The library takes a request for one of its own if its params do not fit those of its method.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let CustomRequest { method, params, .. } = request;
        let wrong = if method == CallToolRequestMethod::VALUE {
            serde_json::from_value::<CallToolRequestParams>(params.unwrap_or_default()).err()
        } else if method == ListToolsRequestMethod::VALUE {
            serde_json::from_value::<PaginatedRequestParams>(params.unwrap_or_default()).err()
        } else {
            let shown: String = method.chars().take(100).collect();
            return Err(ErrorData::new(
                ErrorCode::METHOD_NOT_FOUND,
                format!("no such method: {shown:?}"),
                None,
            ));
        };
        let why = wrong.map_or_else(|| "they do not fit".to_owned(), |error| error.to_string());
        Err(ErrorData::invalid_params(format!("the params of {method} are wrong: {why}"), None))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = self.find(&request.name)?;
        let arguments = request.arguments.unwrap_or_default();
        // Whoever has closed its end waits for nothing, but may have sent what is to be done.
        let closed = async {
            if Self::waits(tool, &arguments) {
                self.closed.cancelled().await;
            } else {
                std::future::pending().await
            }
        };
        tokio::select! {
            result = self.answer(tool, &arguments, &context) => Ok(result.into()),
            // There is no answer to a call that its client has cancelled.
            () = context.ct.cancelled() => Err(ErrorData::internal_error("the call was cancelled", None)),
            () = closed => Err(ErrorData::internal_error("the client has gone", None)),
        }
    }
}

/// A tool as the protocol has it.
fn listed(tool: &Tool) -> rmcp::model::Tool {
    let hints = ToolAnnotations::new()
        .read_only(tool.is_read_only())
        .destructive(tool.is_destructive())
        .idempotent(tool.is_idempotent());
    let input = Arc::new(tool.input.clone());
    let listed =
        rmcp::model::Tool::new(tool.name.clone(), tool.description.clone(), input).with_annotations(hints);
    match &tool.output {
        Some(output) => listed.with_raw_output_schema(Arc::new(output.clone())),
        None => listed,
    }
}
