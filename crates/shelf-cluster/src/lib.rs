//! The storage ports on engines of their own: so far accounts, activity, imports and kept replies
//! on PostgreSQL.

pub mod postgres;
