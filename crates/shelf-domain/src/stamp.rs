//! Hybrid logical time: which of two puts on one register is the later one.

use crate::id::DeviceId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Highest milliseconds an [`Hlc`] can hold (48 bits).
const MILLIS_MAX: u64 = (1 << 48) - 1;

/// How far ahead of the server's clock an author's stamp may be, in milliseconds.
pub const AHEAD_MAX_MS: i64 = 60_000;

/// A position in a library's log: gapless above the floor, starting at 1; 0 is before everything.
pub type Seq = u64;

/// Hybrid logical clock: 48-bit milliseconds since 1970 and a 16-bit counter, as one number
/// (Kulkarni et al., "Logical Physical Clocks", 2014). Written as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hlc(u64);

impl Hlc {
    /// The stamp of millisecond `ms` with counter 0; times outside 48 bits are clamped.
    pub fn at(ms: i64) -> Self {
        Self(u64::try_from(ms).unwrap_or(0).min(MILLIS_MAX) << 16)
    }

    /// The stamp with these raw 64 bits.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The raw 64 bits.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The milliseconds part.
    pub fn millis(self) -> i64 {
        i64::try_from(self.0 >> 16).unwrap_or(i64::MAX)
    }

    /// The smallest stamp later than this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// What a local write gets: later than `now` and than all the library has seen.
    #[must_use]
    pub fn local(now: i64, head: Hlc) -> Self {
        Self::at(now).max(head).next()
    }

    /// What an author's stamp becomes when logged: itself, unless it is over
    /// [`AHEAD_MAX_MS`] ahead of the server; then it is treated as a local write.
    #[must_use]
    pub fn clamped(self, now: i64, head: Hlc) -> Self {
        if self.millis() > now.saturating_add(AHEAD_MAX_MS) { Self::local(now, head) } else { self }
    }
}

impl fmt::Display for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hlc({self})")
    }
}

impl Serialize for Hlc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hlc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(serde::de::Error::custom("a stamp is 16 hexadecimal digits"));
        }
        u64::from_str_radix(&text, 16).map(Self).map_err(serde::de::Error::custom)
    }
}

/// When and by whom a register was put; the greater stamp wins the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Logical time.
    pub hlc: Hlc,
    /// The author, which breaks ties.
    pub device: DeviceId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_from_a_wrong_clock_does_not_win_for_ever() {
        let head = Hlc::at(1_000).next();
        assert_eq!(Hlc::at(70_000).clamped(1_000, head), head.next());
        assert_eq!(Hlc::at(61_000).clamped(1_000, head), Hlc::at(61_000));
        assert_eq!(Hlc::at(5).clamped(1_000, head), Hlc::at(5));
    }

    #[test]
    fn a_stamp_reads_back_from_its_digits() {
        let stamp = Hlc::from_bits(0x018b_cfe5_6800_0003);
        let json = serde_json::to_string(&stamp).unwrap();
        assert_eq!(json, "\"018bcfe568000003\"");
        assert_eq!(serde_json::from_str::<Hlc>(&json).unwrap(), stamp);
    }
}
