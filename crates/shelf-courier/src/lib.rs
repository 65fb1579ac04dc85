//! Webhooks: who is told what happens in a library, and how it reaches them.
//!
//! An act in the log becomes one delivery an endpoint ([`TellFollower`]), and each delivery one
//! signed request, tried again until it is taken ([`Rounds`]). What is sent is read from the log
//! when it is sent; nothing anybody typed is kept a second time.
#![warn(missing_docs)]

mod courier;
mod signature;
mod schedule;
mod secret;
mod keys;
mod event;
mod add_endpoint;
mod edit_endpoint;
mod rotate_secret;
mod remove_endpoint;
mod look;
mod send_again;
mod send_test;
mod tell;
mod watched;
mod rounds;
mod tell_erased;

pub use add_endpoint::{AddEndpoint, Added, add_endpoint};
pub use courier::{Courier, Manager};
pub use edit_endpoint::{EditEndpoint, edit_endpoint};
pub use keys::seal_keys;
pub use look::{Shown, delivery, endpoint, given_up, list_deliveries, list_endpoints};
pub use remove_endpoint::remove_endpoint;
pub use rotate_secret::rotate_secret;
pub use rounds::{Rounds, Share};
pub use schedule::ATTEMPTS_MAX;
pub use secret::EndpointSecret;
pub use send_again::send_again;
pub use send_test::send_test;
pub use signature::sign;
pub use tell::TellFollower;
pub use tell_erased::tell_erased;
pub use watched::{Watched, WatchedNews};
