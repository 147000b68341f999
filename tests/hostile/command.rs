//! What the command meets: daemons that hang, stop, or lie.
