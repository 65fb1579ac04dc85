//! The pages people see, rendered on the server.

pub mod assets;
pub mod link;
pub mod words;
pub mod marked;
pub mod ui;
pub mod frame;
pub mod pages;
pub mod policy;
pub mod web;
mod public_url;
mod readdress;
mod beneath;
mod within;
mod cookies;
mod trouble;
mod limit;
mod deadline;
mod visit;
mod posted;
mod marks;
mod shown;
mod deeds;
mod writers;
mod browser;
mod upload;

mod handlers;
mod router;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;

pub use beneath::beneath;
pub use public_url::{NotPublic, PublicUrl};
pub use router::router;
pub use web::Web;
