//! The rounds of the courier: what is due is sent, some at a time, one at a time to each endpoint.

use crate::courier::Courier;
use crate::event::{MEDIA_TYPE, body_of};
use crate::keys::opened;
use crate::schedule;
use crate::signature::sign;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use shelf_domain::id::{DeliveryId, EndpointId, LibraryId, Scope};
use shelf_ports::Fault;
use shelf_ports::outbound::{Answer, Ask, Outbound, Unanswered};
use shelf_ports::webhooks::{Due, EndpointState, Tried};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a receiver may take to answer.
pub(crate) const ANSWER_MAX: Duration = Duration::from_secs(15);
/// How long others are kept from a delivery that is being tried, milliseconds: longer than a try with
/// all its waiting takes.
const TRY_MS: i64 = 60_000;
/// How often is looked for what is due, and for new endpoints, without being told.
const LOOK: Duration = Duration::from_secs(1);
/// Requests under way at once.
const AT_ONCE: usize = 8;
/// Endpoints that are asked for at once.
const DUE_MAX: usize = 256;
/// How long requests under way may take to end when the process stops; what is cut off is tried again.
const STOP_MAX: Duration = Duration::from_secs(2);
/// The answer by which a receiver says that it wants no more.
const GONE: u16 = 410;

/// Which libraries this process works for, and how its follower is told to look at one.
pub trait Share: fmt::Debug + Send + Sync {
    /// Whether this process works for `library`.
    fn holds(&self, library: LibraryId) -> bool;
    /// Has the follower look at a library it heard nothing new of.
    fn stir(&self, scope: Scope);
}

/// The rounds of one process.
#[derive(Debug)]
pub struct Rounds {
    courier: Courier,
    outbound: Arc<dyn Outbound>,
    share: Arc<dyn Share>,
    /// When each endpoint had its last turn, by a count of turns.
    served: BTreeMap<EndpointId, u64>,
    turns: u64,
}

type Sending = Pin<Box<dyn Future<Output = EndpointId> + Send>>;

impl Rounds {
    /// Rounds for `courier` through `outbound`.
    pub fn new(courier: Courier, outbound: Arc<dyn Outbound>, share: Arc<dyn Share>) -> Self {
        Self { courier, outbound, share, served: BTreeMap::new(), turns: 0 }
    }

