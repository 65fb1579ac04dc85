//! The door out against names that lie, servers that misbehave, and whoever led the way there.
//!
//! The rules are never relaxed here: what is replaced is what a name resolves to and what a
//! connection to an address leads to.

mod net;
mod hostile;
mod addresses;
mod names;
mod redirects;
mod bodies;
mod slow;
mod turns;
