//! Identity providers of tenants: who is asked whether somebody belongs, and for which mail addresses
//! it may speak.

use crate::Fault;
use crate::accounts::SecretHash;
use crate::tenants::Joining;
use crate::vault::Of;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{GroupId, PersonId, TenantId};
use shelf_domain::mail::MailDomain;
use shelf_domain::right::Role;
use std::fmt;

/// Most domains of one tenant.
pub const DOMAINS_MAX: usize = 100;
/// Most sign-ins that are under way at once.
pub const FLOWS_MAX: usize = 10_000;

/// What this server proves itself by to a provider, sealed with the key of the tenant. Prints nothing
/// of itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSecret(pub Vec<u8>);

impl ProviderSecret {
    /// What the secret of `tenant` is as a sealed thing.
    pub const fn of(tenant: TenantId) -> Of {
        Of::whole("provider secret", tenant.to_bytes())
    }

    /// What stands in the place of one that was lost, until an admin gives it again.
    pub const fn lost() -> Self {
        Self(Vec::new())
    }

    /// Whether it was lost: nobody signs in by its provider.
    pub const fn is_lost(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for ProviderSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProviderSecret(..)")
    }
}

/// What follows from one value of the claim that names groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRule {
    /// The value.
    pub value: String,
    /// The group whoever has it is in.
    pub group: Option<GroupId>,
    /// What they are in the tenant; never owner.
    pub role: Option<Role>,
}

/// The identity provider of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Whose it is.
    pub tenant: TenantId,
    /// What it calls itself: an address.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// What this server proves itself by.
    pub secret: ProviderSecret,
    /// The claim that names groups; empty where none is followed.
    pub groups_claim: String,
    /// What follows from its values.
    pub rules: Vec<ClaimRule>,
    /// What somebody new is, where no rule says more; never owner.
    pub role: Role,
    /// Whether members other than owners reach the tenant in no other way.
    pub is_required: bool,
    /// When it was connected, milliseconds.
    pub created_at: i64,
}

/// A domain of mail addresses that a tenant named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantDomain {
    /// The tenant.
    pub tenant: TenantId,
    /// The domain.
    pub name: MailDomain,
    /// What has to stand there to prove that it is the tenant's.
    pub token: String,
    /// When it was named, milliseconds.
    pub added_at: i64,
    /// When it was proven, if it was, milliseconds.
    pub verified_at: Option<i64>,
}

/// What came of proving a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// It is the tenant's.
    Done,
    /// Another tenant proved it before.
    Taken,
    /// The tenant did not name it.
    Absent,
}

/// A member as their provider knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The tenant.
    pub tenant: TenantId,
    /// The provider.
    pub issuer: String,
    /// What it calls them, for ever.
    pub subject: String,
    /// Who they are here.
    pub person: PersonId,
    /// What the provider made them last; nothing where somebody here decided it.
    pub role: Option<Role>,
    /// Since when they are known, milliseconds.
    pub since: i64,
    /// When they came in last, milliseconds.
    pub signed_in_at: i64,
    /// The groups they are in for the provider's sake alone, by id.
    pub groups: Vec<GroupId>,
}

/// A sign-in that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// For which tenant.
    pub tenant: TenantId,
    /// Which provider was asked.
    pub issuer: String,
    /// As whom.
    pub client_id: String,
    /// The member who wants to be known to it, where it is not to come in.
    pub person: Option<PersonId>,
    /// Where the browser goes afterwards: a path of ours.
    pub landing: String,
    /// When it ends, milliseconds.
    pub expires_at: i64,
}

/// Identity providers, domains, and who is known by them. Effects are durable when a call answers.
///
/// The contract, each line a case of the exam:
///
/// * A tenant has one provider. Another issuer forgets whom the one before knew; without a provider,
///   nobody is known by it, is in a group for its sake, or has a session that came by it.
/// * A domain that is proven belongs to one tenant; of several that prove it at once one has it.
/// * Whom a provider knows is one person, and a person is known by it once; of several that come for
///   the first time at once one comes in, and nobody was added for the others.
/// * Groups follow what a provider says; whoever was put into one by hand stays, also where it said
///   so before.
/// * Sessions a provider ends are those somebody came in with by it until then, and no others.
/// * A sign-in that is under way is taken once and in time.
/// * What names a tenant sees nothing of another one.
#[async_trait]
pub trait SingleSignOn: fmt::Debug + Send + Sync {
    /// The provider of `tenant`.
    async fn provider(&self, tenant: TenantId) -> Result<Option<Provider>, Fault>;

    /// Connects a provider, in the place of the one before; false where the tenant is not there.
    async fn put_provider(&self, provider: &Provider) -> Result<bool, Fault>;

    /// Removes the provider of `tenant` with what came by it; whether there was one.
    async fn remove_provider(&self, tenant: TenantId) -> Result<bool, Fault>;

    /// The domains of `tenant`, by name.
    async fn domains(&self, tenant: TenantId) -> Result<Vec<TenantDomain>, Fault>;

    /// Names a domain; false where the tenant named it before, is not there, or has [`DOMAINS_MAX`].
    async fn add_domain(&self, domain: &TenantDomain) -> Result<bool, Fault>;

    /// Notes that `tenant` proved `name` at `at`.
    async fn verify_domain(
        &self,
        tenant: TenantId,
        name: &MailDomain,
        at: i64,
    ) -> Result<Verified, Fault>;

    /// Removes a domain; whether it was there.
    async fn remove_domain(&self, tenant: TenantId, name: &MailDomain) -> Result<bool, Fault>;

    /// The tenant that proved `name`.
    async fn tenant_of_domain(&self, name: &MailDomain) -> Result<Option<TenantId>, Fault>;

    /// Keeps a sign-in that `secret` takes. Where more than [`FLOWS_MAX`] are under way at `now`, those
    /// that end first make room, and those of nobody who is signed in before others.
    async fn put_flow(&self, secret: SecretHash, flow: &Flow, now: i64) -> Result<(), Fault>;

    /// Takes a sign-in, unless it has ended.
    async fn take_flow(&self, secret: SecretHash, now: i64) -> Result<Option<Flow>, Fault>;

    /// Whom the provider `issuer` of `tenant` calls `subject`.
    async fn identity(
        &self,
        tenant: TenantId,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Identity>, Fault>;

    /// How `person` is known to providers, by tenant.
    async fn identities_of(&self, person: PersonId) -> Result<Vec<Identity>, Fault>;

    /// Keeps whom a provider knows, for the first time; somebody new is a member as `role` from then
    /// on. False, and nothing done, where it knows them already, or them by another name, the tenant
    /// is not there, or who is here already is no member. Their groups are not kept by this.
    async fn put_identity(
        &self,
        identity: &Identity,
        joining: &Joining,
        role: Role,
    ) -> Result<bool, Fault>;

    /// Notes that a person came in at `at`, and what the provider made them.
    async fn note_came(
        &self,
        tenant: TenantId,
        person: PersonId,
        role: Option<Role>,
        at: i64,
    ) -> Result<(), Fault>;

    /// Ends the sessions `person` came in with by the provider of `tenant` before `until`, milliseconds;
    /// how many.
    async fn end_sessions(
        &self,
        tenant: TenantId,
        person: PersonId,
        until: i64,
    ) -> Result<u64, Fault>;

    /// Puts a member into these groups of the tenant for the provider's sake, and takes them out of
    /// others they were in for its sake alone.
    async fn follow_groups(
        &self,
        tenant: TenantId,
        person: PersonId,
        groups: &[GroupId],
    ) -> Result<(), Fault>;
}
