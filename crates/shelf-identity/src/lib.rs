//! Tenants, people, one-time links, sessions and tokens.
