//! Who belongs to which tenant, and who may use which library.

use crate::Fault;
use crate::accounts::{LibraryInfo, Person, SecretHash};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use shelf_domain::id::{GroupId, InvitationId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::right::{Right, Role};
use std::fmt;

/// A tenant: an organisation, or a person alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// When it was made, milliseconds.
    pub created_at: i64,
}

/// Somebody who belongs to a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// What they are called; not kept here.
    #[serde(skip)]
    pub name: String,
    /// What they are in the tenant.
    pub role: Role,
    /// Since when, milliseconds.
    pub since: i64,
}

/// Members of a tenant under one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// Who is in it, by id.
    pub people: Vec<PersonId>,
}

/// To whom a right is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// To one member.
    Person(PersonId),
    /// To whoever is in a group.
    Group(GroupId),
    /// To every member of this tenant.
    Everyone(TenantId),
}

impl Holder {
    /// The word for its kind in stores and answers.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Group(_) => "group",
            Self::Everyone(_) => "everyone",
        }
    }

    /// The 16 bytes of its id.
    pub fn to_bytes(self) -> [u8; 16] {
        match self {
            Self::Person(id) => id.to_bytes(),
            Self::Group(id) => id.to_bytes(),
            Self::Everyone(id) => id.to_bytes(),
        }
    }

    /// The holder of that kind and id.
    pub fn from_parts(kind: &str, id: [u8; 16]) -> Option<Self> {
        match kind {
            "person" => Some(Self::Person(PersonId::from_bytes(id))),
            "group" => Some(Self::Group(GroupId::from_bytes(id))),
            "everyone" => Some(Self::Everyone(TenantId::from_bytes(id))),
            _ => None,
        }
    }
}

/// A right to a library that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// To whom.
    pub holder: Holder,
    /// Which.
    pub right: Right,
}

/// A library somebody may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The library.
    pub library: LibraryInfo,
    /// The most that was given to them, to a group of theirs or to everyone, as far as their role
    /// goes.
    pub right: Right,
    /// Whether only what came by the identity provider of its tenant reaches it for them.
    pub only_by_provider: bool,
}

impl Reach {
    /// What somebody may use, from what stores find: a library, their role in its tenant, one right
    /// they hold to it, and whether the tenant requires its identity provider; rows of one library
    /// stand together. Owners keep a way in.
    pub fn folded(found: impl IntoIterator<Item = (LibraryInfo, Role, Right, bool)>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (library, role, right, is_required) in found {
            let (right, only_by_provider) =
                (right.held_as(role), is_required && role != Role::Owner);
            match all.last_mut() {
                Some(last) if last.library.id == library.id => last.right = last.right.max(right),
                _ => all.push(Self { library, right, only_by_provider }),
            }
        }
        all
    }
}

/// An invitation to a tenant. Whoever brings its secret joins, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The tenant.
    pub tenant: TenantId,
    /// What they will be.
    pub role: Role,
    /// The library they may use from then on, and how.
    pub share: Option<(LibraryId, Right)>,
    /// For whom it is meant, as its maker wrote it.
    pub note: String,
    /// Who made it.
    pub made_by: PersonId,
    /// When it ends, milliseconds.
    pub expires_at: i64,
}

/// Who takes an invitation up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joining {
    /// Somebody who is here already.
    Known(PersonId),
    /// Somebody new, with a first library of their own.
    New(Person, LibraryInfo),
}

impl Joining {
    /// Who it is.
    pub fn person(&self) -> PersonId {
        match self {
            Self::Known(id) => *id,
            Self::New(person, _) => person.id,
        }
    }
}

/// What became of a change to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seated {
    /// It is done.
    Done,
    /// They are the last owner, and there must be one: nothing was changed.
    LastOwner,
    /// There is no such member.
    Absent,
}

/// Tenants, their members, and rights to libraries. Effects are durable when a call answers.
///
/// - What names a tenant sees nothing of another one: an id of another tenant is as absent as one
///   that never was.
/// - A tenant always has an owner, whatever is asked at once.
/// - Whoever leaves a tenant loses, with it, their groups in it and their rights to its libraries.
/// - Lists are sorted, so that they are the same on every engine: members and libraries by when
///   they came, groups by name, shares by kind and id.
#[async_trait]
pub trait Tenants: fmt::Debug + Send + Sync {
    /// Adds a tenant with its first owner.
    async fn add_tenant(&self, tenant: &Tenant, owner: PersonId) -> Result<(), Fault>;

