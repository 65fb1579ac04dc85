//! The pages people see, rendered on the server.

pub mod assets;
pub mod link;
pub mod words;
pub mod marked;
pub mod ui;
pub mod frame;
pub mod pages;
pub mod policy;
