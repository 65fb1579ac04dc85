//! The one door out: HTTP to the public internet and nowhere else.
//!
//! A server that fetches what people name can be made to ask what only it can reach: itself, its
//! neighbours, its cloud. [`Guard`] keeps the port [`Outbound`](shelf_ports::outbound::Outbound)
//! so that it cannot. Read `guard` first: it is the way of one request.
//!
//! **Why by hand on hyper, and not by reqwest**, which the client uses: here the connection is the
//! rule. A name is resolved once, every address judged, one of them dialled, the far end looked at
//! before a byte is sent, and the head of the answer bounded while it arrives; reqwest offers
//! neither of the last two. Whatever would have to be switched off in a whole client (proxies of
//! the environment, cookies, redirects, pools, decoders that another crate's features switch on)
//! is not there at all. The price: HTTP/1.1 alone, a connection a request, no happy eyeballs.
//!
//! **Why gzip alone**: it is what is asked for, whoever can pack can pack so, and each decoder more
//! is a parser of hostile bytes. A body in another coding is refused before it is read.
//!
//! **Why no hole for tests**: they need servers on loopback, which the rules forbid. The two
//! seams, names to addresses and addresses to connections, are private to the crate, and what
//! replaces them is compiled for its tests alone. Every rule runs in every test.
#![warn(missing_docs, clippy::indexing_slicing, clippy::string_slice)]

mod address;
mod rules;
mod target;
mod caps;
mod resolve;
mod line;
mod tls;
mod request;
mod exchange;
mod unpack;
mod sniff;
mod body;
mod turns;
mod guard;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;
#[cfg(test)]
mod tests;

pub use guard::Guard;
pub use rules::{Allowed, NotAllowed, Rules};
