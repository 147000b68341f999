//! The ways in which clients reach the [`api`](crate::api), and others what they collect.

pub(crate) mod http;
pub(crate) mod metrics;
pub(crate) mod socket;
pub(crate) mod webhooks;
