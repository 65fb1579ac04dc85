//! The dictionary of field names in spans, logs and metrics.

/// The tenant a use case works for.
pub const TENANT: &str = "tenant";
/// The library a use case works on.
pub const LIBRARY: &str = "library";
/// A position in a library's log.
pub const SEQ: &str = "seq";
/// The follower a line is about.
pub const FOLLOWER: &str = "follower";
/// Changes between a follower and the head.
pub const LAG_CHANGES: &str = "lag_changes";
/// Changes taken in at once.
pub const BATCH_SIZE: &str = "batch_size";
/// The code of a refusal.
pub const CODE: &str = "code";
/// The endpoint of webhooks a line is about.
pub const ENDPOINT: &str = "endpoint";
/// The delivery a line is about.
pub const DELIVERY: &str = "delivery";
