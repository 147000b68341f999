//! Generates schema/, the JavaScript and Python clients and docs/protocol.md from the definition.
