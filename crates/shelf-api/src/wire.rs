//! What several routes say in the same way: ids, versions, what a gesture changed, answers.
#![expect(clippy::unnecessary_wraps, reason = "handlers end with these answers")]

use crate::etag::tag_of;
use crate::problem::Problem;
use axum::Json;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use shelf_bookmarks::Changed;
use shelf_domain::change::Head;
use shelf_domain::edit::Version;
use shelf_domain::id::{ActId, ItemId};
use shelf_domain::stamp::Seq;
use std::str::FromStr;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// What a route answers.
pub(crate) type Answer = Result<Response, Problem>;

/// An id on the wire: a UUID in its usual form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Id(pub ItemId);

impl Id {
    /// The id as text says it.
    pub(crate) fn read(text: &str) -> Option<Self> {
        ItemId::from_str(text).ok().map(Self)
    }
}

impl From<ItemId> for Id {
    fn from(id: ItemId) -> Self {
        Self(id)
    }
}

impl From<ActId> for Id {
    fn from(act: ActId) -> Self {
        Self(ItemId::from_bytes(act.to_bytes()))
    }
}

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
            .description(Some("An id: a UUID."))
            .build()
            .into()
    }
}

impl ToSchema for Id {}

/// What a gesture changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Changed, example = json!({
    "act": "0193f0a0-0000-7000-8000-000000000009",
    "items": ["0193f0a0-0000-7000-8000-000000000001"], "left": [], "replayed": false
}))]
pub(crate) struct ChangedOut {
    /// The gesture; undo takes it.
    pub act: Option<Id>,
    /// The items that were changed.
    pub items: Vec<Id>,
    /// Items that were left as they are: others changed them since, or there are none.
    pub left: Vec<Id>,
    /// Whether this is the stored answer of an earlier request with the same key.
    pub replayed: bool,
}

impl From<Changed> for ChangedOut {
    fn from(changed: Changed) -> Self {
        let ids = |items: Vec<ItemId>| items.into_iter().map(Id).collect();
        Self {
            act: changed.act.map(Id::from),
            items: ids(changed.items),
            left: ids(changed.left),
            replayed: changed.replayed,
        }
    }
}

impl ChangedOut {
    /// What a gesture changed that may have found nothing to do.
    pub(crate) fn or_nothing(changed: Option<Changed>) -> Self {
        let nothing = Self { act: None, items: Vec::new(), left: Vec::new(), replayed: false };
        changed.map_or(nothing, Self::from)
    }
}

/// The version of an item whose latest winning row is `seq`.
pub(crate) fn version(head: &Head, seq: Seq) -> Version {
    Version { epoch: head.epoch, seq }
}

/// A JSON answer.
pub(crate) fn json(body: impl Serialize) -> Answer {
    Ok(Json(body).into_response())
}

/// A JSON answer about one item at one version.
pub(crate) fn tagged(status: StatusCode, version: Version, body: impl Serialize) -> Answer {
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(ETAG, tag_of(version));
    Ok(response)
}

/// Says that what was asked for is at `location`.
pub(crate) fn located(mut answer: Response, location: &str) -> Response {
    if let Ok(location) = HeaderValue::from_str(location) {
        answer.headers_mut().insert(LOCATION, location);
    }
    answer
}

/// Nothing to say but that it is done.
pub(crate) fn done() -> Answer {
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The caller has this version already.
pub(crate) fn unchanged(version: Version) -> Answer {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    response.headers_mut().insert(ETAG, tag_of(version));
    Ok(response)
}