    /// Goes round until `stop` becomes true (or its sender is gone).
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut sending: FuturesUnordered<Sending> = FuturesUnordered::new();
        let mut busy: BTreeSet<EndpointId> = BTreeSet::new();
        while !*stop.borrow() {
            match self.look(&busy, AT_ONCE - busy.len()).await {
                Ok(due) => {
                    for due in due {
                        busy.insert(due.endpoint.id);
                        sending.push(Box::pin(send(
                            self.courier.clone(),
                            Arc::clone(&self.outbound),
                            due,
                        )));
                    }
                }
                Err(fault) => tracing::warn!(
                    error = &fault as &dyn Error,
                    "the courier cannot ask what is due and tries again"
                ),
            }
            tokio::select! {
                () = self.courier.watched.stirred() => {}
                Some(done) = sending.next() => drop(busy.remove(&done)),
                () = tokio::time::sleep(LOOK) => {}
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
        let rest = async { while sending.next().await.is_some() {} };
        // What is cut off here is tried again by whoever comes next.
        drop(timeout(STOP_MAX, rest).await);
    }

    /// Learns which libraries have endpoints, and what is due in those of this process, for at most
    /// `room` endpoints that are not `busy`: who waited longest since its last turn comes first.
    async fn look(&mut self, busy: &BTreeSet<EndpointId>, room: usize) -> Result<Vec<Due>, Fault> {
        let watched: BTreeSet<Scope> = self.courier.webhooks.watched().await?.into_iter().collect();
        let scopes: Vec<Scope> =
            watched.iter().filter(|scope| self.share.holds(scope.library)).copied().collect();
        for scope in self.courier.watched.know(watched) {
            self.share.stir(scope);
        }
        if scopes.is_empty() || room == 0 {
            return Ok(Vec::new());
        }
        let now = self.courier.clock.now_ms();
        let mut due = self.courier.webhooks.due(&scopes, now, DUE_MAX).await?;
        due.retain(|due| !busy.contains(&due.endpoint.id));
        due.sort_by_key(|due| self.served.get(&due.endpoint.id).copied().unwrap_or_default());
        due.truncate(room);
        for due in &due {
            self.turns += 1;
            self.served.insert(due.endpoint.id, self.turns);
        }
        if self.served.len() > 2 * DUE_MAX {
            let old = self.turns.saturating_sub(DUE_MAX as u64);
            self.served.retain(|_, turn| *turn > old);
        }
        Ok(due)
    }
}

/// Sends one delivery and keeps how that ended.
async fn send(courier: Courier, outbound: Arc<dyn Outbound>, due: Due) -> EndpointId {
    let endpoint = due.endpoint.id;
    if let Err(fault) = tried(&courier, &*outbound, &due).await {
        let delivery = due.delivery.id;
        tracing::warn!(
            %endpoint, %delivery, error = &fault as &dyn Error,
            "a delivery met a fault and is tried again"
        );
        // A store that fails is not asked again at once.
        tokio::time::sleep(LOOK).await;
    }
    endpoint
}

async fn tried(courier: &Courier, outbound: &dyn Outbound, due: &Due) -> Result<(), Fault> {
    let body = body_of(&*courier.library, due).await?;
    let now = courier.clock.now_ms();
    let keys = opened(courier, due.scope, &due.endpoint, now).await?;
    if !courier.webhooks.begin_try(due, now + TRY_MS).await? {
        return Ok(());
    }
    let before = courier.clock.ticks_us();
    let ask = signed((due.endpoint.url.as_str(), due.delivery.id), &keys, body, now);
    let answer = outbound.send(ask).await;
    let took_ms = courier.clock.ticks_us().saturating_sub(before) / 1_000;
    let took_ms = u32::try_from(took_ms).unwrap_or(u32::MAX);
    let tried = ended(courier, due, answer, took_ms);
    if let Some(ends) = tried.ends {
        courier.record_given_up(due, ends).await?;
    }
    courier.webhooks.end_try(due, &tried).await?;
    let result = match (&tried.trouble, tried.again_at) {
        (None, _) => "delivered",
        (Some(_), Some(_)) => "again",
        (Some(_), None) => "failed",
    };
    metrics::counter!("mindshelf_webhook_deliveries_total", "result" => result).increment(1);
    if let Some(ends) = tried.ends {
        let (endpoint, library) = (due.endpoint.id, due.scope.library);
        tracing::warn!(%endpoint, %library, state = ends.name(), "an endpoint was given up");
    }
    Ok(())
}

/// The request that brings the message `id` to `url`, signed with each of `keys`.
pub(crate) fn signed(
    (url, id): (&str, DeliveryId),
    keys: &[Vec<u8>],
    body: Vec<u8>,
    now: i64,
) -> Ask {
    let (id, at) = (id.to_string(), now.div_euclid(1_000));
    let signatures: Vec<String> = keys.iter().map(|key| sign(key, &id, at, &body)).collect();
    Ask::post(url, body)
        .header("content-type", MEDIA_TYPE)
        .header("webhook-id", id)
        .header("webhook-timestamp", at.to_string())
        .header("webhook-signature", signatures.join(" "))
        .within(ANSWER_MAX)
}

/// What an answer, or none, means.
fn ended(courier: &Courier, due: &Due, answer: Result<Answer, Unanswered>, took_ms: u32) -> Tried {
    let at = courier.clock.now_ms();
    let status = answer.as_ref().ok().map(|answer| answer.status);
    let trouble = match &answer {
        Ok(Answer { status: 200..=299, .. }) => None,
        Ok(Answer { status: 300..=399, .. }) => Some("a redirect is not followed".to_owned()),
        Ok(Answer { status: GONE, .. }) => Some("the receiver wants no more".to_owned()),
        Ok(_) => Some("the receiver did not take it".to_owned()),
        Err(unanswered) => Some(unanswered.to_string()),
    };
    let attempts = due.delivery.attempts.saturating_add(1);
    let rest = schedule::rest(due.endpoint.failures.saturating_add(1), courier.chance.seed());
    let is_gone = status == Some(GONE);
    let again = schedule::wait(attempts, courier.chance.seed());
    // A test says how it went, once.
    let again_at = again.filter(|_| !is_gone && !due.delivery.is_test()).map(|wait| at + wait);
    let silent = due.endpoint.succeeded_at.is_none_or(|last| last < due.delivery.created_at);
    let ends = match (&trouble, again) {
        (Some(_), _) if is_gone => Some(EndpointState::Gone),
        // Nothing else got through either, for as long as this was tried.
        (Some(_), None) if silent => Some(EndpointState::Failing),
        _ => None,
    };
    Tried { at, status, trouble, took_ms, again_at, rest_until: at + rest, ends }
}
