//! The exam of tenants: who belongs, and who may use what.

use crate::desk::Desk;
use shelf_domain::id::{GroupId, Ids, InvitationId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::right::{Right, Role};
use shelf_ports::accounts::{Accounts, LibraryInfo, Person, SecretHash};
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::tenants::{Holder, Invitation, Joining, Seated, Share, Tenant, Tenants};

/// Sits the whole exam of [`Tenants`]; `accounts` are of the same store.
pub async fn exam(accounts: &dyn Accounts, tenants: &dyn Tenants) {
    let ada = Desk::new(accounts, 551).await;
    ada.clock.advance(1_000);
    let ben = Desk::new(accounts, 552).await;
    let cleo = Desk::new(accounts, 553).await;
    a_person_alone_owns_their_tenant_and_manages_their_library(&ada, tenants).await;
    let guild = a_tenant_has_its_members(&ada, &ben, tenants).await;
    there_is_always_an_owner(&ada, &ben, guild, tenants).await;
    let shelf = libraries_belong_to_a_tenant(&ada, guild, tenants).await;
    groups_hold_members_of_their_tenant(&ben, &cleo, guild, tenants).await;
    the_most_that_was_given_counts(&ben, &cleo, shelf, tenants).await;
    another_tenant_reaches_nothing(&cleo, shelf, tenants).await;
    invitations_are_taken_up_once_and_in_time(&ada, &cleo, shelf, accounts, tenants).await;
    who_leaves_loses_what_they_had_there(&ben, shelf, tenants).await;
}

fn ids(desk: &Desk) -> Ids {
    desk.clock.advance(1);
    Ids::new(desk.clock.now_ms(), desk.chance.seed())
}

async fn right(tenants: &dyn Tenants, person: PersonId, scope: Scope) -> Option<Right> {
    let reach = tenants.reach(person).await.unwrap();
    reach.into_iter().find(|reach| reach.library.scope() == scope).map(|reach| reach.right)
}

/// Lets `person` join `tenant` as `role`, by an invitation.
async fn join(
    desk: &Desk,
    tenants: &dyn Tenants,
    tenant: TenantId,
    role: Role,
    share: Option<(LibraryId, Right)>,
    joining: &Joining,
) -> Option<Invitation> {
    let (invitation, secret) = invitation(desk, tenant, role, share);
    tenants.put_invitation(&invitation, secret).await.unwrap();
    tenants.take_invitation(secret, joining, desk.clock.now_ms()).await.unwrap()
}

fn invitation(
    desk: &Desk,
    tenant: TenantId,
    role: Role,
    share: Option<(LibraryId, Right)>,
) -> (Invitation, SecretHash) {
    let (id, now) = (ids(desk).make(), desk.clock.now_ms());
    let note = "for a friend".to_owned();
    let (made_by, expires_at) = (desk.person, now + 1_000);
    let invitation = Invitation { id, tenant, role, share, note, made_by, expires_at };
    (invitation, SecretHash(desk.chance.secret()))
}

async fn a_person_alone_owns_their_tenant_and_manages_their_library(
    ada: &Desk,
    tenants: &dyn Tenants,
) {
    let of = tenants.tenants_of(ada.person).await.unwrap();
    assert_eq!(of.len(), 1);
    assert_eq!((of[0].0.id, of[0].1), (ada.scope.tenant, Role::Owner));
    assert_eq!(of[0].0.name, "reader 551", "it has their name");
    assert_eq!(tenants.tenant(ada.scope.tenant).await.unwrap().as_ref(), Some(&of[0].0));
    assert_eq!(right(tenants, ada.person, ada.scope).await, Some(Right::Manage));
    let members = tenants.members(ada.scope.tenant).await.unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!((members[0].person, members[0].name.as_str()), (ada.person, "reader 551"));
    let nobody = PersonId::from_bytes([0; 16]);
    assert!(tenants.tenants_of(nobody).await.unwrap().is_empty());
    assert!(tenants.reach(nobody).await.unwrap().is_empty());
    assert!(tenants.tenant(TenantId::from_bytes([0; 16])).await.unwrap().is_none());
}

async fn a_tenant_has_its_members(ada: &Desk, ben: &Desk, tenants: &dyn Tenants) -> TenantId {
    let tenant = Tenant { id: ids(ada).make(), name: "Guild".to_owned(), created_at: 5_000 };
    tenants.add_tenant(&tenant, ada.person).await.unwrap();
    assert!(tenants.rename_tenant(tenant.id, "The guild").await.unwrap());
    assert!(!tenants.rename_tenant(TenantId::from_bytes([0; 16]), "x").await.unwrap());
    assert_eq!(tenants.tenant(tenant.id).await.unwrap().unwrap().name, "The guild");
    assert_eq!(tenants.tenants_of(ada.person).await.unwrap().len(), 2);
    assert!(tenants.member(tenant.id, ben.person).await.unwrap().is_none());
    ada.clock.advance(10_000);
    let ben = Joining::Known(ben.person);
    join(ada, tenants, tenant.id, Role::Member, None, &ben).await.unwrap();
    let member = tenants.member(tenant.id, ben.person()).await.unwrap().unwrap();
    assert_eq!((member.role, member.name.as_str()), (Role::Member, "reader 552"));
    join(ada, tenants, tenant.id, Role::Admin, None, &ben).await.unwrap();
    let member = tenants.member(tenant.id, ben.person()).await.unwrap().unwrap();
    assert_eq!(member.role, Role::Member, "whoever is a member stays what they are");
    let all: Vec<_> =
        tenants.members(tenant.id).await.unwrap().iter().map(|member| member.person).collect();
    assert_eq!(all, [ada.person, ben.person()]);
    tenant.id
}

async fn there_is_always_an_owner(ada: &Desk, ben: &Desk, guild: TenantId, tenants: &dyn Tenants) {
    let (a, b) = (ada.person, ben.person);
    assert_eq!(tenants.set_role(guild, a, Role::Admin).await.unwrap(), Seated::LastOwner);
    assert_eq!(tenants.remove_member(guild, a).await.unwrap(), Seated::LastOwner);
    assert_eq!(tenants.set_role(guild, b, Role::Owner).await.unwrap(), Seated::Done);
    let (one, other) = tokio::join!(
        tenants.set_role(guild, a, Role::Admin),
        tenants.set_role(guild, b, Role::Admin)
    );
    let done = [one.unwrap(), other.unwrap()];
    assert!(done.contains(&Seated::Done) && done.contains(&Seated::LastOwner), "{done:?}");
    assert_eq!(tenants.set_role(guild, a, Role::Owner).await.unwrap(), Seated::Done);
    assert_eq!(tenants.set_role(guild, b, Role::Member).await.unwrap(), Seated::Done);
    let nobody = PersonId::from_bytes([0; 16]);
    assert_eq!(tenants.set_role(guild, nobody, Role::Owner).await.unwrap(), Seated::Absent);
    assert_eq!(tenants.remove_member(guild, nobody).await.unwrap(), Seated::Absent);
}

async fn libraries_belong_to_a_tenant(ada: &Desk, guild: TenantId, tenants: &dyn Tenants) -> Scope {
    let library = LibraryInfo {
        id: ids(ada).make(),
        tenant: guild,
        name: "Papers".to_owned(),
        created_at: ada.clock.now_ms(),
    };
    tenants.add_library(&library, ada.person).await.unwrap();
    assert!(tenants.rename_library(library.scope(), "Our papers").await.unwrap());
    let elsewhere = Scope { tenant: ada.scope.tenant, ..library.scope() };
    assert!(!tenants.rename_library(elsewhere, "x").await.unwrap(), "it is not of that tenant");
    let all = tenants.libraries_of(guild).await.unwrap();
    assert_eq!(all, [LibraryInfo { name: "Our papers".to_owned(), ..library.clone() }]);
    assert_eq!(right(tenants, ada.person, library.scope()).await, Some(Right::Manage));
    let reach = tenants.reach(ada.person).await.unwrap();
    assert_eq!(reach.len(), 2);
    assert!(reach.is_sorted_by_key(|reach| reach.library.created_at));
    library.scope()
}

async fn groups_hold_members_of_their_tenant(
    ben: &Desk,
    cleo: &Desk,
    guild: TenantId,
    tenants: &dyn Tenants,
) {
    let mut ids = ids(ben);
    let (readers, other, foreign): (GroupId, GroupId, GroupId) =
        (ids.make(), ids.make(), ids.make());
    assert!(tenants.put_group(guild, readers, "Readers").await.unwrap());
    assert!(!tenants.put_group(guild, other, "Readers").await.unwrap(), "the name is taken");
    assert!(tenants.put_group(cleo.scope.tenant, foreign, "Readers").await.unwrap());
    assert!(!tenants.put_group(guild, foreign, "Mine").await.unwrap(), "it is another tenant's");
    assert!(tenants.put_group(guild, readers, "All readers").await.unwrap());
    assert!(tenants.put_group(guild, readers, "All readers").await.unwrap(), "twice is once");
    for _ in 0..2 {
        assert!(tenants.put_into_group(guild, readers, ben.person).await.unwrap());
    }
    assert!(!tenants.put_into_group(guild, readers, cleo.person).await.unwrap(), "no member");
    assert!(!tenants.put_into_group(guild, foreign, ben.person).await.unwrap(), "no group of it");
    assert!(!tenants.put_into_group(cleo.scope.tenant, readers, cleo.person).await.unwrap());
    let groups = tenants.groups(guild).await.unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!((groups[0].name.as_str(), &groups[0].people), ("All readers", &vec![ben.person]));
    assert!(!tenants.take_from_group(cleo.scope.tenant, readers, ben.person).await.unwrap());
    assert!(tenants.take_from_group(guild, readers, ben.person).await.unwrap());
    assert!(!tenants.take_from_group(guild, readers, ben.person).await.unwrap());
    assert!(tenants.groups(guild).await.unwrap()[0].people.is_empty());
    assert!(!tenants.remove_group(guild, foreign).await.unwrap());
    assert!(tenants.remove_group(cleo.scope.tenant, foreign).await.unwrap());
    assert!(!tenants.remove_group(cleo.scope.tenant, foreign).await.unwrap());
}

async fn the_most_that_was_given_counts(
    ben: &Desk,
    cleo: &Desk,
    shelf: Scope,
    tenants: &dyn Tenants,
) {
    assert_eq!(right(tenants, ben.person, shelf).await, None, "to belong gives no right");
    let group = tenants.groups(shelf.tenant).await.unwrap().remove(0).id;
    let everyone = Holder::Everyone(shelf.tenant);
    let give =
        async |holder, right| tenants.put_share(shelf, Share { holder, right }).await.unwrap();
    assert!(give(everyone, Right::Read).await);
    assert_eq!(right(tenants, ben.person, shelf).await, Some(Right::Read));
    assert!(give(Holder::Group(group), Right::Manage).await);
    assert_eq!(right(tenants, ben.person, shelf).await, Some(Right::Read), "not of the group");
    tenants.put_into_group(shelf.tenant, group, ben.person).await.unwrap();
    assert_eq!(right(tenants, ben.person, shelf).await, Some(Right::Manage));
    assert!(give(Holder::Group(group), Right::Write).await);
    assert_eq!(
        right(tenants, ben.person, shelf).await,
        Some(Right::Write),
        "in place of the former"
    );
    tenants.set_role(shelf.tenant, ben.person, Role::Viewer).await.unwrap();
    assert_eq!(right(tenants, ben.person, shelf).await, Some(Right::Read), "viewers read");
    tenants.set_role(shelf.tenant, ben.person, Role::Member).await.unwrap();
    assert!(!give(Holder::Person(cleo.person), Right::Read).await, "she is no member");
    assert!(!give(Holder::Everyone(cleo.scope.tenant), Right::Read).await);
    assert!(!give(Holder::Group(GroupId::from_bytes([0; 16])), Right::Read).await);
    assert!(tenants.remove_share(shelf, everyone).await.unwrap());
    assert!(!tenants.remove_share(shelf, everyone).await.unwrap());
    assert!(give(Holder::Person(ben.person), Right::Read).await);
    let shares = tenants.shares(shelf).await.unwrap();
    let kinds: Vec<_> = shares.iter().map(|share| (share.holder.kind(), share.right)).collect();
    assert_eq!(kinds[0], ("group", Right::Write));
    assert_eq!(kinds.len(), 3, "the group, its maker and one more person: {kinds:?}");
    assert!(tenants.remove_group(shelf.tenant, group).await.unwrap());
    assert_eq!(right(tenants, ben.person, shelf).await, Some(Right::Read), "its rights went, too");
    assert_eq!(tenants.shares(shelf).await.unwrap().len(), 2);
}

async fn another_tenant_reaches_nothing(cleo: &Desk, shelf: Scope, tenants: &dyn Tenants) {
    let mine = cleo.scope.tenant;
    assert_eq!(right(tenants, cleo.person, shelf).await, None);
    let foreign = Scope { tenant: mine, library: shelf.library };
    assert!(tenants.shares(foreign).await.unwrap().is_empty());
    let share = Share { holder: Holder::Person(cleo.person), right: Right::Manage };
    assert!(!tenants.put_share(foreign, share).await.unwrap());
    let owner = tenants.shares(shelf).await.unwrap()[0].holder;
    assert!(!tenants.remove_share(foreign, owner).await.unwrap());
    assert_eq!(tenants.shares(shelf).await.unwrap().len(), 2, "nothing was changed");
    assert_eq!(right(tenants, cleo.person, shelf).await, None);
}

async fn invitations_are_taken_up_once_and_in_time(
    ada: &Desk,
    cleo: &Desk,
    shelf: Scope,
    accounts: &dyn Accounts,
    tenants: &dyn Tenants,
) {
    let now = ada.clock.now_ms();
    let given = Some((shelf.library, Right::Write));
    let (kept, secret) = invitation(ada, shelf.tenant, Role::Member, given);
    let (back, taken_back) = invitation(ada, shelf.tenant, Role::Admin, None);
    tenants.put_invitation(&kept, secret).await.unwrap();
    tenants.put_invitation(&back, taken_back).await.unwrap();
    assert_eq!(tenants.invitation(secret, now).await.unwrap().as_ref(), Some(&kept));
    let listed = tenants.invitations(shelf.tenant, now).await.unwrap();
    assert_eq!(listed, [back.clone(), kept.clone()], "the one that ends last first");
    assert!(tenants.invitations(shelf.tenant, kept.expires_at + 5).await.unwrap().is_empty());
    assert!(tenants.invitations(cleo.scope.tenant, now).await.unwrap().is_empty());
    assert!(!tenants.remove_invitation(cleo.scope.tenant, back.id).await.unwrap());
    assert!(tenants.remove_invitation(shelf.tenant, back.id).await.unwrap());
    assert!(
        !tenants.remove_invitation(shelf.tenant, InvitationId::from_bytes([0; 16])).await.unwrap()
    );
    let joining = newcomer(ada);
    for gone in [taken_back, SecretHash([0; 32])] {
        assert!(tenants.take_invitation(gone, &joining, now).await.unwrap().is_none());
    }
    assert!(accounts.person(joining.person()).await.unwrap().is_none(), "nobody was added");
    let (known, new) = (Joining::Known(cleo.person), joining.clone());
    let (one, other) = tokio::join!(
        tenants.take_invitation(secret, &known, now),
        tenants.take_invitation(secret, &new, now)
    );
    let taken = [one.unwrap(), other.unwrap()];
    assert_eq!(taken.iter().flatten().count(), 1, "once");
    let who = if taken[0].is_some() { cleo.person } else { joining.person() };
    assert_eq!(right(tenants, who, shelf).await, Some(Right::Write));
    let (late, secret) = invitation(ada, shelf.tenant, Role::Member, None);
    tenants.put_invitation(&late, secret).await.unwrap();
    let after = late.expires_at;
    assert!(tenants.invitation(secret, after).await.unwrap().is_none());
    assert!(tenants.take_invitation(secret, &joining, after).await.unwrap().is_none());
    let new = newcomer(ada);
    join(ada, tenants, shelf.tenant, Role::Viewer, given, &new).await.unwrap();
    assert_eq!(right(tenants, new.person(), shelf).await, Some(Right::Read));
    assert_eq!(tenants.reach(new.person()).await.unwrap().len(), 2, "and a library of their own");
}

fn newcomer(desk: &Desk) -> Joining {
    let mut ids = ids(desk);
    let (id, tenant) = (ids.make(), ids.make());
    let (name, created_at) = ("Dora".to_owned(), desk.clock.now_ms());
    let library = LibraryInfo { id: ids.make(), tenant, name: "Bookmarks".into(), created_at };
    Joining::New(Person { id, tenant, name }, library)
}

async fn who_leaves_loses_what_they_had_there(ben: &Desk, shelf: Scope, tenants: &dyn Tenants) {
    let id: GroupId = ids(ben).make();
    assert!(tenants.put_group(shelf.tenant, id, "Authors").await.unwrap());
    assert!(tenants.put_into_group(shelf.tenant, id, ben.person).await.unwrap());
    let holder = Holder::Group(id);
    assert!(tenants.put_share(shelf, Share { holder, right: Right::Write }).await.unwrap());
    assert_eq!(right(tenants, ben.person, shelf).await, Some(Right::Write));
    assert_eq!(tenants.remove_member(shelf.tenant, ben.person).await.unwrap(), Seated::Done);
    assert_eq!(right(tenants, ben.person, shelf).await, None);
    assert!(tenants.groups(shelf.tenant).await.unwrap()[0].people.is_empty());
    let shares = tenants.shares(shelf).await.unwrap();
    assert!(!shares.iter().any(|share| share.holder == Holder::Person(ben.person)));
    assert!(tenants.tenants_of(ben.person).await.unwrap().len() == 1, "their own stays");
    assert_eq!(right(tenants, ben.person, ben.scope).await, Some(Right::Manage));
}
