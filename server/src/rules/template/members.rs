//! The members of payloads that a prompt names, however it writes them: `event.payload.user.name`, `event.payload['user']`,
//! `events[0].payload.user`, a name that was set to it, and each event of a loop.
//!
//! What cannot be followed (the result of a filter or a call, a member whose name is computed, a name that is set in a branch)
//! names nothing here.

use std::collections::HashMap;

use aiwg_topics::Part;
use minijinja::{
    Value,
    machinery::ast::{Call, CallArg, CallType, Expr, Filter, Stmt},
    value::ValueKind,
};

/// The longest way that is followed: a name may be set to a member of itself again and again.
const LONGEST_WAY: usize = 64;

/// The knowledge about the value of an expression.
#[derive(Debug, Clone, PartialEq)]
enum Known {
    /// All events of the task.
    Events,
    /// One of them.
    Event,
    /// This member of the payload of an event; the payload itself where the path is empty.
    Payload(Vec<Part>),
    /// Something else.
    Other,
}

/// All members of payloads that a template names, in order, each once.
pub(super) fn named(template: &Stmt<'_>) -> Vec<Vec<Part>> {
    let globals = [("event", Known::Event), ("events", Known::Events)];
    let globals = globals.into_iter().map(|(name, known)| (name.to_owned(), known)).collect();
    let mut search = Search { scopes: vec![globals], named: Vec::new() };
    search.statement(template);
    search.named.sort_unstable();
    search.named.dedup();
    search.named
}

struct Search {
    /// The names that are set, those of the innermost block last.
    scopes: Vec<HashMap<String, Known>>,
    named: Vec<Vec<Part>>,
}

impl Search {
    fn statements(&mut self, all: &[Stmt<'_>]) {
        all.iter().for_each(|one| self.statement(one));
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(all) => self.statements(&all.children),
            Stmt::EmitExpr(emit) => self.note(&emit.expr),
            Stmt::ForLoop(each) => {
                let element = self.element(&each.iter);
                self.scopes.push(HashMap::from([("loop".to_owned(), Known::Other)]));
                self.bind(&each.target, element);
                each.filter_expr.iter().for_each(|filter| self.note(filter));
                self.statements(&each.body);
                self.scopes.pop();
                self.branch(&each.else_body);
            }
            Stmt::IfCond(choice) => {
                self.note(&choice.expr);
                self.branch(&choice.true_body);
                self.branch(&choice.false_body);
            }
            Stmt::WithBlock(with) => {
                self.scopes.push(HashMap::new());
                for (target, value) in &with.assignments {
                    let value = self.noted(value);
                    self.bind(target, value);
                }
                self.statements(&with.body);
                self.scopes.pop();
            }
            Stmt::Set(set) => {
                let value = self.noted(&set.expr);
                self.bind(&set.target, value);
            }
            Stmt::SetBlock(set) => {
                set.filter.iter().for_each(|filter| self.note(filter));
                self.branch(&set.body);
                self.bind(&set.target, Known::Other);
            }
            Stmt::FilterBlock(block) => {
                self.note(&block.filter);
                self.branch(&block.body);
            }
            // Statements that prompts cannot have.
            _ => {}
        }
    }

    /// Statements that may not be carried out: what they set may have its earlier value as well.
    fn branch(&mut self, all: &[Stmt<'_>]) {
        let before = self.scopes.clone();
        self.statements(all);
        for (scope, before) in self.scopes.iter_mut().zip(&before) {
            for (name, known) in scope.iter_mut() {
                if before.get(name) != Some(known) {
                    *known = Known::Other;
                }
            }
        }
    }

    fn bind(&mut self, target: &Expr<'_>, value: Known) {
        match target {
            Expr::Var(name) => {
                if let Some(scope) = self.scopes.last_mut() {
                    scope.insert(name.id.to_owned(), value);
                }
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.bind(item, Known::Other)),
            Expr::Tuple(list) => list.items.iter().for_each(|item| self.bind(item, Known::Other)),
            _ => {}
        }
    }

    /// Notes the member that an expression is, and returns what is known of its value.
    fn noted(&mut self, expression: &Expr<'_>) -> Known {
        let known = self.of(expression);
        if let Known::Payload(path) = &known
            && !path.is_empty()
        {
            self.named.push(path.clone());
        }
        known
    }

    fn note(&mut self, expression: &Expr<'_>) {
        self.noted(expression);
    }

    fn note_all<'e>(&mut self, all: impl IntoIterator<Item = &'e Expr<'e>>) -> Known {
        all.into_iter().for_each(|one| self.note(one));
        Known::Other
    }

