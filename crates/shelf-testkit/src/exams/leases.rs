//! The exam of leases.

use shelf_ports::leases::{Fence, Leases};
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
}

async fn take(leases: &dyn Leases, name: &str, holder: &str, term: Duration) -> Option<Fence> {
    leases.take(name, holder, term).await.unwrap()
}

async fn one_holds_it_at_a_time(leases: &dyn Leases) {
    let first = take(leases, "work", "ada", LONG).await.unwrap();
    assert_eq!(take(leases, "work", "ben", LONG).await, None, "it is held");
    assert_eq!(take(leases, "work", "ada", LONG).await, Some(first), "longer, as the same holder");
    let other = take(leases, "other work", "ben", LONG).await;
    assert!(other.is_some(), "another name is another lease");
    assert_eq!(leases.held("work").await.unwrap(), 1);
    assert_eq!(leases.held("").await.unwrap(), 2);
    leases.give_back("other work", "ben").await.unwrap();
    leases.give_back("work", "ada").await.unwrap();
    assert_eq!(leases.held("").await.unwrap(), 0);
    let second = take(leases, "work", "ben", LONG).await.unwrap();
    assert!(second > first, "a new holder has a higher fence, given back or not");
    leases.give_back("work", "ben").await.unwrap();
}

async fn a_term_that_is_over_frees_it(leases: &dyn Leases) {
    let first = take(leases, "work", "ada", NONE).await.unwrap();
    assert_eq!(leases.held("work").await.unwrap(), 0);
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
