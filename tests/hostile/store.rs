//! A database that is locked, full, or holds impossible values.
