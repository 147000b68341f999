//! The small parent process under which each agent of the aiwg daemon runs.
