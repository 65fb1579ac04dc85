//! What is taken for whom, and what becomes of it when counting fails.

use async_trait::async_trait;
use shelf_domain::rate::Cost;
use shelf_embedded::LocalLimits;
use shelf_identity::{Address, Asker, Outcome, Plan, Throttle};
use shelf_ports::Fault;
use shelf_ports::limits::{Draw, Drawn, Limits};
use shelf_testkit::FakeClock;
use std::sync::{Arc, Mutex};

use crate::traces::signed;

/// Limits that remember what they were asked, and fail where they are to.
#[derive(Debug, Default)]
struct Watched {
    limits: LocalLimits,
    fails: bool,
    asked: Mutex<Vec<Vec<Draw>>>,
}

impl Watched {
    fn heard(&self, draws: &[Draw]) -> Result<(), Fault> {
        self.asked.lock().unwrap().push(draws.to_vec());
        if self.fails { Err(Fault::new("counting", "broken")) } else { Ok(()) }
    }
}

#[async_trait]
impl Limits for Watched {
    async fn take(&self, draws: &[Draw], now_ms: i64) -> Result<Drawn, Fault> {
        self.heard(draws)?;
        self.limits.take(draws, now_ms).await
    }

    async fn owe(&self, draws: &[Draw], now_ms: i64) -> Result<(), Fault> {
        self.heard(draws)?;
        self.limits.owe(draws, now_ms).await
    }

    async fn give_back(&self, draws: &[Draw], now_ms: i64) -> Result<(), Fault> {
        self.heard(draws)?;
        self.limits.give_back(draws, now_ms).await
    }
}

fn throttle(plan: Plan, fails: bool) -> (Throttle, Arc<Watched>) {
    let watched = Arc::new(Watched { fails, ..Watched::default() });
    (Throttle::new(watched.clone(), Arc::new(FakeClock::default()), plan), watched)
}

fn address(text: &str) -> Address {
    Address::of(text.parse().unwrap())
}

const OUTCOMES: [Outcome; 5] = [
    Outcome::Done,
    Outcome::More(Cost::units(50)),
    Outcome::Little,
    Outcome::Failed,
    Outcome::Opened,
];

#[tokio::test]
async fn nobody_is_refused_because_counting_fails() {
    let ada = signed("ada");
    for plan in Plan::ALL {
        let (throttle, _) = throttle(plan, true);
        for asker in [Asker::Signed(&ada), Asker::Stranger, Asker::Knocks("")] {
            for outcome in OUTCOMES.into_iter().cycle().take(500) {
                let asked =
                    throttle.admit(asker, Some(address("192.0.2.7")), Cost::units(50)).await;
                let admitted = asked.unwrap();
                assert!(admitted.bounds.is_empty(), "and nothing is said of what is not known");
                throttle.answered(&admitted, outcome).await;
            }
        }
    }
}

#[tokio::test]
async fn on_ones_own_machine_who_is_signed_in_is_not_even_counted() {
    let (throttle, watched) = throttle(Plan::Home, false);
    let ada = signed("ada");
    for outcome in OUTCOMES.into_iter().cycle().take(5_000) {
        let asked =
            throttle.admit(Asker::Signed(&ada), Some(address("192.0.2.7")), Cost::units(50));
        throttle.answered(&asked.await.unwrap(), outcome).await;
    }
    assert_eq!(watched.asked.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_request_asks_once_and_what_turns_out_is_told_once() {
    let ada = signed("ada");
    for asker in [Asker::Signed(&ada), Asker::Stranger, Asker::Knocks("")] {
        for outcome in OUTCOMES {
            let (throttle, watched) = throttle(Plan::Personal, false);
            let asked = || watched.asked.lock().unwrap().len();
            let admitted = throttle.admit(asker, Some(address("192.0.2.7")), Cost::units(1)).await;
            assert_eq!(asked(), 1, "{asker:?}");
            throttle.answered(&admitted.unwrap(), outcome).await;
            assert!(asked() <= 2, "{asker:?} {outcome:?}");
        }
    }
}

#[tokio::test]
async fn no_address_and_no_door_stands_in_what_is_kept() {
    let (throttle, watched) = throttle(Plan::Home, false);
    let (v4, v6) = ([192_u8, 0, 2, 7], [0x20_u8, 0x01, 0x0d, 0xb8]);
    for from in ["192.0.2.7", "2001:db8:1:2::7"] {
        for asker in [Asker::Stranger, Asker::Knocks("ada@example.org")] {
            throttle.admit(asker, Some(address(from)), Cost::units(1)).await.unwrap();
        }
    }
    let asked = watched.asked.lock().unwrap();
    let keys: Vec<[u8; 16]> = asked.iter().flatten().map(|draw| draw.key.0).collect();
    assert_eq!(keys.len(), 8);
    for key in &keys {
        let holds = |part: &[u8]| key.windows(part.len()).any(|window| window == part);
        assert!(!holds(&v4) && !holds(&v6) && !holds(b"ada"), "{key:?}");
        assert!(!holds(b"192.") && !holds(b"2001"), "{key:?}");
    }
    let shown = format!("{asked:?} {:?}", address("192.0.2.7"));
    assert!(!shown.contains("192") && !shown.contains(&format!("{:?}", keys[0])), "{shown}");
}
