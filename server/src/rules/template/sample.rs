//! Sample events, for a dry run of a prompt before there are any: it shows a reference to something that no event will ever have.

use std::sync::Arc;

use minijinja::{
    Value, context,
    value::{Enumerator, Object, ObjectRepr},
};

/// The depth of lists within the sample payload: written as JSON, it has to end.
const DEPTH: u8 = 8;

/// Stand-in payload: has every member and is a list of itself.
#[derive(Debug)]
struct Anything(u8);

impl Object for Anything {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(Value::from_object(Self(DEPTH)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let next = self.0.checked_sub(1).map(|depth| Value::from_object(Self(depth)));
        Enumerator::Iter(Box::new(next.into_iter()))
    }
}

/// A list of equal elements, of any length.
#[derive(Debug)]
struct Many(Value);

impl Object for Many {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, place: &Value) -> Option<Value> {
        place.as_i64().map(|_| self.0.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(1)
    }
}

/// The value of every name to which a prompt may refer.
pub(super) fn sample() -> Value {
    let event = context! {
        seq => 1,
        topic => "topic",
        payload => Value::from_object(Anything(DEPTH)),
        source => "client",
        at => "2026-11-23T14:33:23.042Z",
        causedBy => context! { task => "task-0001", rule => "rule", event => 1, depth => 1 },
    };
    context! {
        events => Value::from_object(Many(event.clone())),
        event => event,
        files => Value::from_object(Many(Value::from("path"))),
        matches => 1,
        rule => "rule",
    }
}
