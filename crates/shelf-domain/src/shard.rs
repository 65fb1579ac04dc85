//! Shard groups: how the libraries of a shelf are shared out among processes.

use crate::id::LibraryId;
use sha2::{Digest, Sha256};
use std::fmt;

/// One of the 64 groups every library falls into, and processes share the work by.
///
/// The first twelve bits of the SHA-256 of a library's id are its shard, one of 4,096; the first
/// six of them are its group. Frozen: processes of two versions have to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardGroup(u8);

impl ShardGroup {
    /// How many there are.
    pub const COUNT: u8 = 64;

    /// The group `library` falls into.
    pub fn of(library: LibraryId) -> Self {
        Self(Sha256::digest(library.to_bytes())[0] >> 2)
    }

    /// Every group, rising.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }
}

/// Two digits, so that names rise with numbers.
impl fmt::Display for ShardGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Ids;
    use std::collections::BTreeMap;

    #[test]
    fn a_library_stays_in_its_group_for_ever() {
        let golden = [
            ("00000000-0000-0000-0000-000000000000", "13"),
            ("ffffffff-ffff-ffff-ffff-ffffffffffff", "22"),
            ("01890a5d-ac96-774b-bcce-b302099a8057", "37"),
            ("018bcfe5-6800-7000-8000-000000000001", "28"),
            ("018bcfe5-6800-7000-8000-000000000002", "56"),
        ];
        for (library, group) in golden {
            let found = ShardGroup::of(library.parse().unwrap());
            assert_eq!(found.to_string(), group, "{library}");
        }
    }

    #[test]
    fn libraries_made_one_after_the_other_spread_over_all_groups() {
        let mut ids = Ids::new(1_700_000_000_000, [7; 16]);
        let mut libraries: BTreeMap<ShardGroup, u32> = BTreeMap::new();
        for _ in 0..6_400 {
            *libraries.entry(ShardGroup::of(ids.make())).or_default() += 1;
        }
        assert!(ShardGroup::all().eq(libraries.keys().copied()), "no group is empty");
        let most = libraries.values().max().unwrap();
        assert!(*most < 150, "a group has {most} of 6,400 libraries");
    }
}
