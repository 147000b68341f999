//! Patterns, names, templates and rules that would end the daemon or never fire.

mod input;
mod vain;
