//! Endpoints of webhooks, and the deliveries that wait for them or were made.
//!
//! A delivery names the rows it tells of and holds nothing of them: what is sent is read from the
//! log when it is sent, so that nothing anybody typed is kept a second time.

use crate::Fault;
use crate::vault::{KEY_BYTES, Of};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::event::EventTypes;
use shelf_domain::id::{ActId, DeliveryId, EndpointId, PersonId, Scope};
use shelf_domain::stamp::Seq;
use std::collections::BTreeMap;
use std::fmt;

/// Most endpoints of one library.
pub const ENDPOINTS_MAX: usize = 20;
/// Most deliveries that wait for one endpoint; what comes while there are so many is missed.
pub const WAITING_MAX: u64 = 10_000;
/// How long an act that may go on is waited for after its last row, milliseconds.
pub const SETTLE_MS: i64 = 5_000;

/// What an endpoint's deliveries are signed with, sealed with the key of its library; plain where it
/// is from before there were keys ([`KEY_BYTES`]). Prints nothing of itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey(pub Vec<u8>);

impl SigningKey {
    /// What the key of `endpoint` is as a sealed thing.
    pub const fn of(endpoint: EndpointId) -> Of {
        Of::whole("webhook key", endpoint.to_bytes())
    }

    /// Whether it is kept as it is.
    pub fn is_plain(&self) -> bool {
        self.0.len() == KEY_BYTES
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// How an endpoint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointState {
    /// It is told what happens.
    Active,
    /// What happens waits for it.
    Paused,
    /// It was given up: nothing got through for days. Nothing waits for it.
    Failing,
    /// It said itself that it is gone (410). Nothing waits for it.
    Gone,
}

impl EndpointState {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Active, Self::Paused, Self::Failing, Self::Gone];

    /// The word for it in stores and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether what happens is written down for it.
    pub fn collects(self) -> bool {
        matches!(self, Self::Active | Self::Paused)
    }
}

/// An address that is told what happens in a library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Where events are posted to.
    pub url: String,
    /// What its owner wrote about it.
    pub description: String,
    /// What it is told of.
    pub types: EventTypes,
    /// How it stands.
    pub state: EndpointState,
    /// Who added it.
    pub made_by: PersonId,
    /// When it was added, milliseconds.
    pub created_at: i64,
    /// What its deliveries are signed with.
    pub key: SigningKey,
    /// The key before, and until when deliveries are signed with it too, milliseconds.
    pub old_key: Option<(SigningKey, i64)>,
    /// Tries that failed in a row.
    pub failures: u32,
    /// Not to be tried before, milliseconds.
    pub rest_until: i64,
    /// When something got through last, milliseconds.
    pub succeeded_at: Option<i64>,
    /// Acts it was not told of: too many waited, or it was given up.
    pub missed: u64,
}

impl Endpoint {
    /// The keys its deliveries are signed with at `now`, the latest first.
    pub fn keys_at(&self, now: i64) -> Vec<&SigningKey> {
        let old = self.old_key.iter().filter(|(_, until)| now < *until).map(|(key, _)| key);
        [&self.key].into_iter().chain(old).collect()
    }
}

/// What becomes of an endpoint; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointEdit {
    /// Where events are posted to.
    pub url: Option<String>,
    /// What its owner wrote about it.
    pub description: Option<String>,
    /// What it is told of.
    pub types: Option<EventTypes>,
    /// How it stands. Active again, it begins anew: without failures, rest and what it missed.
    pub state: Option<EndpointState>,
    /// What its deliveries are signed with, and with what else until when.
    pub keys: Option<(SigningKey, Option<(SigningKey, i64)>)>,
    /// The keys change only where the latest is this one.
    pub instead_of: Option<SigningKey>,
}

impl EndpointEdit {
    /// The endpoint after it.
    #[must_use]
    pub fn of(self, before: Endpoint) -> Endpoint {
        let Self { url, description, types, state, keys, instead_of } = self;
        let mut after = before;
        after.url = url.unwrap_or(after.url);
        after.description = description.unwrap_or(after.description);
        after.types = types.unwrap_or(after.types);
        if let Some(state) = state {
            if state == EndpointState::Active && after.state != EndpointState::Active {
                (after.failures, after.rest_until, after.missed) = (0, 0, 0);
            }
            after.state = state;
        }
        let is_other = instead_of.is_some_and(|key| key != after.key);
        if let Some((key, old)) = keys.filter(|_| !is_other) {
            (after.key, after.old_key) = (key, old);
        }
        after
    }
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It waits for its next try, or is being tried.
    Waiting,
    /// It was taken.
    Delivered,
    /// It is given up.
    Failed,
}