    /// An element of a list.
    fn element(&mut self, list: &Expr<'_>) -> Known {
        match self.noted(list) {
            Known::Events => Known::Event,
            Known::Payload(path) if !path.is_empty() => with(&path, Part::Element),
            _ => Known::Other,
        }
    }

    fn of(&mut self, expression: &Expr<'_>) -> Known {
        match expression {
            Expr::Var(name) => {
                let mut scopes = self.scopes.iter().rev();
                scopes.find_map(|scope| scope.get(name.id)).cloned().unwrap_or(Known::Other)
            }
            Expr::GetAttr(of) => {
                let whole = self.of(&of.expr);
                member(whole, of.name)
            }
            Expr::GetItem(of) => {
                let whole = self.of(&of.expr);
                match &of.subscript_expr {
                    Expr::Const(constant) => self.item(whole, &constant.value),
                    Expr::UnaryOp(one) if matches!(&one.expr, Expr::Const(_)) => {
                        self.item(whole, &Value::from(0))
                    }
                    computed => {
                        self.note(computed);
                        self.end(whole)
                    }
                }
            }
            Expr::Slice(of) => {
                let parts = [&of.start, &of.stop, &of.step].into_iter().flatten();
                parts.for_each(|part| self.note(part));
                match self.noted(&of.expr) {
                    Known::Events => Known::Events,
                    _ => Known::Other,
                }
            }
            Expr::UnaryOp(one) => self.note_all([&one.expr]),
            Expr::BinOp(two) => self.note_all([&two.left, &two.right]),
            Expr::Compare(several) => {
                self.note(&several.expr);
                self.note_all(several.ops.iter().map(|one| &one.expr))
            }
            Expr::IfExpr(choice) => {
                self.note_all([&choice.test_expr, &choice.true_expr]);
                self.note_all(&choice.false_expr)
            }
            Expr::Filter(filter) => self.filter(filter),
            Expr::Test(test) => {
                self.note(&test.expr);
                self.arguments(&test.args)
            }
            Expr::Call(call) => self.call(call),
            Expr::List(list) => self.note_all(&list.items),
            Expr::Tuple(list) => self.note_all(&list.items),
            Expr::Map(map) => {
                self.note_all(&map.keys);
                self.note_all(&map.values)
            }
            Expr::Const(_) => Known::Other,
        }
    }

    fn item(&mut self, whole: Known, key: &Value) -> Known {
        match (&whole, key.as_str(), key.kind()) {
            (_, Some(name), _) => member(whole, name),
            (Known::Events, None, ValueKind::Number) => Known::Event,
            (Known::Payload(path), None, ValueKind::Number) if !path.is_empty() => with(path, Part::Element),
            _ => self.end(whole),
        }
    }

    /// The way goes on to what is not known: what it has led to is named.
    fn end(&mut self, whole: Known) -> Known {
        if let Known::Payload(path) = whole
            && !path.is_empty()
        {
            self.named.push(path);
        }
        Known::Other
    }

    fn filter(&mut self, filter: &Filter<'_>) -> Known {
        self.arguments(&filter.args);
        let Some(of) = &filter.expr else { return Known::Other };
        let value = self.noted(of);
        match (filter.name, value) {
            ("first" | "last", Known::Events) => Known::Event,
            ("reverse" | "list" | "sort", Known::Events) => Known::Events,
            _ => Known::Other,
        }
    }

    fn call(&mut self, call: &Call<'_>) -> Known {
        self.arguments(&call.args);
        match call.identify_call() {
            // A method is no member.
            CallType::Method(of, _) => self.note(of),
            CallType::Object(of) => self.note(of),
            _ => {}
        }
        Known::Other
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) -> Known {
        for argument in arguments {
            let (CallArg::Pos(value)
            | CallArg::Kwarg(_, value)
            | CallArg::PosSplat(value)
            | CallArg::KwargSplat(value)) = argument;
            self.note(value);
        }
        Known::Other
    }
}

/// A member of a value, by its name.
fn member(whole: Known, name: &str) -> Known {
    match whole {
        Known::Event if name == "payload" => Known::Payload(Vec::new()),
        Known::Payload(path) => with(&path, Part::Name(name.to_owned())),
        _ => Known::Other,
    }
}

fn with(path: &[Part], part: Part) -> Known {
    if path.len() >= LONGEST_WAY {
        return Known::Other;
    }
    Known::Payload(path.iter().cloned().chain([part]).collect())
}
