//! The notifications of the daemon.

use minijinja::{Value, context};

use super::{STYLE, docstring, imports, names};
use crate::model::{Model, Notification};

/// The values for the template of the module.
pub(super) fn view(model: &Model) -> Value {
    let pushed: Vec<&Notification> = model.notifications.iter().filter(|row| !row.to_daemon).collect();
    let row =
        |row: &&Notification| context! { method => names::quoted(&row.name), class => row.params.as_str() };
    let classes: Vec<String> = pushed.iter().map(|row| row.params.clone()).collect();
    // A newer daemon may send others.
    let arms: Vec<String> = classes.iter().cloned().chain(["UnknownVariant".to_owned()]).collect();
    context! {
        command => crate::COMMAND,
        types => imports::of_module(".types", classes),
        union => STYLE.list(0, "NotificationParams = Union[", &arms, "]"),
        docs => docstring::block(&docs(&pushed), 0),
        rows => pushed.iter().map(row).collect::<Vec<_>>(),
    }
}

fn docs(pushed: &[&Notification]) -> String {
    let line = |row: &&Notification| {
        let summary = row.docs.lines().next().unwrap_or_default();
        format!("- ``{}`` of ``{}``: {summary}", row.params, row.name)
    };
    let list: Vec<String> = pushed.iter().map(line).collect();
    format!("The content of a notification, of which the class says which it is.\n\n{}", list.join("\n"))
}
