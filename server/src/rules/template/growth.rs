//! A bound on the size of what a template produces, found before it is rendered.
//!
//! A list that holds another one twice, that again twice and so on is small and takes no work to make: nothing is copied. Written as text it
//! has no end, and the engine's fuel does not count what is written. So each value is given a bound here, and operations that turn values into
//! text, or look into them, must not be given a value that could be larger than that.

use std::collections::HashMap;

use minijinja::{
    Value,
    machinery::ast::{BinOp, BinOpKind, CallArg, Expr, Filter, Stmt, UnaryOpKind},
    value::ValueKind,
};

use super::TemplateError;

/// The most parts of a value that is written as text, or looked into.
const LARGEST: f64 = 32_000_000.0;

/// The most repetitions of the engine before it is out of fuel.
const MOST_TIMES: f64 = 2_000_000.0;

/// The number of values that are followed one by one.
const FOLLOWED: usize = 10_000;

/// The knowledge about a value.
#[derive(Debug, Clone)]
enum Bound {
    /// One of these values.
    Known(Vec<Value>),
    /// A value with so many parts at the most; `is_plain` is true if it is no list.
    Parts { most: f64, is_plain: bool },
}

/// A text, a number and the like.
const PLAIN: Bound = Bound::Parts { most: 1.0, is_plain: true };

impl Bound {
    const fn parts(most: f64) -> Self {
        Self::Parts { most, is_plain: false }
    }

    fn most(&self) -> f64 {
        match self {
            Self::Known(values) => values.iter().map(parts).fold(1.0, f64::max),
            Self::Parts { most, .. } => *most,
        }
    }

    fn is_plain(&self) -> bool {
        match self {
            Self::Known(values) => values.iter().all(|value| !is_container(value)),
            Self::Parts { is_plain, .. } => *is_plain,
        }
    }

    /// The possible values of one of its members.
    fn member(&self, find: impl Fn(&Value) -> Option<Value>) -> Self {
        match self {
            Self::Known(values) => Self::Known(values.iter().filter_map(find).collect()),
            Self::Parts { .. } => self.clone(),
        }
    }

    /// The possible values of its elements.
    fn element(&self) -> Self {
        let Self::Known(values) = self else { return self.clone() };
        let mut elements = Vec::new();
        for value in values {
            let left = FOLLOWED.saturating_sub(elements.len());
            elements.extend(value.try_iter().into_iter().flatten().take(left + 1));
        }
        if elements.len() > FOLLOWED { Self::parts(self.most()) } else { Self::Known(elements) }
    }
}

fn is_container(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::Iterable | ValueKind::Plain)
}

/// The number of parts of a value, or more than may be.
fn parts(value: &Value) -> f64 {
    let mut count = 1.0;
    let mut open = vec![value.clone()];
    while let Some(next) = open.pop().filter(|_| count <= LARGEST) {
        let is_map = next.kind() == ValueKind::Map;
        if !is_container(&next) {
            continue;
        }
        for inner in next.try_iter().into_iter().flatten() {
            count += 1.0;
            let inner = if is_map { next.get_item(&inner).unwrap_or_default() } else { inner };
            if is_container(&inner) {
                open.push(inner);
            }
            if count > LARGEST {
                break;
            }
        }
    }
    count
}

/// Checks that nothing that a template produces could become too large, with this data; without data, by the template itself.
pub(super) fn check(template: &Stmt<'_>, data: Option<&Value>) -> Result<(), TemplateError> {
    let mut growth = Growth { names: HashMap::new(), data };
    growth.statement(template)
}

struct Growth<'d> {
    /// The names that have been set so far. Each loop starts with those that were set before it.
    names: HashMap<String, Bound>,
    data: Option<&'d Value>,
}

