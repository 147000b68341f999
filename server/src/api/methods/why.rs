use std::sync::Arc;

use aiwg_model::Follow;
use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{TaskWhyParams, Why, WhyDirection},
};
use aiwg_store::Reader;

use super::check;
use crate::{
    api::{
        Handler,
        answer::Part,
        lineage::{Asked, leave_out_approvals, why},
        permit,
    },
    engine::EngineError,
    waits::Now,
};

pub(crate) async fn task_why(handler: &Handler, params: TaskWhyParams) -> Result<Why, ApiError> {
    check::name("id", &params.id)?;
    // Only the one spelling, as with tasks.
    let number = |text: &str| text.parse().ok().filter(|seq: &u64| seq.to_string() == text);
    let asked = match params.id.strip_prefix("event-").map(number) {
        Some(Some(seq)) => Asked::Event(seq),
        Some(None) => {
            let id = &params.id;
            let message =
                format!("the member \"id\" must be a task's id or an event's, as event-17; it is {id:?}");
            return Err(ApiError::invalid_member("id", message));
        }
        None => Asked::Task(check::task_no(&params.id)?),
    };
    let follow = match params.direction.unwrap_or_default() {
        WhyDirection::Causes => Follow::Causes,
        WhyDirection::Effects => Follow::Effects,
    };
    let context = Arc::clone(&handler.context);
    let sees_approvals = permit::sees_approvals(handler);
    let read = move |reader: &dyn Reader, bytes| {
        let now = Now { gate_of: &|class| context.engine.gate(class), waits: &context.engine.waits() };
        let Some((mut why, bytes)) = why(reader, &now, (asked, follow), bytes)? else {
            return Ok(Part::measured(None, 0, false));
        };
        if !sees_approvals {
            leave_out_approvals(&mut why);
        }
        let is_cut = why.cut;
        Ok(Part::measured(Some(why), bytes, is_cut))
    };
    handler.answer_read(read).await?.ok_or_else(|| match asked {
        Asked::Task(no) => EngineError::TaskNotFound(no).into(),
        Asked::Event(seq) => {
            let message = format!("there is no event {seq}; `aiwg event list` shows the latest");
            ApiError::new(ErrorKind::EventNotFound, message)
        }
    })
}
