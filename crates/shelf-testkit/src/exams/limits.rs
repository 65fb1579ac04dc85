//! The exam of limits.

use shelf_domain::id::{DeviceId, Ids};
use shelf_domain::rate::{Cost, Quota};
use shelf_ports::limits::{BucketKey, Draw, Drawn, Limits};

/// The moment the exam begins at: nothing depends on the clock of the store.
const NOW: i64 = 1_790_000_000_000;
/// Ten units, and one comes back each second.
const QUOTA: Quota = Quota::new(10, 60);

/// Sits the whole exam of [`Limits`].
pub async fn exam(limits: &dyn Limits) {
    let mut ids = Ids::new(1_000, [83; 16]);
    a_bucket_gives_its_burst_and_then_what_comes_back(&mut ids, limits).await;
    all_give_or_none(&mut ids, limits).await;
    whoever_waits_as_told_is_let_through(&mut ids, limits).await;
    what_was_done_already_is_owed_down_to_a_bottom(&mut ids, limits).await;
    what_was_not_used_is_given_back(&mut ids, limits).await;
    what_costs_nothing_or_too_much(&mut ids, limits).await;
    many_at_once_get_no_more_than_there_is(&mut ids, limits).await;
}

/// A draw of so many units from a bucket of its own.
fn draw(ids: &mut Ids, units: u32) -> Draw {
    let key = BucketKey(ids.make::<DeviceId>().to_bytes());
    Draw { key, quota: QUOTA, cost: Cost::units(units) }
}

fn of(draw: Draw, units: u32) -> Draw {
    Draw { cost: Cost::units(units), ..draw }
}

async fn take(limits: &dyn Limits, draws: &[Draw], now_ms: i64) -> Drawn {
    limits.take(draws, now_ms).await.unwrap()
}

async fn left(limits: &dyn Limits, draw: Draw, now_ms: i64) -> i64 {
    take(limits, &[of(draw, 0)], now_ms).await.standings[0].left
}

async fn a_bucket_gives_its_burst_and_then_what_comes_back(ids: &mut Ids, limits: &dyn Limits) {
    let one = draw(ids, 4);
    let drawn = take(limits, &[one], NOW).await;
    assert_eq!((drawn.short, drawn.standings[0].left), (None, 6));
    assert_eq!(drawn.standings[0].full_at_ms, NOW + 4_000, "full again when it came back");
    assert_eq!(take(limits, &[one], NOW).await.standings[0].left, 2);
    let refused = take(limits, &[one], NOW + 500).await;
    assert_eq!(refused.short.unwrap().wait_ms, 1_500);
    assert_eq!(refused.standings[0].left, 2, "a refusal takes nothing");
    assert_eq!(left(limits, one, NOW + 1_000).await, 3);
    assert_eq!(left(limits, one, NOW + 3_600_000).await, 10, "never more than full");
}

async fn all_give_or_none(ids: &mut Ids, limits: &dyn Limits) {
    let (full, scarce) = (draw(ids, 3), draw(ids, 3));
    take(limits, &[of(scarce, 8)], NOW).await;
    let refused = take(limits, &[full, scarce], NOW).await;
    assert_eq!(refused.short.unwrap().draw, 1, "says which one");
    assert_eq!(refused.short.unwrap().wait_ms, 1_000);
    assert_eq!((refused.standings[0].left, refused.standings[1].left), (10, 2));
    assert_eq!(left(limits, full, NOW).await, 10, "nothing was taken from the other one");
    let both = take(limits, &[full, scarce], NOW + 1_000).await;
    assert_eq!((both.short, both.standings[0].left, both.standings[1].left), (None, 7, 0));
    let scarcer = draw(ids, 10);
    take(limits, &[scarcer], NOW).await;
    let refused = take(limits, &[scarce, full, scarcer], NOW + 1_000).await;
    assert_eq!(refused.short.unwrap().draw, 2, "the one to wait longest for");
}

async fn whoever_waits_as_told_is_let_through(ids: &mut Ids, limits: &dyn Limits) {
    let (one, other) = (draw(ids, 7), Draw { quota: Quota::new(9, 7), ..draw(ids, 5) });
    let mut now = NOW;
    for round in 0..20 {
        let Some(short) = take(limits, &[one, other], now).await.short else { continue };
        now += i64::try_from(short.wait_ms).unwrap();
        let waited = take(limits, &[one, other], now).await;
        assert_eq!(waited.short, None, "round {round}");
    }
}

async fn what_was_done_already_is_owed_down_to_a_bottom(ids: &mut Ids, limits: &dyn Limits) {
    let one = draw(ids, 8);
    take(limits, &[one], NOW).await;
    limits.owe(&[one], NOW).await.unwrap();
    let refused = take(limits, &[of(one, 0)], NOW).await;
    assert_eq!(refused.standings[0].left, -6);
    assert_eq!(refused.short.unwrap().wait_ms, 6_000, "not even nothing");
    for _ in 0..20 {
        limits.owe(&[one], NOW).await.unwrap();
    }
    assert_eq!(left(limits, one, NOW).await, -10, "no deeper than a full bucket");
    assert_eq!(left(limits, one, NOW + 11_000).await, 1);
}

async fn what_was_not_used_is_given_back(ids: &mut Ids, limits: &dyn Limits) {
    let (one, other) = (draw(ids, 6), draw(ids, 2));
    take(limits, &[one, other], NOW).await;
    limits.give_back(&[of(one, 4), of(other, 9)], NOW).await.unwrap();
    assert_eq!(left(limits, one, NOW).await, 8);
    assert_eq!(left(limits, other, NOW).await, 10, "never more than full");
    let part = Draw { cost: Cost::tenths(5), ..one };
    limits.owe(&[part], NOW).await.unwrap();
    assert_eq!(left(limits, one, NOW).await, 7, "seven and a half are seven");
    limits.give_back(&[part], NOW).await.unwrap();
    assert_eq!(left(limits, one, NOW).await, 8);
}

async fn what_costs_nothing_or_too_much(ids: &mut Ids, limits: &dyn Limits) {
    assert_eq!(take(limits, &[], NOW).await, Drawn { standings: Vec::new(), short: None });
    let one = draw(ids, 1_000);
    assert_eq!(take(limits, &[one], NOW).await.short, None, "costs a full bucket, no more");
    assert_eq!(take(limits, &[of(one, 0)], NOW).await.short, None, "empty is no debt");
    assert_eq!(take(limits, &[one], NOW).await.short.unwrap().wait_ms, 10_000);
    let before = take(limits, &[one], NOW - 86_400_000).await;
    assert!(before.short.unwrap().wait_ms <= 20_000, "a clock that goes back locks nobody out");
}

async fn many_at_once_get_no_more_than_there_is(ids: &mut Ids, limits: &dyn Limits) {
    let one = [draw(ids, 1)];
    let all = let_through(limits, &one).await;
    assert_eq!(all, 10, "of forty at once");
}

/// How many of forty that ask at the same time are let through.
async fn let_through(limits: &dyn Limits, draws: &[Draw]) -> usize {
    let asked = (0..40).map(|_| limits.take(draws, NOW));
    let drawn = futures::future::join_all(asked).await;
    drawn.into_iter().filter(|drawn| drawn.as_ref().unwrap().short.is_none()).count()
}
