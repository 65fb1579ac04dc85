//! The log, for replicas: pull by cursor, push by paired devices.

use crate::Api;
use crate::body::{Ask, objects};
use crate::caller::In;
use crate::costs;
use crate::limit::More;
use crate::moment::Moment;
use crate::page::Params;
use crate::problem::{Place, Problem, ResetOut};
use crate::wire::{Answer, Id, json};
use serde::{Deserialize, Serialize};
use shelf_bookmarks::Stores;
use shelf_domain::change::{Change, Head, Pushed};
use shelf_domain::id::{ActId, DeviceId, PersonId, Scope};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::stamp::Seq;
use shelf_domain::turn::Status;
use shelf_ports::Failure;
use shelf_sync::{Doors, Pull, Pulled, Push, Told, pull, push, reset_of};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Rows of an answer when the caller does not say.
const LIMIT: usize = 500;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(changes, pushed))
}

/// What the use cases of sync work with.
pub(crate) fn doors(stores: &Stores) -> Doors {
    let Stores { library, replicas, views, blobs, accounts, rooms, clock, chance, .. } =
        stores.clone();
    Doors { library, replicas, views, blobs, accounts, rooms, clock, chance }
}

/// Where a library's log stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Head)]
pub(crate) struct HeadOut {
    /// Raised when a backup is restored.
    epoch: u32,
    /// Position of the last change.
    #[schema(value_type = u64)]
    seq: Seq,
    /// Below this a reader starts from a snapshot.
    #[schema(value_type = u64)]
    floor: Seq,
    /// When the last change was written.
    at: Moment,
}

impl From<Head> for HeadOut {
    fn from(head: Head) -> Self {
        Self { epoch: head.epoch, seq: head.seq, floor: head.floor, at: Moment(head.at) }
    }
}

/// From where, and how much.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PullQuery {
    /// `next_cursor` of the answer before; the beginning, where it is not said.
    cursor: Option<String>,
    /// Changes, 1 to 1000; 500 where it is not said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// Changes in order, and where they lead.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pulled)]
pub(crate) struct PulledOut {
    /// The changes, as the log has them: see the description of the log.
    #[schema(value_type = Vec<Object>)]
    changes: Vec<Change>,
    /// The position they come after.
    #[schema(value_type = u64)]
    from: Seq,
    /// The position of the last one.
    #[schema(value_type = u64)]
    to: Seq,
    /// What to ask with next.
    next_cursor: String,
    /// Whether there is more to be had at once.
    has_more: bool,
    /// Where the log stands.
    head: HeadOut,
}

impl From<Pulled> for PulledOut {
    fn from(pulled: Pulled) -> Self {
        let Pulled { changes, from, to, next_cursor, has_more, head } = pulled;
        Self { changes, from, to, next_cursor, has_more, head: head.into() }
    }
}

/// Pull changes.
///
/// 410 where the cursor is of an older epoch or below the floor: start again from the beginning.
#[utoipa::path(get, path = "/v1/libraries/{library}/changes", tag = "sync",
    operation_id = "pull_changes", params(PullQuery),
    responses((status = 200, description = "Changes.", body = PulledOut)))]
async fn changes(within: In, Params(query): Params<PullQuery>) -> Answer {
    let limit = query.limit.map_or(LIMIT, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let ask = Pull { cursor: query.cursor, limit };
    let doors = doors(&within.ctx.stores);
    let cursor = ask.cursor.clone();
    match pull(&doors, within.scope, ask).await {
        Ok(pulled) => json(PulledOut::from(pulled)),
        Err(failure) => {
            let problem = expired(&doors, within.scope, cursor.as_deref(), failure).await?;
            Err(problem.named("#/cursor", "?cursor").named("#/limit", "?limit"))
        }
    }
}

/// What a pull that failed is answered: where its cursor has expired, that a replica starts again.
pub(crate) async fn expired(
    doors: &Doors,
    scope: Scope,
    cursor: Option<&str>,
    failure: Failure,
) -> Result<Problem, Problem> {
    let has_expired =
        matches!(&failure, Failure::Refused(refused) if refused.code == Code::CursorExpired);
    let mut problem = Problem::from(failure);
    if let (true, Some(cursor)) = (has_expired, cursor) {
        problem.reset = reset_of(doors, scope, cursor).await?.map(|reset| {
            let (why, head) = (reset.why.name(), reset.head);
            Box::new(ResetOut { why, epoch: head.epoch, seq: head.seq, floor: head.floor })
        });
    }
    Ok(problem)
}

/// A device's queue, oldest first.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Push, example = json!({
    "device": "0193f0a0-0000-7000-8000-000000000006",
    "changes": [{
        "n": 1, "hlc": "0193f0a000000000", "base": 0,
        "act": "0193f0a0-0000-7000-8000-00000000000a",
        "item": "0193f0a0-0000-7000-8000-00000000000b", "kind": "bookmark",
        "set": {"url": "https://example.org/offline", "title": "Saved on the train"}
    }]
}))]
pub(crate) struct PushIn {
    /// The paired device.
    #[schema(value_type = Id)]
    device: DeviceId,
    /// The changes, at most 500, their counters rising by one.
    #[serde(deserialize_with = "objects")]
    #[schema(value_type = Vec<PushedIn>, max_items = 500)]
    changes: Vec<Pushed>,
    /// Gestures whose deletions the person has confirmed, or that undo: they are never held.
    #[serde(default)]
    #[schema(value_type = Vec<Id>, max_items = 500)]
    confirmed: Vec<ActId>,
}

