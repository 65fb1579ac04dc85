//! The binary: settings, wiring, roles and commands.
