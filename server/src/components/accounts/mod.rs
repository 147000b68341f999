//! The accounts of agents: their section of the configuration, the file in which the daemons of a user share what they know of them, and the warning
//! before a credential expires.

mod check;
mod credentials;
mod sharing;
mod watched;

pub(crate) use check::AccountsCheck;
pub(crate) use credentials::Credentials;
pub(crate) use sharing::AccountSharing;
