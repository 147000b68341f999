//! The tools, from the definition.

use std::fmt;

use aiwg_protocol::{
    METHODS,
    definition::{AgentAccess, Effect, Method},
    schema::types,
};
use serde_json::{Map, Value};

use crate::{person, schema};

/// What tools a client is offered. Each choice has those of the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tools {
    /// Those that only read.
    Read,
    /// Also those that add something: tasks, events, messages.
    Write,
    /// Also those that change or end what is there, and those by which a person decides.
    All,
}

impl Tools {
    /// All choices, in their order.
    pub const CHOICES: [Self; 3] = [Self::Read, Self::Write, Self::All];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::All => "all",
        }
    }
}

impl fmt::Display for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a tool comes from.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    /// A method, which a call of the tool calls.
    Method(&'static Method),
    /// `approval.ask`: a person answers, and the call waits for that.
    Ask(&'static Method),
    /// `approval.permission`, in the words of an agent's program that asks whether another tool may be used.
    PermissionPrompt,
}

/// A tool.
#[derive(Debug, Clone)]
pub struct Tool {
    /// Its name: `task_submit`.
    pub name: String,
    /// The narrowest choice that has it.
    pub tools: Tools,
    /// True if only an agent of the daemon is offered it.
    pub agents_only: bool,
    /// Where it comes from.
    pub source: Source,
    /// What it does, for a model.
    pub description: String,
    /// The schema of its arguments, which refers to nothing outside of it.
    pub input: Map<String, Value>,
    /// The schema of its result; none if that is a text.
    pub output: Option<Map<String, Value>>,
}

impl Tool {
    /// True if a call changes nothing.
    pub fn is_read_only(&self) -> bool {
        self.method().is_some_and(Method::is_read_only)
    }

    /// True if a call may change or end what is there.
    pub fn is_destructive(&self) -> bool {
        self.method().is_some_and(Method::is_destructive)
    }

    /// True if a second call with the same arguments changes nothing more.
    pub fn is_idempotent(&self) -> bool {
        self.method().is_some_and(|method| method.idempotent)
    }

    /// True if a client is offered it, with this choice and from this kind of process.
    pub fn is_offered(&self, tools: Tools, to_agent: bool) -> bool {
        self.tools <= tools && if to_agent { self.may_be_agents(tools) } else { !self.agents_only }
    }

    /// True if the daemon lets an agent call it, as far as that can be known from here: what the configuration allows to agents beside, they
    /// are offered with all tools.
    fn may_be_agents(&self, tools: Tools) -> bool {
        match self.method().map(|method| method.agents) {
            None | Some(AgentAccess::Allowed | AgentAccess::Own) => true,
            Some(AgentAccess::Refused) => tools == Tools::All,
            Some(AgentAccess::Never) => false,
        }
    }

    fn method(&self) -> Option<&'static Method> {
        match self.source {
            Source::Method(method) | Source::Ask(method) => Some(method),
            Source::PermissionPrompt => None,
        }
    }
}

/// Methods that are no tools: streams, the description of what the tools are already, and what has a tool of its own.
const NO_TOOLS: [&str; 4] = ["event.subscribe", "event.unsubscribe", "rpc.discover", "approval.permission"];

/// The method that has the tool `ask`.
const ASK: &str = "approval.ask";

/// All tools, whatever a client chooses and whoever it is.
pub fn catalogue() -> Vec<Tool> {
    let schemas = types();
    let methods = METHODS.iter().zip(&schemas.methods).filter(|(row, _)| !NO_TOOLS.contains(&row.name));
    let tools = methods.map(|(row, types)| {
        let mut input = schema::input(&schemas, &types.params);
        let is_ask = row.name == ASK;
        if is_ask {
            person::without_wait(&mut input);
        }
        Tool {
            name: name(row),
            tools: narrowest(row),
            agents_only: is_ask,
            source: if is_ask { Source::Ask(row) } else { Source::Method(row) },
            description: schema::in_tools_names(&described(row)),
            input,
            output: Some(schema::output(&schemas, &types.result)),
        }
    });
    tools.chain([person::permission_prompt()]).collect()
}

/// The name of a method's tool. A client may put more before it, and allows letters, digits, `_` and `-` only.
pub(crate) fn name(method: &Method) -> String {
    if method.name == ASK { "ask".to_owned() } else { method.name.replace('.', "_") }
}

/// True if the method has a tool.
pub(crate) fn is_tool(method: &Method) -> bool {
    !NO_TOOLS.contains(&method.name)
}

fn narrowest(method: &Method) -> Tools {
    match method.effect {
        Effect::Reads => Tools::Read,
        Effect::Adds if method.agents != AgentAccess::Never => Tools::Write,
        Effect::Adds | Effect::Changes => Tools::All,
    }
}

