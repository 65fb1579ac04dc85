//! Who follows for all, as the leases tell it: for whoever looks on.

use crate::turns::{FOLLOW, PRESENT};
use shelf_ports::Fault;
use shelf_ports::leases::{Lease, Leases};
use shelf_ports::machine::Share;
use std::collections::BTreeMap;

/// Leases that are read; what is beyond is not told.
const LEASES_MAX: usize = 4_096;
/// Characters by which a process is told from others.
const NAME_CHARS: usize = 8;

/// Which processes follow how many groups, by follower and process.
pub async fn shares(leases: &dyn Leases) -> Result<Vec<Share>, Fault> {
    Ok(tally(&leases.held(FOLLOW, LEASES_MAX).await?))
}

/// A process that is there and has no group yet has none.
fn tally(held: &[Lease]) -> Vec<Share> {
    let mut all: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for lease in held {
        let Some(rest) = lease.name.strip_prefix(FOLLOW) else { continue };
        if let Some((follower, _)) = rest.split_once(PRESENT) {
            all.entry((follower, lease.holder.as_str())).or_default();
        } else if let Some((follower, _)) = rest.rsplit_once('/') {
            *all.entry((follower, lease.holder.as_str())).or_default() += 1;
        }
    }
    let share = |((follower, holder), groups): ((&str, &str), usize)| {
        let process = holder.chars().take(NAME_CHARS).collect();
        Share { follower: follower.to_owned(), process, groups }
    };
    all.into_iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_told_by_follower_and_process_and_who_has_none_is_told_too() {
        let lease = |(name, holder): (&str, &str)| Lease {
            name: name.to_owned(),
            holder: holder.to_owned(),
        };
        let held = [
            ("follow/text/00", "aaaaaaaa11"),
            ("follow/text/01", "aaaaaaaa11"),
            ("follow/text/02", "bbbbbbbb22"),
            ("follow/text/at/aaaaaaaa11", "aaaaaaaa11"),
            ("follow/text/at/bbbbbbbb22", "bbbbbbbb22"),
            ("follow/text/at/cccccccc33", "cccccccc33"),
            ("import/of/somebody", "aaaaaaaa11"),
        ];
        let told: Vec<_> = tally(&held.map(lease))
            .into_iter()
            .map(|share| (share.follower, share.process, share.groups))
            .collect();
        let of = |process: &str, groups| ("text".to_owned(), process.to_owned(), groups);
        assert_eq!(told, [of("aaaaaaaa", 2), of("bbbbbbbb", 1), of("cccccccc", 0)]);
        assert!(tally(&[]).is_empty());
    }
}
