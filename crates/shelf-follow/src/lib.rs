//! The follower: who has news, read after cursor, batch, apply, back off, rebuild, measure.
