use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use minijinja::{AutoEscape, Environment, UndefinedBehavior, filters};

use super::quote::{Inserted, JOIN, insert, joined, text, to_json};

/// How many instructions of the template engine a prompt may take, or 64 times as many bytes.
const FUEL: u64 = 1_000_000;

/// How deep loops and their like may stand in each other.
const DEEPEST: usize = 50;

/// Whether something was too long to be inserted whole.
#[derive(Debug, Clone, Default)]
pub(super) struct Shortened(Arc<AtomicBool>);

impl Shortened {
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What templates are rendered with, and whether it had to shorten something.
pub(super) fn environment() -> (Environment<'static>, Shortened) {
    let shortened = Shortened::default();
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // So that it names what is not there.
    environment.set_debug(true);
    // A prompt is no HTML; it is this formatter that quotes.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let flag = Arc::clone(&shortened.0);
    environment.set_formatter(move |out, state, value| {
        let inserted = insert(out, state, value)?;
        flag.fetch_or(inserted == Inserted::Shortened, Ordering::Relaxed);
        Ok(())
    });
    // These would say of what an event brings that it needs no quotes.
    ["e", "escape", "safe"].iter().for_each(|filter| environment.remove_filter(filter));
    // What a loop adds to from round to round could become as deep as there are rounds.
    ["namespace", "debug"].iter().for_each(|function| environment.remove_global(function));
    environment.add_filter(JOIN, filters::join);
    environment.add_filter("join", joined);
    environment.add_filter("string", text);
    environment.add_filter("tojson", to_json);
    // A prompt must end: loops over loops over what an event brings may be long.
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEEPEST);
    (environment, shortened)
}
