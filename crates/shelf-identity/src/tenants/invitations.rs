//! Invite people to a tenant, see and take back invitations, and take one up.

use super::{forbidden, governor_in};
use crate::audit::{Actor, record};
use crate::create_token::checked_name;
use crate::doors::Doors;
use crate::first_run::FIRST_LIBRARY;
use crate::secret::Secret;
use shelf_domain::audit::Deed;
use shelf_domain::id::{InvitationId, LibraryId, PersonId, TenantId};
use shelf_domain::plan::Stock;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::{Right, Role};
use shelf_ports::Failure;
use shelf_ports::accounts::{LibraryInfo, Person};
use shelf_ports::tenants::{Invitation, Joining, Tenant};

/// How long an invitation can be taken up, in milliseconds.
pub const INVITATION_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Most invitations of one tenant that are open at a time.
pub const INVITATIONS_MAX: usize = 1_000;
/// Longest note, in characters.
const NOTE_CHARS_MAX: usize = 200;

/// Whom to invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// What they will be.
    pub role: Role,
    /// A library they may use from then on, and how.
    pub share: Option<(LibraryId, Right)>,
    /// For whom it is, to know it by.
    pub note: String,
}

/// An invitation and the secret that takes it up, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The secret.
    pub secret: Secret,
    /// The invitation.
    pub invitation: Invitation,
}

/// An invitation as whoever holds its secret may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The tenant.
    pub tenant: Tenant,
    /// Who invites.
    pub by: Option<Person>,
    /// What is offered.
    pub invitation: Invitation,
}

/// Makes an invitation to `tenant`; for admins. Only owners invite owners.
#[tracing::instrument(skip_all)]
pub async fn invite(
    doors: &Doors,
    by: Actor,
    tenant: TenantId,
    ask: Invite,
) -> Result<Invited, Failure> {
    let mine = governor_in(doors, by.person, tenant).await?;
    if !mine.may_change(None, Some(ask.role)) {
        return Err(forbidden("only an owner invites owners").into());
    }
    let note = ask.note.trim().to_owned();
    if note.chars().count() > NOTE_CHARS_MAX {
        let detail = format!("a note has at most {NOTE_CHARS_MAX} characters");
        return Err(Refused::invalid("note", detail).into());
    }
    if let Some((library, _)) = ask.share {
        let known = doors.tenants.libraries_of(tenant).await?;
        if !known.iter().any(|known| known.id == library) {
            return Err(Refused::not_found(format!("library {library}")).into());
        }
    }
    let now = doors.clock.now_ms();
    if doors.tenants.invitations(tenant, now).await?.len() >= INVITATIONS_MAX {
        let detail = format!("at most {INVITATIONS_MAX} invitations are open at a time");
        return Err(Refused::new(Code::Quota, "", detail).into());
    }
    doors.has_room(tenant, Stock::Members).await?;
    let secret = Secret::new(&*doors.chance);
    let (id, expires_at) = (doors.ids().make(), now + INVITATION_MS);
    let Invite { role, share, .. } = ask;
    let invitation = Invitation { id, tenant, role, share, note, made_by: by.person, expires_at };
    record(doors, tenant, by, (Deed::Invited, Some(id.to_bytes())), role.name()).await?;
    doors.tenants.put_invitation(&invitation, secret.hash()).await?;
    Ok(Invited { secret, invitation })
}

/// The invitations of `tenant` that can still be taken up; for admins.
#[tracing::instrument(skip_all)]
pub async fn list_invitations(
    doors: &Doors,
    by: PersonId,
    tenant: TenantId,
) -> Result<Vec<Invitation>, Failure> {
    governor_in(doors, by, tenant).await?;
    Ok(doors.tenants.invitations(tenant, doors.clock.now_ms()).await?)
}

/// Takes an invitation back; for admins.
#[tracing::instrument(skip_all)]
pub async fn take_back_invitation(
    doors: &Doors,
    by: Actor,
    tenant: TenantId,
    id: InvitationId,
) -> Result<(), Failure> {
    governor_in(doors, by.person, tenant).await?;
    record(doors, tenant, by, (Deed::InvitationTakenBack, Some(id.to_bytes())), "").await?;
    if doors.tenants.remove_invitation(tenant, id).await? {
        return Ok(());
    }
    Err(Refused::not_found(format!("invitation {id}")).into())
}

/// What `secret` invites to; refused `not_found` where it was taken up or back, or has ended, and where
/// whoever made it might not make it any more: who is put out leaves no way in.
#[tracing::instrument(skip_all)]
pub async fn look_at_invitation(doors: &Doors, secret: &Secret) -> Result<Offer, Failure> {
    let now = doors.clock.now_ms();
    let found = if secret.is_plausible() {
        doors.tenants.invitation(secret.hash(), now).await?
    } else {
        None
    };
    let invitation = found.ok_or_else(spent)?;
    let maker = doors.tenants.member(invitation.tenant, invitation.made_by).await?;
    if !maker.is_some_and(|maker| maker.role.may_change(None, Some(invitation.role))) {
        return Err(spent().into());
    }
    let tenant = doors.tenants.tenant(invitation.tenant).await?.ok_or_else(spent)?;
    let by = doors.accounts.person(invitation.made_by).await?;
    Ok(Offer { tenant, by, invitation })
}

/// Lets `person`, who is here already, join; refused like [`look_at_invitation`].
#[tracing::instrument(skip_all)]
pub async fn join(doors: &Doors, by: Actor, secret: &Secret) -> Result<Invitation, Failure> {
    take_up(doors, secret, by, &Joining::Known(by.person)).await
}

/// Lets somebody new join, called `name`, with a library of their own besides.
#[tracing::instrument(skip_all)]
pub async fn join_as_new(
    doors: &Doors,
    name: &str,
    secret: &Secret,
) -> Result<(Person, Invitation), Failure> {
    let mut ids = doors.ids();
    let person = Person { id: ids.make(), tenant: ids.make(), name: checked_name(name)? };
    let library = LibraryInfo {
        id: ids.make(),
        tenant: person.tenant,
        name: FIRST_LIBRARY.to_owned(),
        created_at: doors.clock.now_ms(),
    };
    let joining = Joining::New(person.clone(), library);
    let invitation = take_up(doors, secret, person.id.into(), &joining).await?;
    Ok((person, invitation))
}

async fn take_up(
    doors: &Doors,
    secret: &Secret,
    by: Actor,
    joining: &Joining,
) -> Result<Invitation, Failure> {
    let Offer { tenant, invitation, .. } = look_at_invitation(doors, secret).await?;
    // Whoever is a member already takes no place.
    if doors.tenants.member(tenant.id, joining.person()).await?.is_none() {
        doors.has_room(tenant.id, Stock::Members).await?;
    }
    let deed = (Deed::Joined, Some(invitation.id.to_bytes()));
    record(doors, tenant.id, by, deed, invitation.role.name()).await?;
    let now = doors.clock.now_ms();
    let taken = doors.tenants.take_invitation(secret.hash(), joining, now).await?;
    taken.ok_or_else(|| spent().into())
}

fn spent() -> Refused {
    Refused::not_found("invitation; it was taken up or back, or has ended")
}
