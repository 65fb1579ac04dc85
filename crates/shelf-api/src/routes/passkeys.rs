//! The caller's passkeys: see, rename and remove them. Browsers add and use them, on pages.

use crate::Api;
use crate::body::{Once, Patch, never_empty, said};
use crate::caller::{Me, PasskeyPath};
use crate::moment::Moment;
use crate::page::Paged;
use crate::problem::Problem;
use crate::wire::{Answer, done, json};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shelf_domain::id::PasskeyId;
use shelf_domain::refusal::Refused;
use shelf_identity::Typed;
use shelf_identity::passkeys::list_passkeys::list_passkeys;
use shelf_identity::passkeys::remove_passkey::remove_passkey;
use shelf_identity::passkeys::rename_passkey::rename_passkey;
use shelf_ports::passkeys::Passkey;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(passkeys)).routes(routes!(rename, remove))
}

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Passkey)]
struct PasskeyOut {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// The name its owner knows it by.
    name: String,
    /// When it was added.
    created_at: Moment,
    /// When it was last used.
    used_at: Option<Moment>,
    /// Whether it may be on several devices of its owner.
    synced: bool,
    /// Whether it is.
    backed_up: bool,
    /// When it was seen that somebody may have a copy; it opens nothing since.
    copied_at: Option<Moment>,
}

impl From<Passkey> for PasskeyOut {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.to_string(),
            name: passkey.name,
            created_at: Moment(passkey.created_at),
            used_at: passkey.used_at.map(Moment),
            synced: passkey.synced,
            backed_up: passkey.backed_up,
            copied_at: passkey.copied_at.map(Moment),
        }
    }
}

/// List the passkeys of the caller, oldest first.
#[utoipa::path(get, path = "/v1/me/passkeys", tag = "account", operation_id = "list_passkeys",
    responses((status = 200, description = "All of them.", body = Paged<PasskeyOut>)))]
async fn passkeys(me: Me, State(api): State<Api>) -> Answer {
    let all = list_passkeys(&api.privacy.passwords, me.signed.person.id).await?;
    json(Paged::whole(all.into_iter().map(PasskeyOut::from).collect()))
}

/// The passkey `id` of the caller.
async fn known(me: &Me, api: &Api, id: PasskeyId) -> Result<PasskeyOut, Problem> {
    let all = list_passkeys(&api.privacy.passwords, me.signed.person.id).await?;
    let found = all.into_iter().find(|passkey| passkey.id == id);
    Ok(found.ok_or_else(|| Refused::not_found(format!("passkey {id}")))?.into())
}

/// What to change; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EditPasskey, example = json!({"name": "Phone"}))]
struct EditPasskeyIn {
    /// The name its owner knows it by; never empty.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = String, required = false, max_length = 200)]
    name: Option<Option<String>>,
}

/// Rename a passkey; in a browser, or with the key of the machine.
#[utoipa::path(patch, path = "/v1/me/passkeys/{passkey}", tag = "account",
    operation_id = "edit_passkey",
    request_body(content = EditPasskeyIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Renamed.", body = PasskeyOut)))]
async fn rename(
    me: Me,
    State(api): State<Api>,
    PasskeyPath(id): PasskeyPath,
    Patch { body, .. }: Patch<EditPasskeyIn>,
) -> Answer {
    if let Some(name) = never_empty("name", body.name)? {
        rename_passkey(&api.privacy.passwords, &me.signed, id, &name).await?;
    }
    json(known(&me, &api, id).await?)
}

/// Remove a passkey; in a browser, or with the key of the machine.
///
/// Every other session of the caller ends with it. In a browser of somebody who has a password or
/// another way to confirm, that has to be done on the page of passkeys first, a moment before.
#[utoipa::path(delete, path = "/v1/me/passkeys/{passkey}", tag = "account",
    operation_id = "remove_passkey", responses((status = 204, description = "Removed.")))]
async fn remove(me: Me, State(api): State<Api>, PasskeyPath(id): PasskeyPath, _: Once) -> Answer {
    remove_passkey(&api.privacy.passwords, &me.signed, id, &Typed::new("")).await?;
    done()
}
