//! The definition of each method: the rows from which everything else is derived.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::error::ErrorKind;

/// One method.
#[derive(Debug)]
pub struct Method {
    /// The name on the wire: `task.submit`.
    pub name: &'static str,
    /// The name in Rust: `task_submit`.
    pub ident: &'static str,
    /// The lines of its documentation.
    pub docs: &'static [&'static str],
    /// The type of its params.
    pub params: fn() -> TypeRef,
    /// The type of its result.
    pub result: fn() -> TypeRef,
    /// The errors it may answer with, beyond [`ErrorKind::COMMON`].
    pub errors: &'static [ErrorKind],
    /// An agent's access to it, unless the configuration says otherwise.
    pub agents: AgentAccess,
    /// The way in which a client may send a call again whose answer was lost.
    pub repeat: Repeat,
    /// What a call does to what is there.
    pub effect: Effect,
    /// True if a second call with the same params changes nothing more. One that takes effect once only with an
    /// `idempotencyKey` is not, since a call may come without it.
    pub idempotent: bool,
    /// The protocol version that brought it.
    pub since: &'static str,
    /// The reason for which it should no longer be used, and its replacement.
    pub deprecated: Option<&'static str>,
    /// Requests and their answers.
    pub examples: &'static [Example],
}

/// The access of a connection from an agent's process to a method. It is a default: `daemon.agents_may` decides, except
/// for [`AgentAccess::Never`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentAccess {
    /// An agent may call it.
    Allowed,
    /// An agent may call it about its own task, and about those that came of it.
    Own,
    /// An agent may not call it.
    Refused,
    /// An agent may not call it, and no configuration can allow it.
    Never,
}

impl AgentAccess {
    /// Its name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Own => "own",
            Self::Refused => "refused",
            Self::Never => "never",
        }
    }
}

/// The way in which a client may send a call again whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// As it is: the call changes nothing.
    Safe,
    /// With the same `idempotencyKey`: the call takes effect once.
    Key,
    /// Not at all by itself: it may have taken effect.
    Never,
}

impl Repeat {
    /// Its name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Key => "key",
            Self::Never => "never",
        }
    }
}

/// What a call does to what is there: tasks, events, rules, settings.
///
/// What comes of it is another matter: a task that is submitted runs an agent, and an event may fire rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It changes nothing that outlasts the connection.
    Reads,
    /// It adds something, and leaves all that is there as it is.
    Adds,
    /// It may change or end what is there.
    Changes,
}

/// A request and its answer, as JSON texts.
#[derive(Debug)]
pub struct Example {
    /// A short description of the case.
    pub name: &'static str,
    /// The params.
    pub params: &'static str,
    /// The result.
    pub result: &'static str,
}

/// A notification: sent without being asked for, and never answered.
#[derive(Debug)]
pub struct Notification {
    /// The name on the wire.
    pub name: &'static str,
    /// The lines of its documentation.
    pub docs: &'static [&'static str],
    /// The type of its params. Its direction is that of the notification.
    pub params: fn() -> TypeRef,
}

/// A type of the definition, by what its schema needs.
#[derive(Debug)]
pub struct TypeRef {
    /// Its name.
    pub name: String,
    /// Adds it to a generator and gives the reference to it.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// The way it travels. On the way to the daemon, members that have a default may be left out.
    pub direction: Direction,
}

/// The direction in which a type travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From client to daemon.
    In,
    /// From daemon to client.
    Out,
}

impl TypeRef {
    /// `T` on its way to the daemon.
    pub fn of<T: JsonSchema>() -> Self {
        Self::new::<T>(Direction::In)
    }

    /// `T` on its way from the daemon.
    pub fn of_result<T: JsonSchema>() -> Self {
        Self::new::<T>(Direction::Out)
    }

    fn new<T: JsonSchema>(direction: Direction) -> Self {
        Self { name: T::schema_name().into_owned(), schema: SchemaGenerator::subschema_for::<T>, direction }
    }
}

impl Method {
    /// True if a call changes nothing that outlasts the connection: the `readOnlyHint` of the Model Context Protocol.
    pub fn is_read_only(&self) -> bool {
        self.effect == Effect::Reads
    }

    /// True if a call may change or end what is there: the `destructiveHint` of the Model Context Protocol, which is false
    /// for what only adds.
    pub fn is_destructive(&self) -> bool {
        self.effect == Effect::Changes
    }

    /// The first paragraph of the documentation, on one line.
    pub fn summary(&self) -> String {
        paragraphs(self.docs).into_iter().next().unwrap_or_default()
    }

    /// The other paragraphs, a blank line between them.
    pub fn description(&self) -> String {
        paragraphs(self.docs).into_iter().skip(1).collect::<Vec<_>>().join("\n\n")
    }
}

/// Documentation lines as paragraphs; the lines of lists stay lines of their own.
pub fn paragraphs(docs: &[&str]) -> Vec<String> {
    let mut all = vec![String::new()];
    for line in docs.iter().map(|line| line.trim()) {
        let Some(last) = all.last_mut() else { continue };
        if line.is_empty() {
            all.push(String::new());
        } else if last.is_empty() {
            last.push_str(line);
        } else {
            last.push(if line.starts_with("- ") { '\n' } else { ' ' });
            last.push_str(line);
        }
    }
    all.retain(|paragraph| !paragraph.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::{AgentAccess, Effect, Repeat};
    use crate::METHODS;

    #[test]
    fn what_a_row_says_of_its_effect_fits_what_else_it_says() {
        for row in METHODS {
            let name = row.name;
            if row.repeat == Repeat::Safe {
                assert!(row.is_read_only() && row.idempotent, "{name} is safe to repeat, so it only reads");
            }
            if row.repeat == Repeat::Key {
                assert!(
                    !row.is_read_only() && !row.idempotent,
                    "{name} needs a key to take effect once, so without one it does so twice"
                );
            }
            if row.agents == AgentAccess::Never {
                assert!(!row.is_read_only(), "{name} only reads, so a configuration may allow it to agents");
            }
            if row.agents == AgentAccess::Allowed {
                assert!(
                    !row.is_destructive(),
                    "{name} may end what is there, so agents may not call it just so"
                );
            }
            assert!(!(row.is_read_only() && row.is_destructive()), "{name}");
        }
    }

    #[test]
    fn what_decides_switches_or_ends_is_destructive() {
        let groups = ["approval.approve", "approval.reject", "approval.answer", "automation.enable"];
        for name in
            groups.into_iter().chain(["automation.disable", "daemon.stop", "daemon.restart", "task.cancel"])
        {
            let row = METHODS.iter().find(|row| row.name == name).unwrap();
            assert_eq!(row.effect, Effect::Changes, "{name}");
        }
    }
}
