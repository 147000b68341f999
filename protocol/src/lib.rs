//! The one definition of aiwg's API: service trait, types, JSON-RPC 2.0 wire and schema emitter.