impl DeliveryState {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Failed];

    /// The word for it in stores and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// One event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, the same in every try.
    pub id: DeliveryId,
    /// To whom.
    pub endpoint: EndpointId,
    /// The gesture it tells of; of a test an id of its own.
    pub act: ActId,
    /// Which part of it, from 1: one that went on for long is told in several.
    pub part: u32,
    /// The first row it may tell of; 0 for a test.
    pub first: Seq,
    /// The last one.
    pub last: Seq,
    /// What happened in it that the endpoint is told of.
    pub types: EventTypes,
    /// When it was written down, milliseconds.
    pub created_at: i64,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, milliseconds; of what waits. At 0 it is tried even if its endpoint rests:
    /// somebody asked for it.
    pub next_at: i64,
    /// When it was tried last, milliseconds.
    pub tried_at: Option<i64>,
    /// The status it was answered with then.
    pub status: Option<u16>,
    /// Why there was no good answer then, in a word of ours.
    pub trouble: Option<String>,
    /// How long that took, milliseconds.
    pub took_ms: Option<u32>,
}

/// An act in what was followed: the rows that were seen of it, and of what types they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The act.
    pub act: ActId,
    /// The first and last row that were seen, with what each is.
    pub rows: Vec<(Seq, EventTypes)>,
    /// From when on it may be told, milliseconds.
    pub from: i64,
}

/// What a store knows of an endpoint when an act is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// What it is told of.
    pub types: EventTypes,
    /// How it stands.
    pub state: EndpointState,
    /// The last row it was told of, or that was there before it.
    pub followed: Seq,
    /// How many deliveries wait for it.
    pub waiting: u64,
}

/// What is to be done about acts that are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queued {
    /// Deliveries to keep.
    pub new: Vec<Delivery>,
    /// Deliveries nobody has tried yet, which tell of more rows now.
    pub longer: Vec<Delivery>,
    /// How many acts each endpoint is not told of.
    pub missed: BTreeMap<EndpointId, u64>,
}

/// Decides what becomes of the acts `told` at `now`: one delivery an endpoint each, or more rows of
/// one that nobody has tried yet. `known` are the last parts of those acts that are kept.
pub fn queued(queues: &[Queue], known: &[Delivery], told: &[Told], now: i64) -> Queued {
    let mut all = Queued::default();
    for queue in queues {
        let mut waiting = queue.waiting;
        for act in told {
            let of = |(seq, types): &(Seq, EventTypes)| {
                let types = types.among(queue.types);
                (*seq > queue.followed && !types.is_empty()).then_some((*seq, types))
            };
            let rows: Vec<_> = act.rows.iter().filter_map(of).collect();
            let Some((first, _)) = rows.first() else { continue };
            // Rows of no type it is told of belong to the act all the same.
            let last = act.rows.last().map_or(*first, |(seq, _)| *seq);
            let types = rows.iter().fold(EventTypes::NONE, |all, (_, types)| all.and(*types));
            let before =
                known.iter().find(|one| one.endpoint == queue.endpoint && one.act == act.act);
            if let Some(before) = before
                && before.attempts == 0
                && before.state == DeliveryState::Waiting
            {
                let (types, next_at) = (before.types.and(types), act.from);
                all.longer.push(Delivery { last, types, next_at, ..before.clone() });
                continue;
            }
            if !queue.state.collects() || waiting >= WAITING_MAX {
                *all.missed.entry(queue.endpoint).or_default() += 1;
                continue;
            }
            waiting += 1;
            let part = before.map_or(1, |before| before.part.saturating_add(1));
            let first = act.rows.iter().map(|(seq, _)| *seq).find(|seq| *seq > queue.followed);
            let first = first.unwrap_or(last);
            let mut delivery = Delivery::new(queue.endpoint, act.act, part, now);
            (delivery.first, delivery.last, delivery.types) = (first, last, types);
            delivery.next_at = act.from;
            all.new.push(delivery);
        }
    }
    all
}

impl Delivery {
    /// A delivery of the `part`th part of `act` that nobody has tried yet, due at `now`.
    pub fn new(endpoint: EndpointId, act: ActId, part: u32, now: i64) -> Self {
        Self {
            id: DeliveryId::of(endpoint, act, part),
            endpoint,
            act,
            part,
            first: 0,
            last: 0,
            types: EventTypes::NONE,
            created_at: now,
            state: DeliveryState::Waiting,
            attempts: 0,
            next_at: now,
            tried_at: None,
            status: None,
            trouble: None,
            took_ms: None,
        }
    }

    /// Whether it tells of nothing that happened.
    pub fn is_test(&self) -> bool {
        self.first == 0
    }
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// When, milliseconds.
    pub at: i64,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Why it was not taken, in a word of ours; `None` where it was.
    pub trouble: Option<String>,
    /// How long it took, milliseconds.
    pub took_ms: u32,
    /// When it is tried again, milliseconds, if it was not taken; `None` where it is given up.
    pub again_at: Option<i64>,
    /// Until when the endpoint is left alone, milliseconds, if it was not taken.
    pub rest_until: i64,
    /// What the endpoint becomes; what waits for it is then given up.
    pub ends: Option<EndpointState>,
}

