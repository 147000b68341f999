//! End-to-end tests of aiwg against the real binary.
