//! The attribute that turns the service trait into a method table.