fn described(method: &Method) -> String {
    let paragraphs = [method.summary(), method.description()];
    let text: Vec<&str> = paragraphs.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    text.join("\n\n")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use serde_json::json;

    use super::*;

    fn names(tools: Tools, to_agent: bool) -> Vec<String> {
        let offered = catalogue().into_iter().filter(|tool| tool.is_offered(tools, to_agent));
        offered.map(|tool| tool.name).collect()
    }

    #[test]
    fn each_choice_has_what_it_is_named_for() {
        let [read, write, all] = Tools::CHOICES.map(|tools| names(tools, false));
        let has = |names: &[String], name: &str| names.iter().any(|other| other == name);
        for name in
            ["task_list", "task_get", "task_wait", "task_output", "task_why", "event_list", "approval_list"]
        {
            assert!(has(&read, name), "{name}");
        }
        for name in ["task_submit", "task_retry", "task_send", "event_emit", "chat_send"] {
            assert!(!has(&read, name) && has(&write, name), "{name}");
        }
        let decisions = ["approval_approve", "approval_reject", "approval_answer", "automation_enable"];
        for name in
            decisions.into_iter().chain(["automation_disable", "task_cancel", "daemon_stop", "daemon_reload"])
        {
            assert!(!has(&write, name) && has(&all, name), "{name}");
        }
        for name in ["event_subscribe", "rpc_discover", "ask", "permission_prompt", "approval_permission"] {
            assert!(!has(&all, name), "{name}");
        }
    }

    #[test]
    fn agents_are_offered_what_they_may_do() {
        let [read, write, all] = Tools::CHOICES.map(|tools| names(tools, true));
        let has = |names: &[String], name: &str| names.iter().any(|other| other == name);
        assert!(has(&write, "ask") && has(&read, "permission_prompt") && !has(&read, "ask"));
        // A configuration may allow them, and nothing can allow these.
        assert!(!has(&write, "approval_list") && has(&all, "approval_list") && has(&all, "task_cancel"));
        for name in ["approval_approve", "approval_reject", "approval_answer", "messaging_test"] {
            assert!(!has(&all, name), "{name}");
        }
    }

    #[test]
    fn names_are_such_that_every_client_takes_them() {
        let all = catalogue();
        let names: HashSet<&str> = all.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names.len(), all.len());
        for name in names {
            // Claude adds `mcp__aiwg__`, and allows 64 in all.
            assert!(
                name.len() <= 50 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
                "{name}"
            );
        }
    }

    #[test]
    fn what_a_tool_says_of_itself_is_what_the_definition_says() {
        for tool in catalogue() {
            assert_eq!(
                tool.tools == Tools::Read,
                tool.is_read_only() || tool.name == "permission_prompt",
                "{}",
                tool.name
            );
            assert!(!tool.is_destructive() || tool.tools == Tools::All, "{}", tool.name);
            assert!(!tool.description.is_empty() && tool.description.len() < 2000, "{}", tool.name);
        }
    }

    /// The references of a schema, and the definitions that it has.
    fn references(schema: &Value, into: &mut BTreeSet<String>) {
        match schema {
            Value::Object(members) => {
                into.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|value| references(value, into));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, into)),
            _ => {}
        }
    }

    #[test]
    fn schemas_refer_to_nothing_outside_of_them_and_fit_the_examples() {
        for tool in catalogue() {
            for schema in [Some(&tool.input), tool.output.as_ref()].into_iter().flatten() {
                let schema = Value::Object(schema.clone());
                assert_eq!(schema["type"], "object", "{}", tool.name);
                let mut found = BTreeSet::new();
                references(&schema, &mut found);
                let defined = schema["$defs"].as_object().cloned().unwrap_or_default();
                let defined: BTreeSet<String> =
                    defined.keys().map(|name| format!("#/$defs/{name}")).collect();
                assert_eq!(found, defined, "{}", tool.name);
                assert!(!schema.to_string().contains("\"x-"), "{}", tool.name);
            }
            let Source::Method(method) = tool.source else { continue };
            let input = jsonschema::validator_for(&json!(tool.input)).unwrap();
            let output = jsonschema::validator_for(&json!(tool.output)).unwrap();
            for example in method.examples {
                let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
                assert!(input.is_valid(&value(example.params)), "{} {}", tool.name, example.name);
                let result = crate::bound::as_object(value(example.result));
                let error = output
                    .validate(&result)
                    .err()
                    .map(|error| format!("{error} at {}", error.instance_path()));
                assert_eq!(error, None, "{} {}", tool.name, example.name);
            }
        }
    }
}
