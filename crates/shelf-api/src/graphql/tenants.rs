//! Tenants: who belongs to them, and what was done about it.

use crate::graphql::account::{Called, all};
use crate::graphql::asks::{Ask, Page};
use crate::graphql::groups::Group;
use crate::graphql::ids::{Named, NodeId};
use crate::graphql::pages::{Pages, page, pages};
use crate::graphql::payloads::DonePayload;
use crate::graphql::scalars::{DateTime, Right, Role};
use crate::graphql::{asks, write};
use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};
use serde::{Deserialize, Serialize};
use shelf_domain::id::ItemId;

/// A tenant of the caller.
#[derive(Clone, Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Tenant {
    #[graphql(skip)]
    id: ItemId,
    /// Its name.
    name: String,
    /// What the caller is in it.
    role: Role,
    /// When it was made.
    created_at: DateTime,
}

/// Somebody who belongs to a tenant.
#[derive(Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Member {
    #[graphql(skip)]
    person: ItemId,
    /// What they are called.
    name: String,
    /// What they are in the tenant.
    role: Role,
    /// Since when.
    since: DateTime,
}

/// An invitation that can still be taken up.
#[derive(Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Invitation {
    #[serde(skip, default = "nowhere")]
    #[graphql(skip)]
    tenant: ItemId,
    #[graphql(skip)]
    id: ItemId,
    #[graphql(skip)]
    made_by: ItemId,
    /// What they will be in the tenant.
    role: Role,
    /// The library they may use from then on.
    share: Option<OfferedRight>,
    /// For whom it is.
    note: String,
    /// When it ends.
    expires_at: DateTime,
}

/// A right to a library that an invitation gives.
#[derive(Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct OfferedRight {
    #[graphql(skip)]
    library: ItemId,
    /// What they may do in it.
    right: Right,
}

/// A library, by name alone.
#[derive(Debug, Deserialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct LibraryName {
    #[graphql(skip)]
    id: ItemId,
    /// Its name.
    name: String,
    /// When it was made.
    created_at: DateTime,
}

/// One thing that was done about who may do what.
#[derive(Debug, Deserialize, SimpleObject)]
pub(crate) struct AuditRecord {
    /// Its place in the log: 1 for the first, without gaps.
    number: u64,
    /// When.
    at: DateTime,
    /// What, such as `role_changed`.
    deed: String,
    /// Who did it.
    person: String,
    /// With which session, token or device.
    grant: Option<String>,
    /// To what it was done.
    subject: Option<String>,
    /// How: a role, a right, an id.
    detail: String,
    /// SHA-256 over this record and the seal before it, in hexadecimal digits.
    seal: String,
}

/// How an audit log stands.
#[derive(Debug, Deserialize, SimpleObject)]
pub(crate) struct AuditCheck {
    /// Whether every record is the one that was written, none is missing, and the seal that was
    /// asked for is there.
    holds: bool,
    /// Why it does not.
    problem: Option<String>,
    /// How many records were followed.
    records: u64,
    /// The last of them, as `number:seal`, to keep elsewhere.
    seal: String,
}

/// Of no tenant, until it is said of which.
pub(crate) fn nowhere() -> ItemId {
    crate::graphql::ids::NOTHING
}

impl Tenant {
    fn ask<'a>(&self, ctx: &Context<'a>, field: &'static str) -> Ask<'a> {
        asks(ctx).of(field).at("tenant", self.id)
    }
}

#[ComplexObject]
impl Tenant {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        Named::Tenant.id(&[self.id])
    }

    /// The id REST knows it by.
    async fn uuid(&self) -> String {
        self.id.to_string()
    }

    /// Its members, by when they came.
    async fn members(&self, ctx: &Context<'_>) -> Result<Vec<Member>> {
        Ok(all(self.ask(ctx, "Tenant.members")).await?)
    }

    /// Its groups, by name.
    async fn groups(&self, ctx: &Context<'_>) -> Result<Vec<Group>> {
        let mut groups: Vec<Group> = all(self.ask(ctx, "Tenant.groups")).await?;
        for group in &mut groups {
            group.settle(self.id);
        }
        Ok(groups)
    }

    /// The invitations that can still be taken up; for admins.
    async fn invitations(&self, ctx: &Context<'_>) -> Result<Vec<Invitation>> {
        let mut open: Vec<Invitation> = all(self.ask(ctx, "Tenant.invitations")).await?;
        for invitation in &mut open {
            invitation.tenant = self.id;
        }
        Ok(open)
    }

    /// Every library of it by name; for admins.
    async fn libraries(&self, ctx: &Context<'_>) -> Result<Vec<LibraryName>> {
        Ok(all(self.ask(ctx, "Tenant.libraries")).await?)
    }

    /// What was done about who may do what in it, the last first; for admins.
    async fn audit(
        &self,
        ctx: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
    ) -> Result<Pages<AuditRecord>> {
        let ask = self.ask(ctx, "Tenant.audit");
        let told: Page<AuditRecord> = page(ask, first, after.as_deref()).await?;
        Ok(pages(told, after.as_deref(), |record| record.number.to_string()))
    }

    /// Follows its audit log from the beginning, to a seal that was kept elsewhere, as
    /// `number:seal`; for admins.
    async fn audit_check(&self, ctx: &Context<'_>, seal: Option<String>) -> Result<AuditCheck> {
        Ok(self.ask(ctx, "Tenant.auditCheck").with("seal", seal).read().await?)
    }
}

