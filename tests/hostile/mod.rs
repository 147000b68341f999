//! The daemon as an enemy would try it: input that ends it, files that are executed, agents that cannot be stopped, memory without a
//! bound. Each test is a fault that was found once, or a sibling of one.

mod agents;
mod clients;
mod command;
mod rules;
mod state;
mod store;
mod watching;
mod wire;
