//! Receivers are told that what they were sent is erased.

use crate::office::Office;
use async_trait::async_trait;
use shelf_courier::tell_erased;
use shelf_domain::id::Scope;
use shelf_ports::outbound::{Answer, Ask, Outbound, Unanswered};
use shelf_ports::webhooks::Endpoint;
use tokio::sync::Semaphore;

/// Who answers last.
const SLOW: &str = "https://slow.example/";
/// Others than that one: more than are asked at once.
const OTHERS: u32 = 60;

/// Receivers, of which the slow one answers when all others were asked.
#[derive(Debug)]
struct Receivers {
    asked: Semaphore,
}

#[async_trait]
impl Outbound for Receivers {
    async fn send(&self, ask: Ask) -> Result<Answer, Unanswered> {
        if ask.url == SLOW {
            self.asked.acquire_many(OTHERS).await.unwrap().forget();
        } else {
            self.asked.add_permits(1);
        }
        Ok(Answer { status: 204, headers: Vec::new(), body: Vec::new(), url: ask.url, hops: 0 })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_slow_keeps_no_other_one_from_being_told() {
    let office = Office::open().await;
    let slow = office.endpoint(SLOW, &[]).await;
    let slow = office.state_of(slow).await;
    let mut all: Vec<(Scope, Endpoint)> = vec![(office.desk.scope, slow.clone())];
    for number in 0..OTHERS {
        let url = format!("https://quick.example/{number}");
        all.push((office.desk.scope, Endpoint { url, ..slow.clone() }));
    }
    let receivers = Receivers { asked: Semaphore::new(0) };
    let took = tell_erased(&office.courier, &receivers, &all).await;
    assert_eq!(took.len(), all.len(), "each of them");
    office.close().await;
}
