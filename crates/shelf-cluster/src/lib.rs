//! The storage ports on engines of their own: records on PostgreSQL, hints by NATS.

mod bell;
pub mod postgres;
pub mod nats;

pub use bell::Bell;
