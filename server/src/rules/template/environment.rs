use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use minijinja::{AutoEscape, Environment, UndefinedBehavior, filters};

use super::quote::{Inserted, JOIN, insert, joined, text, to_json};

/// The number of instructions of the template engine that a prompt may take, or 64 times as many bytes.
const FUEL: u64 = 1_000_000;

/// The greatest depth of loops and the like within each other.
const DEEPEST: usize = 50;

/// True if something was too long to be inserted whole.
#[derive(Debug, Clone, Default)]
pub(super) struct Shortened(Arc<AtomicBool>);

impl Shortened {
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The environment in which templates are rendered, and the mark that it had to shorten something.
pub(super) fn environment() -> (Environment<'static>, Shortened) {
    let shortened = Shortened::default();
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // So that errors name the missing member.
    environment.set_debug(true);
    // A prompt is no HTML; it is this formatter that quotes.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let flag = Arc::clone(&shortened.0);
    environment.set_formatter(move |out, state, value| {
        let inserted = insert(out, state, value)?;
        flag.fetch_or(inserted == Inserted::Shortened, Ordering::Relaxed);
        Ok(())
    });
    // These filters would insert values of an event without quotes.
    ["e", "escape", "safe"].iter().for_each(|filter| environment.remove_filter(filter));
    // A value to which a loop adds in each round could become as deep as there are rounds.
    ["namespace", "debug"].iter().for_each(|function| environment.remove_global(function));
    environment.add_filter(JOIN, filters::join);
    environment.add_filter("join", joined);
    environment.add_filter("string", text);
    environment.add_filter("tojson", to_json);
    // A prompt must end: loops over loops over the members of an event may be long.
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEEPEST);
    (environment, shortened)
}
