//! `docs/mcp.md`: the tools for agents, and how they are set up.

use aiwg_mcp::{Tool, Tools, catalogue};
use minijinja::{Value, context};

use super::markdown;
use crate::{GenerateError, generated_file::Output, render::render};

/// Path of the document.
const PATH: &str = "docs/mcp.md";

pub(super) fn output() -> Result<Output, GenerateError> {
    let all = catalogue();
    let of = |tools: Tools| {
        let tools = all.iter().filter(|tool| tool.tools == tools && !tool.agents_only);
        tools.map(view).collect::<Vec<_>>()
    };
    let view = context! {
        command => crate::COMMAND,
        read => of(Tools::Read),
        write => of(Tools::Write),
        all => of(Tools::All),
        agents => all.iter().filter(|tool| tool.agents_only).map(view).collect::<Vec<_>>(),
    };
    Ok(Output::new(PATH, render(include_str!("mcp.md.jinja"), &view)?))
}

fn view(tool: &Tool) -> Value {
    let summary = tool.description.split("\n\n").next().unwrap_or_default();
    let hints = [
        (tool.is_destructive(), "destructive"),
        (tool.is_idempotent() && !tool.is_read_only(), "idempotent"),
    ];
    let hints: Vec<&str> = hints.into_iter().filter_map(|(is_so, hint)| is_so.then_some(hint)).collect();
    let is_agents = tool.is_offered(Tools::All, true);
    let agents = match (tool.is_offered(tool.tools, true) && tool.is_offered(Tools::Write, true), is_agents) {
        (true, _) => "yes",
        (false, true) => "with `all`",
        (false, false) => "no",
    };
    context! {
        name => tool.name.as_str(),
        summary => markdown::cell(summary),
        hints => hints.join(", "),
        agents,
    }
}
