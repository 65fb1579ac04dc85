//! Invitations to a tenant.

use crate::Api;
use crate::body::{Ask, Once, object};
use crate::caller::{InvitationPath, Me, TenantPath};
use crate::moment::Moment;
use crate::page::Paged;
use crate::replays::ShownOnce;
use crate::routes::shares::RightIo;
use crate::routes::tenants::RoleIo;
use crate::wire::{Answer, Id, done, json, located};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use shelf_domain::id::LibraryId;
use shelf_identity::tenants::invitations::{
    Invite, invite, list_invitations, take_back_invitation,
};
use shelf_ports::tenants::Invitation;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(take_back))
}

/// A right to a library that an invitation gives.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OfferedRight)]
struct OfferIo {
    /// A library of the tenant.
    library: Id,
    /// What they may do in it.
    right: RightIo,
}

/// An invitation that can still be taken up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
struct InvitationOut {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// What they will be in the tenant.
    role: RoleIo,
    /// The library they may use from then on.
    share: Option<OfferIo>,
    /// For whom it is.
    note: String,
    /// Who made it.
    #[schema(format = Uuid)]
    made_by: String,
    /// When it ends.
    expires_at: Moment,
}

impl From<Invitation> for InvitationOut {
    fn from(invitation: Invitation) -> Self {
        let offered = |(library, right): (LibraryId, _)| OfferIo {
            library: Id(shelf_domain::id::ItemId::from_bytes(library.to_bytes())),
            right: RightIo::from(right),
        };
        Self {
            id: invitation.id.to_string(),
            role: invitation.role.into(),
            share: invitation.share.map(offered),
            note: invitation.note,
            made_by: invitation.made_by.to_string(),
            expires_at: Moment(invitation.expires_at),
        }
    }
}

/// List the invitations that can still be taken up; for admins.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/invitations", tag = "tenants",
    operation_id = "list_invitations",
    responses((status = 200, description = "All of them.", body = Paged<InvitationOut>)))]
async fn list(me: Me, State(api): State<Api>, TenantPath(tenant): TenantPath) -> Answer {
    let open = list_invitations(&api.doors(), me.signed.person.id, tenant).await?;
    json(Paged::whole(open.into_iter().map(InvitationOut::from).collect()))
}

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Invite, example = json!({"role": "member", "note": "for Flo"}))]
struct InviteIn {
    /// What they will be in the tenant.
    role: RoleIo,
    /// A library they may use from then on.
    #[serde(default, deserialize_with = "object")]
    share: Option<OfferIo>,
    /// For whom it is, to know it by.
    #[serde(default)]
    #[schema(max_length = 200)]
    note: String,
}

/// A new invitation.
#[derive(Serialize, ToSchema)]
#[schema(as = NewInvitation)]
struct InvitedOut {
    /// What whoever joins needs; shown this once. The page `/join?invitation=…` takes it.
    secret: String,
    /// What is known of it.
    invitation: InvitationOut,
}

/// Invite somebody; for admins. Only owners invite owners.
///
/// Whoever brings the secret within seven days joins, once. It is in this answer alone: under an
/// `Idempotency-Key` the same request again is answered 409 `shown_once`.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/invitations", tag = "tenants",
    operation_id = "invite", request_body = InviteIn,
    responses((status = 201, description = "Made.", body = InvitedOut)))]
async fn create(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    Ask { body, .. }: Ask<InviteIn>,
) -> Answer {
    let offered = |OfferIo { library: Id(id), right }: OfferIo| {
        (LibraryId::from_bytes(id.to_bytes()), right.into())
    };
    let (role, share) = (body.role.into(), body.share.map(offered));
    let ask = Invite { role, share, note: body.note };
    let new = invite(&api.doors(), me.actor(), tenant, ask).await?;
    let location = format!("/v1/tenants/{tenant}/invitations/{}", new.invitation.id);
    let secret = new.secret.expose().to_owned();
    let body = InvitedOut { secret, invitation: new.invitation.into() };
    let mut answer = located((StatusCode::CREATED, Json(body)).into_response(), &location);
    answer.extensions_mut().insert(ShownOnce(format!("the invitation was made: {location}")));
    Ok(answer)
}

/// Take an invitation back; for admins.
#[utoipa::path(delete, path = "/v1/tenants/{tenant}/invitations/{invitation}", tag = "tenants",
    operation_id = "take_back_invitation",
    responses((status = 204, description = "Nobody can take it up any more.")))]
async fn take_back(
    me: Me,
    State(api): State<Api>,
    TenantPath(tenant): TenantPath,
    InvitationPath(id): InvitationPath,
    _: Once,
) -> Answer {
    take_back_invitation(&api.doors(), me.actor(), tenant, id).await?;
    done()
}
