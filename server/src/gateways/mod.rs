//! The ways in which clients reach the [`api`](crate::api).

pub(crate) mod socket;
pub(crate) mod webhooks;
