//! What goes on in a library, told as it happens: its log, from a cursor on.
//!
//! Whether the caller may still read it is asked anew before anything is told, and every few seconds
//! while nothing is. A hint that something was written, or a second without one, has the head of the
//! log looked at, and nothing else.

use crate::graphql::asks::Asks;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::payloads::act_in;
use crate::graphql::scalars::{DateTime, Home};
use crate::moment::Moment;
use crate::problem::Problem;
use async_graphql::{Context, ID, Result, SimpleObject, Subscription};
use axum::http::StatusCode;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde::Deserialize;
use shelf_domain::change::{Change as Row, Head};
use shelf_domain::id::{ItemId, LibraryId, Scope};
use shelf_identity::{Signed, reach_of};
use shelf_sync::Cursor;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How often it is asked whether the caller may still read it, while nothing happens.
const RIGHTS_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked whether there is more, without a hint.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long at least between two looks or two portions: a hint may be of any library, and what goes on
/// all the time is told a few times a second.
const PAUSE: Duration = Duration::from_millis(250);
/// Most changes that are told at once.
const CHANGES_MAX: u32 = 200;

/// What goes on.
#[derive(Debug, Default)]
pub(crate) struct Subscription;

/// What goes on, told as it happens.
#[Subscription]
impl Subscription {
    /// What changes in a library, as its log has it: from the `cursor` of an event before, so
    /// that nothing is missed, or from now on. It ends with an error when the caller may no longer
    /// read the library, and with `cursor_expired` where the log does not lead on from there.
    async fn library_changed(
        &self,
        ctx: &Context<'_>,
        library: NodeId,
        since: Option<String>,
    ) -> Result<BoxStream<'static, Result<LibraryChange>>> {
        let asks = Arc::clone(ctx.data_unchecked::<Arc<Asks>>());
        let following = Following::begin(asks, library.of(Named::Library), since).await?;
        let told = stream::unfold(Some(following), |following| async move {
            let mut following = following?;
            match following.next().await {
                Ok(change) => Some((Ok(change), Some(following))),
                Err(problem) => Some((Err(problem.into()), None)),
            }
        });
        Ok(told.boxed())
    }
}

/// Changes of a library, in their order.
#[derive(Debug, SimpleObject)]
pub(crate) struct LibraryChange {
    /// The library.
    library: ID,
    /// The position of the log they come after.
    from: u64,
    /// The position of the last one.
    to: u64,
    /// What to go on from, should this subscription end.
    cursor: String,
    /// Whether there is more to come at once.
    has_more: bool,
    /// The changes.
    changes: Vec<Change>,
}

/// One change: what one gesture put into one item.
#[derive(Debug, SimpleObject)]
pub(crate) struct Change {
    /// Its position in the log.
    seq: u64,
    /// When.
    at: DateTime,
    /// Who: a token, session or device.
    device: String,
    /// The gesture; undo takes it.
    act: Option<ID>,
    /// The item.
    item: ID,
    /// What the item is.
    kind: String,
    /// The item's small number, in the change that makes it.
    number: Option<u32>,
    /// The item that joined this one through it.
    joined: Option<ID>,
    /// What its author put; null empties a field.
    set: serde_json::Value,
    /// What the server put besides.
    also: serde_json::Value,
}

impl Change {
    fn of(row: Row, library: ItemId) -> Self {
        let kind = row.kind.to_string();
        let named = Named::of_kind(&kind);
        let act = ItemId::from_bytes(row.act.to_bytes());
        Self {
            seq: row.seq,
            at: DateTime(Moment(row.at)),
            device: row.device.to_string(),
            act: act_in(Home::now(library), Some(act)),
            item: named.id(&[library, row.item]),
            number: row.number,
            joined: row.joined.map(|joined| named.id(&[library, joined])),
            // What came out of a log goes into JSON.
            set: serde_json::to_value(&row.set).unwrap_or_default(),
            also: serde_json::to_value(&row.also).unwrap_or_default(),
            kind,
        }
    }
}

/// What a pull is answered with.
#[derive(Debug, Deserialize)]
struct Pulled {
    changes: Vec<Row>,
    from: u64,
    to: u64,
    next_cursor: String,
    has_more: bool,
    head: Stands,
}

/// Where the log stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
struct Stands {
    epoch: u32,
    seq: u64,
}

impl Stands {
    fn at(head: Head) -> Self {
        Self { epoch: head.epoch, seq: head.seq }
    }
}