    /// The tenant `id`.
    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, Fault>;

    /// Renames a tenant; whether it is there.
    async fn rename_tenant(&self, id: TenantId, name: &str) -> Result<bool, Fault>;

    /// The tenants of `person` and what they are in each, oldest first.
    async fn tenants_of(&self, person: PersonId) -> Result<Vec<(Tenant, Role)>, Fault>;

    /// What `person` is in `tenant`.
    async fn member(&self, tenant: TenantId, person: PersonId) -> Result<Option<Member>, Fault>;

    /// The members of `tenant`.
    async fn members(&self, tenant: TenantId) -> Result<Vec<Member>, Fault>;

    /// Gives a member another role.
    async fn set_role(
        &self,
        tenant: TenantId,
        person: PersonId,
        role: Role,
    ) -> Result<Seated, Fault>;

    /// Takes a member out.
    async fn remove_member(&self, tenant: TenantId, person: PersonId) -> Result<Seated, Fault>;

    /// The groups of `tenant`, each with its people.
    async fn groups(&self, tenant: TenantId) -> Result<Vec<Group>, Fault>;

    /// Adds a group or renames it; false where another one of the tenant has the name.
    async fn put_group(&self, tenant: TenantId, id: GroupId, name: &str) -> Result<bool, Fault>;

    /// Removes a group with the rights it held; whether it was there.
    async fn remove_group(&self, tenant: TenantId, id: GroupId) -> Result<bool, Fault>;

    /// Puts a member into a group; false where one of the two is not of this tenant.
    async fn put_into_group(
        &self,
        tenant: TenantId,
        id: GroupId,
        person: PersonId,
    ) -> Result<bool, Fault>;

    /// Takes a member out of a group; whether they were in it.
    async fn take_from_group(
        &self,
        tenant: TenantId,
        id: GroupId,
        person: PersonId,
    ) -> Result<bool, Fault>;

    /// Adds a library, which its maker manages.
    async fn add_library(&self, library: &LibraryInfo, maker: PersonId) -> Result<(), Fault>;

    /// Renames a library; whether it is there.
    async fn rename_library(&self, scope: Scope, name: &str) -> Result<bool, Fault>;

    /// The libraries of `tenant`.
    async fn libraries_of(&self, tenant: TenantId) -> Result<Vec<LibraryInfo>, Fault>;

    /// The libraries `person` may use, oldest first.
    async fn reach(&self, person: PersonId) -> Result<Vec<Reach>, Fault>;

    /// Who may use a library.
    async fn shares(&self, scope: Scope) -> Result<Vec<Share>, Fault>;

    /// Gives a right, in the place of one the holder had; false where the library or the holder is
    /// not of this tenant.
    async fn put_share(&self, scope: Scope, share: Share) -> Result<bool, Fault>;

    /// Takes a right back; whether there was one.
    async fn remove_share(&self, scope: Scope, holder: Holder) -> Result<bool, Fault>;

    /// Keeps an invitation that `secret` takes up.
    async fn put_invitation(
        &self,
        invitation: &Invitation,
        secret: SecretHash,
    ) -> Result<(), Fault>;

    /// The invitations of `tenant` that have not ended, the one that ends last first.
    async fn invitations(&self, tenant: TenantId, now: i64) -> Result<Vec<Invitation>, Fault>;

    /// The invitation `secret` takes up, unless it has ended.
    async fn invitation(&self, secret: SecretHash, now: i64) -> Result<Option<Invitation>, Fault>;

    /// Takes an invitation up: whoever joins is a member from then on, unless they were before,
    /// with the right it gives. `None` where it was taken up before, was taken back, or has ended;
    /// then nobody was added.
    async fn take_invitation(
        &self,
        secret: SecretHash,
        joining: &Joining,
        now: i64,
    ) -> Result<Option<Invitation>, Fault>;

    /// Takes an invitation back; whether there was one.
    async fn remove_invitation(&self, tenant: TenantId, id: InvitationId) -> Result<bool, Fault>;
}
