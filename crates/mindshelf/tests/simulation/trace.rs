//! The trace: all that was decided and answered, as a hash, and its last lines for whoever looks
//! for what went wrong.

use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// Lines that are kept to be read.
const LAST: usize = 40;

/// What happened so far.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    hash: Sha256,
    lines: u64,
    last: VecDeque<String>,
}

impl Trace {
    /// Something happened.
    pub(crate) fn note(&mut self, line: String) {
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
        self.lines += 1;
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// How much happened.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// SHA-256 of all of it, in hex.
    pub(crate) fn hash(&self) -> String {
        hex::encode(self.hash.clone().finalize())
    }

    /// The last lines.
    pub(crate) fn tail(&self) -> String {
        let last: Vec<&str> = self.last.iter().map(String::as_str).collect();
        last.join("\n")
    }
}

/// A few digits that tell `bytes` from others.
pub(crate) fn digits(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hex::encode(&hash[..6])
}