/// A reader of one library's log.
#[derive(Debug)]
struct Following {
    asks: Arc<Asks>,
    library: ItemId,
    /// Where its log is.
    scope: Option<Scope>,
    cursor: Option<String>,
    /// Where the log stood when there was nothing more.
    seen: Option<Stands>,
    /// What the first look found.
    first: Option<LibraryChange>,
    /// When something was told.
    told: Instant,
}

impl Following {
    /// Begins after `since`, or where the log stands. Refused at once where the caller may not.
    async fn begin(
        asks: Arc<Asks>,
        library: ItemId,
        since: Option<String>,
    ) -> std::result::Result<Self, Problem> {
        let (seen, first, scope) = (None, None, None);
        let told = Instant::now();
        let mut following = Self { asks, library, scope, cursor: since, seen, first, told };
        let (signed, head) = following.look().await?;
        if following.cursor.is_none() {
            let now = Cursor { epoch: head.epoch, seq: head.seq };
            let library = LibraryId::from_bytes(library.to_bytes());
            following.cursor = Some(now.text(library));
        }
        following.first = following.pull(signed).await?;
        Ok(following)
    }

    /// The next that happens; the end is a problem.
    async fn next(&mut self) -> std::result::Result<LibraryChange, Problem> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        if self.seen.is_some() {
            sleep_until(self.told + PAUSE).await;
        }
        loop {
            match self.step().await {
                Ok(Some(change)) => return Ok(change),
                Ok(None) => {}
                Err(problem) if passes(&problem) => sleep(LOOK_EVERY).await,
                Err(problem) => return Err(problem),
            }
            // Whether it moved or not: whether the caller may still read it is asked in time.
            drop(timeout(RIGHTS_EVERY, self.moved()).await);
        }
    }

    /// Waits until the log stands elsewhere than where it was seen.
    async fn moved(&self) {
        let api = self.asks.api();
        let Some(scope) = self.scope else { return };
        loop {
            let looked = Instant::now();
            // Whoever waits hears what is written from now on, so that nothing falls between.
            let hint = api.news.hint();
            tokio::pin!(hint);
            let hinted = tokio::select! {
                biased;
                () = &mut hint => true,
                head = api.stores.library.head(scope) => {
                    // Where it cannot be told, whoever looks next is told why.
                    if !head.is_ok_and(|head| self.seen == Some(Stands::at(head))) {
                        return;
                    }
                    timeout(LOOK_EVERY, &mut hint).await.is_ok()
                }
            };
            if hinted {
                sleep_until(looked + PAUSE).await;
            }
        }
    }

    async fn step(&mut self) -> std::result::Result<Option<LibraryChange>, Problem> {
        let (signed, head) = self.look().await?;
        if self.seen == Some(Stands::at(head)) {
            return Ok(None);
        }
        let told = self.pull(signed).await?;
        if told.is_none() {
            // What is read from is a little behind.
            sleep(LOOK_EVERY).await;
        }
        Ok(told)
    }

    /// Who asks now, and where the log stands; refused where they may no longer read it.
    async fn look(&mut self) -> std::result::Result<(Signed, Head), Problem> {
        let signed = self.asks.renewed().await?;
        let api = self.asks.api();
        let library = LibraryId::from_bytes(self.library.to_bytes());
        let scope = reach_of(&api.doors(), &signed, library).await?.library.scope();
        let head = api.stores.library.head(scope).await?;
        self.scope = Some(scope);
        Ok((signed, head))
    }

    /// What comes after the cursor.
    async fn pull(
        &mut self,
        signed: Signed,
    ) -> std::result::Result<Option<LibraryChange>, Problem> {
        let ask = self.asks.of("Subscription.libraryChanged").at("library", self.library);
        let ask = ask.with("cursor", self.cursor.as_deref()).with("limit", Some(CHANGES_MAX));
        let pulled = ask.speaking_for(signed).read::<Pulled>().await;
        let pulled = pulled.map_err(|problem| problem.named("?cursor", "since"))?;
        self.seen = (!pulled.has_more).then_some(pulled.head);
        self.cursor = Some(pulled.next_cursor.clone());
        if pulled.changes.is_empty() {
            return Ok(None);
        }
        self.told = Instant::now();
        let changes = pulled.changes.into_iter().map(|row| Change::of(row, self.library));
        Ok(Some(LibraryChange {
            library: Named::Library.id(&[self.library]),
            from: pulled.from,
            to: pulled.to,
            cursor: pulled.next_cursor,
            has_more: pulled.has_more,
            changes: changes.collect(),
        }))
    }
}

/// Whether what is wrong passes, so that it is looked again.
fn passes(problem: &Problem) -> bool {
    matches!(problem.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}