#[ComplexObject]
impl Member {
    /// Who.
    async fn person(&self) -> ID {
        Named::Person.id(&[self.person])
    }
}

#[ComplexObject]
impl Invitation {
    /// Its id.
    async fn id(&self) -> ID {
        Named::Invitation.id(&[self.tenant, self.id])
    }

    /// Who made it.
    async fn made_by(&self) -> ID {
        Named::Person.id(&[self.made_by])
    }
}

#[ComplexObject]
impl OfferedRight {
    /// The library.
    async fn library(&self) -> ID {
        Named::Library.id(&[self.library])
    }
}

#[ComplexObject]
impl LibraryName {
    /// Its id.
    async fn id(&self) -> ID {
        Named::Library.id(&[self.id])
    }
}

/// A right to a library to give with an invitation.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct OfferInput {
    /// A library of the tenant.
    library: NodeId,
    /// What they may do in it.
    right: Right,
}

/// Whom to invite.
#[derive(Debug, InputObject, Serialize)]
pub(crate) struct InviteInput {
    /// The tenant.
    #[serde(skip_serializing)]
    tenant: NodeId,
    /// What they will be in it.
    role: Role,
    /// A library they may use from then on.
    share: Option<OfferInput>,
    /// For whom it is, to know it by.
    note: Option<String>,
}

/// A new invitation.
#[derive(Deserialize, SimpleObject)]
pub(crate) struct InvitationPayload {
    /// What whoever joins needs; shown this once.
    secret: String,
    /// What is known of it.
    invitation: Invitation,
}

/// What a member is from now on.
#[derive(Debug, Serialize)]
struct Becomes {
    role: Role,
}

/// An invitation to take up.
#[derive(Serialize)]
struct TakeUp {
    invitation: String,
}

/// What changes tenants: who belongs to them.
#[derive(Debug, Default)]
pub(crate) struct TenantMutations;

#[Object]
impl TenantMutations {
    /// Makes a tenant, which the caller owns.
    async fn create_tenant(
        &self,
        ctx: &Context<'_>,
        name: String,
        idempotency_key: Option<String>,
    ) -> Result<Tenant> {
        let ask = write(ctx, "Mutation.createTenant", idempotency_key);
        Ok(ask.body(&Called { name }).done().await?)
    }

    /// Renames a tenant; for its admins and owners.
    async fn edit_tenant(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        name: String,
        idempotency_key: Option<String>,
    ) -> Result<Tenant> {
        let ask = write(ctx, "Mutation.editTenant", idempotency_key);
        let ask = ask.at("tenant", id.of(Named::Tenant)).patch(&Called { name });
        Ok(ask.done().await?)
    }

    /// Takes an invitation up: joins its tenant. It works once.
    async fn join_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(secret)] invitation: String,
        idempotency_key: Option<String>,
    ) -> Result<Tenant> {
        let ask = write(ctx, "Mutation.joinTenant", idempotency_key);
        Ok(ask.body(&TakeUp { invitation }).done().await?)
    }

    /// Changes what a member is; for admins, and where owners are touched for owners.
    async fn edit_member(
        &self,
        ctx: &Context<'_>,
        tenant: NodeId,
        person: NodeId,
        role: Role,
        idempotency_key: Option<String>,
    ) -> Result<Member> {
        let ask = write(ctx, "Mutation.editMember", idempotency_key);
        let ask = ask.at("tenant", tenant.of(Named::Tenant));
        let ask = ask.at("person", person.of(Named::Person)).patch(&Becomes { role });
        Ok(ask.done().await?)
    }

    /// Takes a member out, or leaves.
    async fn remove_member(
        &self,
        ctx: &Context<'_>,
        tenant: NodeId,
        person: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<DonePayload> {
        let ask = write(ctx, "Mutation.removeMember", idempotency_key);
        let ask = ask.at("tenant", tenant.of(Named::Tenant));
        Ok(DonePayload::of(ask.at("person", person.of(Named::Person))).await?)
    }

    /// Invites somebody; for admins. Whoever brings the secret within seven days joins, once.
    async fn invite(
        &self,
        ctx: &Context<'_>,
        input: InviteInput,
        idempotency_key: Option<String>,
    ) -> Result<InvitationPayload> {
        let tenant = input.tenant.of(Named::Tenant);
        let ask = write(ctx, "Mutation.invite", idempotency_key).at("tenant", tenant);
        let mut invited: InvitationPayload = ask.body(&input).done().await?;
        invited.invitation.tenant = tenant;
        Ok(invited)
    }

    /// Takes an invitation back; for admins.
    async fn take_back_invitation(
        &self,
        ctx: &Context<'_>,
        id: NodeId,
        idempotency_key: Option<String>,
    ) -> Result<DonePayload> {
        let ask = write(ctx, "Mutation.takeBackInvitation", idempotency_key);
        let ask = ask.at("tenant", id.home()).at("invitation", id.of(Named::Invitation));
        Ok(DonePayload::of(ask).await?)
    }
}