impl Growth<'_> {
    fn statements(&mut self, all: &[Stmt<'_>]) -> Result<(), TemplateError> {
        all.iter().try_for_each(|one| self.statement(one))
    }

    fn statement(&mut self, statement: &Stmt<'_>) -> Result<(), TemplateError> {
        match statement {
            Stmt::Template(all) => self.statements(&all.children),
            Stmt::EmitExpr(emit) => self.of(&emit.expr).map(drop),
            Stmt::ForLoop(each) => {
                let list = self.of(&each.iter)?;
                self.names.insert("loop".to_owned(), Bound::parts(list.most() * 3.0));
                self.bind(&each.target, list.element());
                each.filter_expr.iter().try_for_each(|filter| self.of(filter).map(drop))?;
                self.statements(&each.body)?;
                self.statements(&each.else_body)
            }
            Stmt::IfCond(choice) => {
                self.of(&choice.expr)?;
                self.statements(&choice.true_body)?;
                self.statements(&choice.false_body)
            }
            Stmt::WithBlock(with) => {
                for (target, value) in &with.assignments {
                    let value = self.of(value)?;
                    self.bind(target, value);
                }
                self.statements(&with.body)
            }
            Stmt::Set(set) => {
                let value = self.of(&set.expr)?;
                self.bind(&set.target, value);
                Ok(())
            }
            Stmt::SetBlock(set) => {
                set.filter.iter().try_for_each(|filter| self.of(filter).map(drop))?;
                self.statements(&set.body)?;
                self.bind(&set.target, PLAIN);
                Ok(())
            }
            Stmt::FilterBlock(block) => {
                self.of(&block.filter)?;
                self.statements(&block.body)
            }
            // Statements that prompts cannot have.
            _ => Ok(()),
        }
    }

    /// Gives a name this value from here on; in a branch, the earlier value stays possible.
    fn bind(&mut self, target: &Expr<'_>, value: Bound) {
        match target {
            Expr::Var(name) => {
                let value = match self.names.get(name.id) {
                    Some(before) if before.most() > value.most() => Bound::parts(before.most()),
                    Some(before) if !before.is_plain() => Bound::parts(value.most()),
                    _ => value,
                };
                self.names.insert(name.id.to_owned(), value);
            }
            Expr::List(list) => self.bind_each(&list.items, value),
            Expr::Tuple(list) => self.bind_each(&list.items, value),
            _ => {}
        }
    }

    fn bind_each(&mut self, targets: &[Expr<'_>], value: Bound) {
        let element = value.element();
        targets.iter().for_each(|target| self.bind(target, element.clone()));
    }

    /// The bound of the value of an expression.
    fn of(&self, expression: &Expr<'_>) -> Result<Bound, TemplateError> {
        Ok(match expression {
            Expr::Const(constant) => Bound::Known(vec![constant.value.clone()]),
            Expr::Var(name) => match (self.names.get(name.id), self.data) {
                (Some(bound), _) => bound.clone(),
                (None, Some(data)) => Bound::Known(data.get_attr(name.id).into_iter().collect()),
                (None, None) => PLAIN,
            },
            Expr::GetAttr(of) => self.of(&of.expr)?.member(|value| value.get_attr(of.name).ok()),
            Expr::GetItem(of) => match (self.of(&of.expr)?, self.of(&of.subscript_expr)?) {
                (whole @ Bound::Known(_), Bound::Known(keys)) if keys.len() == 1 => {
                    whole.member(|value| value.get_item(keys.first()?).ok())
                }
                (whole, _) => self.any(whole),
            },
            Expr::Slice(of) => {
                for part in [&of.start, &of.stop, &of.step].into_iter().flatten() {
                    self.of(part)?;
                }
                self.any(self.of(&of.expr)?)
            }
            Expr::UnaryOp(one) => match (&one.op, self.of(&one.expr)?) {
                (UnaryOpKind::Not, _) => PLAIN,
                (_, bound) => bound,
            },
            Expr::BinOp(two) => self.binary(two)?,
            Expr::Compare(several) => {
                self.looked_into(self.of(&several.expr)?)?;
                for one in &several.ops {
                    self.looked_into(self.of(&one.expr)?)?;
                }
                PLAIN
            }
            Expr::IfExpr(choice) => {
                self.of(&choice.test_expr)?;
                let other = choice.false_expr.as_ref().map(|other| self.of(other)).transpose()?;
                either(self.of(&choice.true_expr)?, other.unwrap_or(PLAIN))
            }
            Expr::Filter(filter) => self.filter(filter)?,
            Expr::Test(test) => {
                self.looked_into(self.of(&test.expr)?)?;
                self.arguments(&test.args)?;
                PLAIN
            }
            Expr::Call(call) => {
                let base = self.of(&call.expr)?;
                together([base].into_iter().chain(self.arguments(&call.args)?))
            }
            Expr::List(list) => self.all(&list.items)?,
            Expr::Tuple(list) => self.all(&list.items)?,
            Expr::Map(map) => together([self.all(&map.keys)?, self.all(&map.values)?]),
        })
    }

    /// Any part of it.
    fn any(&self, whole: Bound) -> Bound {
        match whole {
            Bound::Known(_) => Bound::Parts { most: whole.most(), is_plain: whole.is_plain() },
            bound => bound,
        }
    }

    fn all(&self, items: &[Expr<'_>]) -> Result<Bound, TemplateError> {
        let items: Vec<Bound> = items.iter().map(|item| self.of(item)).collect::<Result<_, _>>()?;
        Ok(together(items))
    }

    fn binary(&self, two: &BinOp<'_>) -> Result<Bound, TemplateError> {
        let (left, right) = (self.of(&two.left)?, self.of(&two.right)?);
        let is_plain = left.is_plain() && right.is_plain();
        Ok(match two.op {
            BinOpKind::ScAnd | BinOpKind::ScOr => either(left, right),
            BinOpKind::Add if is_plain => PLAIN,
            BinOpKind::Add => together([left, right]),
            BinOpKind::Mul if is_plain => PLAIN,
            BinOpKind::Mul => Bound::parts(left.most().max(right.most()) * times(&left).min(times(&right))),
            // They are written as text, or compared.
            _ => {
                self.looked_into(left)?;
                self.looked_into(right)?;
                PLAIN
            }
        })
    }

    fn filter(&self, filter: &Filter<'_>) -> Result<Bound, TemplateError> {
        let value = filter.expr.as_ref().map_or(Ok(PLAIN), |value| self.of(value))?;
        self.looked_into(value.clone())?;
        let arguments = self.arguments(&filter.args)?;
        let most = value.most();
        let inserted: f64 = arguments
            .iter()
            .filter(|argument| !argument.is_plain())
            .map(Bound::most)
            .fold(0.0, |sum, one| sum + one);
        Ok(match filter.name {
            "length" | "count" | "upper" | "lower" | "title" | "capitalize" | "replace" | "trim" | "join"
            | "string" | "int" | "float" | "abs" | "round" | "bool" | "indent" | "format" | "pprint"
            | "tojson" => PLAIN,
            "default" | "d" => either(value, together(arguments)),
            "first" | "last" | "min" | "max" => self.any(value.element()),
            "list" | "sort" | "reverse" | "unique" | "select" | "reject" | "selectattr" | "rejectattr"
            | "chain" => Bound::parts(most + inserted),
            "batch" | "slice" if inserted > 0.0 => Bound::parts(most * 2.0 + inserted * MOST_TIMES),
            "map" => Bound::parts(most * (1.0 + inserted)),
            _ => Bound::parts(2.0 * (most + inserted) + 2.0),
        })
    }

    /// The bounds of arguments, which become text as well.
    fn arguments(&self, arguments: &[CallArg<'_>]) -> Result<Vec<Bound>, TemplateError> {
        let mut bounds = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let (CallArg::Pos(value)
            | CallArg::Kwarg(_, value)
            | CallArg::PosSplat(value)
            | CallArg::KwargSplat(value)) = argument;
            let bound = self.of(value)?;
            self.looked_into(bound.clone())?;
            bounds.push(bound);
        }
        Ok(bounds)
    }

    fn looked_into(&self, bound: Bound) -> Result<(), TemplateError> {
        if bound.most() <= LARGEST {
            return Ok(());
        }
        Err(TemplateError(
            "it takes more work or memory than a prompt may: lists hold other lists, or are added to or repeated, so often that what is \
             made of them as text could have no end"
                .to_owned(),
        ))
    }
}

/// The bound of a value that is one or the other.
fn either(one: Bound, other: Bound) -> Bound {
    match (one, other) {
        (Bound::Known(one), Bound::Known(other)) => Bound::Known(one.into_iter().chain(other).collect()),
        (one, other) => {
            Bound::Parts { most: one.most().max(other.most()), is_plain: one.is_plain() && other.is_plain() }
        }
    }
}

/// A list of all.
fn together(items: impl IntoIterator<Item = Bound>) -> Bound {
    Bound::parts(items.into_iter().map(|item| item.most()).fold(1.0, |sum, one| sum + one))
}

/// The number of repetitions of a value that is multiplied by this one.
fn times(by: &Bound) -> f64 {
    match by {
        Bound::Known(values) => values
            .iter()
            .map(|value| {
                f64::try_from(value.clone()).map_or(MOST_TIMES, |times| times.clamp(1.0, MOST_TIMES))
            })
            .fold(1.0, f64::max),
        Bound::Parts { .. } => MOST_TIMES,
    }
}
