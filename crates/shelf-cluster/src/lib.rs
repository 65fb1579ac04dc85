//! The storage ports on engines of their own: records on PostgreSQL, search on Qdrant, hints by
//! NATS, what may be forgotten on Redis, files on S3.

mod bell;
pub mod postgres;
pub mod nats;
pub mod redis;
pub mod qdrant;
pub mod s3;

pub use bell::Bell;

/// What each column says about a person, and what each table is for (TOML).
pub const PRIVACY: &str = include_str!("../privacy.toml");