impl PushIn {
    /// How many changes it brings.
    pub(crate) fn changes(&self) -> usize {
        self.changes.len()
    }

    /// Pushes them for `person`.
    pub(crate) async fn push(
        self,
        doors: &Doors,
        scope: Scope,
        person: PersonId,
    ) -> Result<PushOut, Problem> {
        let Self { device, changes, confirmed } = self;
        let ask = Push { device, changes, confirmed: confirmed.into_iter().collect() };
        let answer = push(doors, scope, person, ask).await?;
        // A queue that could not even be begun is a refusal of the whole.
        if let (Some(stopped), true) = (&answer.stopped, answer.answers.is_empty()) {
            return Err(Problem::from(stopped.clone()));
        }
        Ok(PushOut {
            answers: answer.answers.into_iter().map(ToldOut::from).collect(),
            stopped: answer.stopped.map(place_of),
            head: answer.head.into(),
        })
    }
}

/// What a device did while it was away; the description of the log says what each part means.
#[derive(ToSchema)]
#[schema(as = Pushed)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "says in the document what the domain reads")]
struct PushedIn {
    /// The device's counter, dense from 1.
    #[schema(minimum = 1)]
    n: u64,
    /// The device's stamp: sixteen hexadecimal digits.
    #[schema(pattern = "^[0-9a-f]{16}$")]
    hlc: String,
    /// The position of the log the device had applied.
    base: u64,
    /// The gesture.
    act: Id,
    /// The item, under the id the device knows.
    item: Id,
    /// What the item is: `bookmark`, `collection`, `place`, `tag` and so on.
    kind: String,
    /// What is put; null empties a field.
    #[schema(value_type = Object)]
    set: (),
}

/// What became of one pushed change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PushTold)]
pub(crate) struct ToldOut {
    /// The change's counter.
    n: u64,
    /// `applied`, `noop`, `superseded`, `joined`; `held`, until a person says that it was meant; or
    /// `refused`.
    #[schema(value_type = String)]
    status: ToldStatus,
    /// The item that carries it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Id>,
    /// Its position in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    seq: Option<Seq>,
    /// The stamp it was logged with.
    #[serde(skip_serializing_if = "Option::is_none")]
    hlc: Option<String>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Place>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ToldStatus {
    Taken(Status),
    Refused(&'static str),
}

fn place_of(refused: Refused) -> Place {
    let code = refused.code.name().to_owned();
    Place { pointer: refused.at, code, detail: refused.detail }
}

impl From<Told> for ToldOut {
    fn from(told: Told) -> Self {
        match told.told {
            Ok(outcome) => Self {
                n: told.n,
                status: ToldStatus::Taken(outcome.status),
                item: Some(Id(outcome.item)),
                seq: outcome.seq,
                hlc: Some(outcome.hlc.to_string()),
                refused: None,
            },
            Err(refused) => Self {
                n: told.n,
                status: ToldStatus::Refused("refused"),
                item: None,
                seq: None,
                hlc: None,
                refused: Some(place_of(refused)),
            },
        }
    }
}

/// What became of a push.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PushAnswer)]
pub(crate) struct PushOut {
    /// One for each change that was looked at, in order.
    answers: Vec<ToldOut>,
    /// Why the rest was not looked at: `gap` or `device_reused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Place>,
    /// Where the log stands.
    head: HeadOut,
}

/// Push changes.
///
/// The same push again has the same answers and no effect. A refused change uses up its counter
/// and holds nothing up.
#[utoipa::path(post, path = "/v1/libraries/{library}/changes", tag = "sync",
    operation_id = "push_changes", request_body = PushIn,
    responses((status = 200, description = "Looked at.", body = PushOut)))]
async fn pushed(within: In, Ask { body, .. }: Ask<PushIn>) -> Answer {
    within.ctx.to_write()?;
    let more = More(costs::of_changes(body.changes()));
    let answer = body.push(&doors(&within.ctx.stores), within.scope, within.ctx.person).await?;
    let mut told = json(answer)?;
    told.extensions_mut().insert(more);
    Ok(told)
}
