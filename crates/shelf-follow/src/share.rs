//! What is fair: how many groups each of several processes follows, and what it takes or gives back
//! to get there. Pure; who is there and who has what comes in.

use shelf_domain::shard::ShardGroup;
use std::collections::BTreeSet;

/// What one process does next to have its share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// Groups above its share.
    pub(crate) give: Vec<ShardGroup>,
    /// Free groups it may take.
    pub(crate) take: Vec<ShardGroup>,
}

/// How many groups `me` follows when every one of `members` does: shares differ by one at most, and
/// those of all make up all groups.
pub(crate) fn share(members: &BTreeSet<&str>, me: &str) -> usize {
    let rank = members.iter().take_while(|member| **member < me).count();
    let others = members.iter().filter(|member| **member != me).count();
    let (all, of) = (usize::from(ShardGroup::COUNT), others + 1);
    all / of + usize::from(rank < all % of)
}

/// What somebody does whose share is `share`, who has `mine` while others have `theirs`.
pub(crate) fn step(
    share: usize,
    mine: &BTreeSet<ShardGroup>,
    theirs: &BTreeSet<ShardGroup>,
) -> Step {
    let give = mine.iter().skip(share).copied().collect();
    let missing = share.saturating_sub(mine.len());
    let free = ShardGroup::all().filter(|group| !mine.contains(group) && !theirs.contains(group));
    Step { give, take: free.take(missing).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn members(of: &[String]) -> BTreeSet<&str> {
        of.iter().map(String::as_str).collect()
    }

    fn named(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("{number:03}")).collect()
    }

    #[test]
    fn shares_make_up_all_groups_and_differ_by_one_at_most() {
        for count in 1..=200 {
            let all = named(count);
            let members = members(&all);
            let shares: Vec<usize> = members.iter().map(|me| share(&members, me)).collect();
            assert_eq!(shares.iter().sum::<usize>(), 64, "{count} processes");
            let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
            assert!(most - least <= 1, "{count} processes: {shares:?}");
        }
    }

    #[test]
    fn who_is_not_seen_yet_counts_itself() {
        let all = named(3);
        assert_eq!(share(&members(&all), "9"), 16);
        assert_eq!(share(&BTreeSet::new(), "9"), 64);
    }

    /// Whoever comes, goes or dies, and in whatever order they act: after a few rounds each group
    /// has one holder, and each process its share.
    #[test]
    fn every_history_of_coming_and_going_ends_with_fair_shares() {
        let mut dice = 7_u64;
        let mut roll = |below: usize| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
            usize::try_from(dice >> 33).unwrap() % below
        };
        let mut held: BTreeMap<String, BTreeSet<ShardGroup>> = BTreeMap::new();
        for number in 0..300 {
            if held.len() > 1 && roll(2) == 0 {
                let gone = held.keys().nth(roll(held.len())).unwrap().clone();
                held.remove(&gone);
            } else {
                held.insert(format!("{:03}-{number}", roll(1_000)), BTreeSet::new());
            }
            for _ in 0..3 {
                let mut names: Vec<String> = held.keys().cloned().collect();
                while !names.is_empty() {
                    let me = names.swap_remove(roll(names.len()));
                    act(&mut held, &me);
                }
            }
            let names: Vec<String> = held.keys().cloned().collect();
            let members = members(&names);
            for (me, mine) in &held {
                assert_eq!(mine.len(), share(&members, me), "{me} of {}", held.len());
            }
        }
    }

    fn act(held: &mut BTreeMap<String, BTreeSet<ShardGroup>>, me: &str) {
        let names: Vec<String> = held.keys().cloned().collect();
        let others = held.iter().filter(|(name, _)| *name != me);
        let theirs: BTreeSet<_> = others.flat_map(|(_, groups)| groups).copied().collect();
        let mine = held.get_mut(me).unwrap();
        let step = step(share(&members(&names), me), mine, &theirs);
        assert!(step.give.is_empty() || step.take.is_empty(), "it gives or takes, never both");
        mine.retain(|group| !step.give.contains(group));
        assert!(step.take.iter().all(|group| !theirs.contains(group)), "what is free");
        mine.extend(step.take);
    }
}