/// A delivery that is due, with its endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The library.
    pub scope: Scope,
    /// To whom.
    pub endpoint: Endpoint,
    /// What.
    pub delivery: Delivery,
}

/// Which deliveries are sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// This one, whatever became of it.
    One(DeliveryId),
    /// All that failed and were written down at or after this moment, milliseconds.
    FailedSince(i64),
}

/// Which page of deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryPage {
    /// Only what became this.
    pub state: Option<DeliveryState>,
    /// Only what stands after the delivery that was written down at this moment under this id.
    pub before: Option<(i64, DeliveryId)>,
    /// Rows.
    pub limit: usize,
}

/// Endpoints of webhooks and deliveries. Effects are durable when a call answers.
///
/// The contract, each line a case of the exam:
///
/// * Whatever names a library sees nothing of another one: an endpoint or delivery of another
///   library is as absent as one that never was, and so is everything in a library of another
///   tenant.
/// * An endpoint is told of rows that are written after it was added, and of no others.
/// * What acts mean and how far they were followed is kept in one transaction: a batch that was
///   followed from another position than the one that is kept changes nothing.
/// * An act is one delivery an endpoint; rows that come after it was tried are one more.
/// * What waits is bounded; what comes beyond that, or for an endpoint that was given up, is counted.
/// * Of each endpoint that is active and does not rest, the delivery that is due longest is due: so
///   no endpoint keeps others from their turn. What is due at 0 is due whether it rests or not.
/// * Of several that begin a try one does; the end of a try that another one followed is nothing.
/// * An endpoint that is given up takes what waits for it along; one that is removed, everything.
/// * What is forgotten was settled; what waits is kept.
#[async_trait]
pub trait Webhooks: fmt::Debug + Send + Sync {
    /// Adds an endpoint; false where the library is not there, or has [`ENDPOINTS_MAX`].
    async fn add_endpoint(&self, scope: Scope, endpoint: &Endpoint) -> Result<bool, Fault>;

    /// The endpoints of a library, oldest first.
    async fn endpoints(&self, scope: Scope) -> Result<Vec<Endpoint>, Fault>;

    /// Changes an endpoint; whether it is there.
    async fn edit_endpoint(
        &self,
        scope: Scope,
        id: EndpointId,
        edit: &EndpointEdit,
    ) -> Result<bool, Fault>;

    /// Removes an endpoint with its deliveries; whether it was there.
    async fn remove_endpoint(&self, scope: Scope, id: EndpointId) -> Result<bool, Fault>;

    /// Every library that has an endpoint; for the courier.
    async fn watched(&self) -> Result<Vec<Scope>, Fault>;

    /// How far the library was followed for its endpoints; `None` where it has none.
    async fn followed(&self, scope: Scope) -> Result<Option<Seq>, Fault>;

    /// Keeps what [`queued`] decides about `told` at `now`, and that the library was followed to
    /// `to`; nothing, unless it was followed to `after` before.
    async fn tell_acts(
        &self,
        scope: Scope,
        span: (Seq, Seq),
        told: &[Told],
        now: i64,
    ) -> Result<(), Fault>;

    /// Keeps a delivery as it is, unless its endpoint is not there; whether it was kept.
    async fn put_delivery(&self, scope: Scope, delivery: &Delivery) -> Result<bool, Fault>;

    /// What is due at `now` in these libraries, at most one of each endpoint, longest first.
    async fn due(&self, scopes: &[Scope], now: i64, limit: usize) -> Result<Vec<Due>, Fault>;

    /// Begins a try of a delivery that was tried `attempts` times, and keeps others from it `until`
    /// then; whether it did.
    async fn begin_try(&self, due: &Due, until: i64) -> Result<bool, Fault>;

    /// Keeps how the try ended that [`begin_try`](Self::begin_try) began.
    async fn end_try(&self, due: &Due, tried: &Tried) -> Result<(), Fault>;

    /// Deliveries to an endpoint, latest first.
    async fn deliveries(
        &self,
        scope: Scope,
        endpoint: EndpointId,
        page: DeliveryPage,
    ) -> Result<Vec<Delivery>, Fault>;

    /// One delivery to an endpoint.
    async fn delivery(
        &self,
        scope: Scope,
        endpoint: EndpointId,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, Fault>;

    /// Has deliveries of an endpoint sent again from `now` on, one alone at once, as if they had not
    /// been tried yet; how many.
    async fn replay(
        &self,
        scope: Scope,
        endpoint: EndpointId,
        which: Replay,
        now: i64,
    ) -> Result<u64, Fault>;

    /// How many deliveries wait for each endpoint of a library.
    async fn waiting(&self, scope: Scope) -> Result<BTreeMap<EndpointId, u64>, Fault>;

    /// Forgets what was settled and written down before `until`, milliseconds.
    async fn forget_deliveries(&self, until: i64) -> Result<(), Fault>;
}
