//! The params and results of every method, and the types in them.

mod by_name;
mod common;
mod daemon;
mod event;
mod json;
mod output;
mod rpc;
mod status;
mod subscription;
mod task;
mod timestamp;

pub use common::NoParams;
pub use daemon::{Pong, StopAcknowledged};
pub use event::{Cause, Event, EventEmitParams, EventEmitted, EventListParams, EventSource};
pub use json::{Json, JsonObject};
pub use output::{OutputEncoding, OutputStream, TaskOutput, TaskOutputParams, TaskRetryParams};
pub use rpc::OpenRpcDocument;
pub use status::{
    AutomationSubsystem, DaemonStatus, FileWatcherSubsystem, Health, IpcSubsystem, Issue, MessagingSubsystem,
    QueuedTaskSummary, RunningTaskSummary, SchedulerSubsystem, Subsystems, SupervisorSubsystem,
    TaskSummaries,
};
pub use subscription::{
    EventMissedNotification, EventNotification, EventSubscribeParams, EventSubscribed,
    EventUnsubscribeParams, EventUnsubscribed, RpcCancelParams,
};
pub use task::{
    Task, TaskCancelParams, TaskCancelled, TaskGetParams, TaskListParams, TaskState, TaskStats,
    TaskSubmitParams, TaskSubmitted, TaskWaitParams,
};
pub use timestamp::Timestamp;
