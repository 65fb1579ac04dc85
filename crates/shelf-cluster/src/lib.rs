//! The storage ports on engines of their own: records on PostgreSQL, search on Qdrant, hints by
//! NATS, what may be forgotten on Redis.

mod bell;
pub mod postgres;
pub mod nats;
pub mod redis;
pub mod qdrant;

pub use bell::Bell;
