//! Presence: who else is in a library now, and whether the person is seen themselves.

use crate::Api;
use crate::body::Ask;
use crate::caller::{In, Me};
use crate::page::Paged;
use crate::wire::{Answer, Id, json};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shelf_sync::presence::{show_presence, wants_to_be_shown};
use shelf_sync::{PersonHere, company, named};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(present)).routes(routes!(state, switch))
}

/// Somebody who is in a library now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonHere)]
pub(crate) struct PersonHereOut {
    /// Who.
    #[schema(format = Uuid)]
    person: String,
    /// What they are called.
    name: String,
    /// What they do: `reading` or `writing`.
    state: &'static str,
    /// The items they are at, at most 8.
    items: Vec<Id>,
}

impl From<PersonHere> for PersonHereOut {
    fn from(here: PersonHere) -> Self {
        let PersonHere { person, name, doing, items } = here;
        let items = items.into_iter().map(Id).collect();
        Self { person: person.to_string(), name, state: doing.name(), items }
    }
}

/// Who else is in a library now.
///
/// By name, at most 50 people. Said over the socket of sync by those who are there, and gone half a
/// minute after they last said so; the caller is not among them, nor is who does not want to be seen.
#[utoipa::path(get, path = "/v1/libraries/{library}/presence", tag = "presence",
    operation_id = "list_presence",
    responses((status = 200, description = "The people.", body = Paged<PersonHereOut>)))]
async fn present(State(api): State<Api>, within: In) -> Answer {
    let doors = api.presence_doors();
    let others = company(&doors, within.scope, within.ctx.person).await?;
    let people = named(&doors, others).await?;
    json(Paged::whole(people.into_iter().map(PersonHereOut::from).collect()))
}

/// Whether others see where the person is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PresenceSwitch, example = json!({"on": false}))]
struct Switch {
    /// Whether they do.
    on: bool,
}

/// Whether others see the person in libraries they share.
#[utoipa::path(get, path = "/v1/presence", tag = "presence", operation_id = "get_presence_switch",
    responses((status = 200, description = "The switch.", body = Switch)))]
async fn state(me: Me) -> Answer {
    json(Switch { on: wants_to_be_shown(&*me.ctx.stores.accounts, me.ctx.person).await? })
}

/// Show or hide the person in libraries they share.
///
/// Who is hidden still sees others. Where they were seen, that ends within half a minute.
#[utoipa::path(put, path = "/v1/presence", tag = "presence", operation_id = "switch_presence",
    request_body = Switch,
    responses((status = 200, description = "The switch.", body = Switch)))]
async fn switch(me: Me, Ask { body, .. }: Ask<Switch>) -> Answer {
    show_presence(&*me.ctx.stores.accounts, me.ctx.person, body.on).await?;
    json(body)
}
