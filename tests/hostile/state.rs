//! State that a clone brings, configurations that agents edit, and clients that hide who they are.
