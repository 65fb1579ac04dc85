//! The exam of leases.

use shelf_ports::leases::{Fence, Lease, Leases};
use std::time::Duration;

/// Longer than the exam takes.
const LONG: Duration = Duration::from_mins(10);
/// Over as soon as it began.
const NONE: Duration = Duration::ZERO;

/// Sits the whole exam of [`Leases`] over a store without leases.
pub async fn exam(leases: &dyn Leases) {
    one_holds_it_at_a_time(leases).await;
    a_term_that_is_over_frees_it(leases).await;
    only_its_holder_gives_it_back(leases).await;
    what_ran_out_is_told_until_somebody_ends_it(leases).await;
    of_many_at_once_one_gets_it(leases).await;
    many_are_taken_and_given_back_at_once(leases).await;
    who_takes_many_in_two_orders_waits_for_nobody_in_a_ring(leases).await;
}

async fn take(leases: &dyn Leases, name: &str, holder: &str, term: Duration) -> Option<Fence> {
    leases.take(name, holder, term).await.unwrap()
}

/// Each lease that is held, and by whom.
async fn held(leases: &dyn Leases, prefix: &str) -> Vec<String> {
    let held = leases.held(prefix, 10).await.unwrap();
    held.into_iter().map(|Lease { name, holder }| format!("{name} of {holder}")).collect()
}

async fn one_holds_it_at_a_time(leases: &dyn Leases) {
    let first = take(leases, "work", "ada", LONG).await.unwrap();
    assert_eq!(take(leases, "work", "ben", LONG).await, None, "it is held");
    assert_eq!(take(leases, "work", "ada", LONG).await, Some(first), "longer, as the same holder");
    let other = take(leases, "other work", "ben", LONG).await;
    assert!(other.is_some(), "another name is another lease");
    assert_eq!(held(leases, "work").await, ["work of ada"]);
    assert_eq!(held(leases, "").await, ["other work of ben", "work of ada"]);
    assert_eq!(leases.held("", 1).await.unwrap().len(), 1);
    assert_eq!(held(leases, "wor_").await, [""; 0], "a prefix is no pattern");
    leases.give_back("other work", "ben").await.unwrap();
    leases.give_back("work", "ada").await.unwrap();
    assert_eq!(held(leases, "").await, [""; 0]);
    let second = take(leases, "work", "ben", LONG).await.unwrap();
    assert!(second > first, "a new holder has a higher fence, given back or not");
    leases.give_back("work", "ben").await.unwrap();
}

async fn a_term_that_is_over_frees_it(leases: &dyn Leases) {
    let first = take(leases, "work", "ada", NONE).await.unwrap();
    assert_eq!(held(leases, "work").await, [""; 0]);
    assert_eq!(take(leases, "work", "ada", NONE).await, Some(first), "nobody took it meanwhile");
    let second = take(leases, "work", "ben", LONG).await.unwrap();
    assert!(second > first);
    assert_eq!(take(leases, "work", "ada", LONG).await, None, "its first holder lost it");
    leases.give_back("work", "ben").await.unwrap();
}

async fn only_its_holder_gives_it_back(leases: &dyn Leases) {
    take(leases, "work", "ada", LONG).await.unwrap();
    leases.give_back("work", "ben").await.unwrap();
    leases.give_back("nobody's work", "ben").await.unwrap();
    assert_eq!(take(leases, "work", "ben", LONG).await, None);
    leases.give_back("work", "ada").await.unwrap();
}

async fn what_ran_out_is_told_until_somebody_ends_it(leases: &dyn Leases) {
    for (name, term) in [("job/2", NONE), ("job/1", NONE), ("job/3", LONG), ("jobs", NONE)] {
        take(leases, name, "ada", term).await.unwrap();
    }
    assert_eq!(leases.left("job/", 10).await.unwrap(), ["job/1", "job/2"]);
    assert_eq!(leases.left("job/", 1).await.unwrap(), ["job/1"]);
    assert_eq!(leases.left("job%", 10).await.unwrap(), [""; 0], "a prefix is no pattern");
    take(leases, "job/1", "ben", LONG).await.unwrap();
    assert_eq!(leases.left("job/", 10).await.unwrap(), ["job/2"], "somebody sees to it");
    leases.give_back("job/1", "ben").await.unwrap();
    take(leases, "job/2", "ben", LONG).await.unwrap();
    leases.give_back("job/2", "ben").await.unwrap();
    assert_eq!(leases.left("job/", 10).await.unwrap(), [""; 0]);
    for name in ["job/3", "jobs"] {
        leases.give_back(name, "ada").await.unwrap();
    }
}

async fn of_many_at_once_one_gets_it(leases: &dyn Leases) {
    let (a, b, c) = tokio::join!(
        take(leases, "work", "ada", LONG),
        take(leases, "work", "ben", LONG),
        take(leases, "work", "eve", LONG),
    );
    assert_eq!([a, b, c].into_iter().flatten().count(), 1);
    for holder in ["ada", "ben", "eve"] {
        leases.give_back("work", holder).await.unwrap();
    }
}

fn names(of: &[&str]) -> Vec<String> {
    of.iter().map(|name| (*name).to_owned()).collect()
}

async fn many_are_taken_and_given_back_at_once(leases: &dyn Leases) {
    let first = take(leases, "group/2", "ada", LONG).await.unwrap();
    take(leases, "group/3", "ben", LONG).await.unwrap();
    take(leases, "group/4", "ben", NONE).await.unwrap();
    let wanted = names(&["group/4", "group/3", "group/2", "group/1"]);
    let taken = leases.take_all(&wanted, "ada", LONG).await.unwrap();
    assert_eq!(taken, ["group/1", "group/2", "group/4"], "all but what another holds");
    let still = take(leases, "group/2", "ada", LONG).await;
    assert_eq!(still, Some(first), "what it had it has for longer");
    leases.give_back_all(&wanted, "ada").await.unwrap();
    assert_eq!(held(leases, "group/").await, ["group/3 of ben"], "only its holder gives it back");
    let second = take(leases, "group/2", "ben", LONG).await.unwrap();
    assert!(second > first, "a new holder has a higher fence");
    assert_eq!(leases.take_all(&wanted, "ada", NONE).await.unwrap(), ["group/1", "group/4"]);
    assert_eq!(leases.left("group/", 10).await.unwrap(), ["group/1", "group/4"]);
    assert_eq!(leases.take_all(&[], "ada", LONG).await.unwrap(), [""; 0]);
    for holder in ["ada", "ben"] {
        leases.give_back_all(&wanted, holder).await.unwrap();
    }
    assert_eq!(leases.left("group/", 10).await.unwrap(), [""; 0]);
}

async fn who_takes_many_in_two_orders_waits_for_nobody_in_a_ring(leases: &dyn Leases) {
    let rising: Vec<String> = (0..64).map(|at| format!("group/{at:02}")).collect();
    let falling: Vec<String> = rising.iter().rev().cloned().collect();
    for _ in 0..20 {
        let (a, b) = tokio::join!(
            leases.take_all(&rising, "ada", LONG),
            leases.take_all(&falling, "ben", LONG),
        );
        assert_eq!(a.unwrap().len() + b.unwrap().len(), 64, "each has one holder");
        let (a, b) = tokio::join!(
            leases.give_back_all(&falling, "ada"),
            leases.give_back_all(&rising, "ben"),
        );
        a.and(b).unwrap();
    }
}
