//! Patterns, names, templates and rules that would end the daemon or never fire.

mod changed;
mod configs;
mod input;
mod vain;
