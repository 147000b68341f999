//! Agents that remove, replace or flood what the daemon keeps of them, and shortages while they start.
