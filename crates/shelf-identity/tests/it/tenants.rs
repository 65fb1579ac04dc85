//! Who decides about whom in a tenant, and what each may reach.

use crate::{World, refused, signed, world};
use shelf_domain::id::{ItemId, LibraryId, PersonId, TenantId};
use shelf_domain::refusal::Code;
use shelf_domain::right::{Right, Role};
use shelf_identity::tenants::create_tenant::{create_tenant, list_tenants, rename_tenant};
use shelf_identity::tenants::groups::{create_group, list_groups, put_into_group, rename_group};
use shelf_identity::tenants::invitations::{
    INVITATION_MS, Invite, Invited, invite, join, join_as_new, list_invitations,
    look_at_invitation, take_back_invitation,
};
use shelf_identity::tenants::libraries::{
    all_libraries_of, create_library, library_of_folder, rename_library,
};
use shelf_identity::tenants::members::{change_role, list_members, remove_member};
use shelf_identity::tenants::shares::{give_right, list_shares, take_right_back};
use shelf_identity::{Secret, first_run, libraries, reach_of};
use shelf_ports::accounts::Person;
use shelf_ports::tenants::Holder;

/// A guild with somebody of each role.
struct Guild {
    world: World,
    id: TenantId,
    owner: Person,
    admin: Person,
    member: Person,
    viewer: Person,
    stranger: PersonId,
}

fn as_role(role: Role) -> Invite {
    Invite { role, share: None, note: String::new() }
}

async fn newcomer(world: &World, by: PersonId, id: TenantId, role: Role) -> Person {
    let Invited { secret, .. } = invite(&world.doors, by.into(), id, as_role(role)).await.unwrap();
    join_as_new(&world.doors, role.name(), &secret).await.unwrap().0
}

async fn guild() -> Guild {
    let world = world();
    let owner = first_run(&world.doors).await.unwrap().person;
    world.clock.advance(1_000);
    let id = create_tenant(&world.doors, owner.id.into(), " The guild ").await.unwrap().id;
    let admin = newcomer(&world, owner.id, id, Role::Admin).await;
    let member = newcomer(&world, admin.id, id, Role::Member).await;
    let viewer = newcomer(&world, admin.id, id, Role::Viewer).await;
    let stranger = shelf_testkit::Desk::new(&world.store, 9).await.person;
    Guild { world, id, owner, admin, member, viewer, stranger }
}

#[tokio::test]
async fn a_folder_that_is_shared_twice_at_once_becomes_one_library() {
    let guild = guild().await;
    let (doors, by) = (&guild.world.doors, guild.owner.id);
    let old = create_library(doors, by.into(), guild.id, "Papers").await.unwrap().scope();
    let id = LibraryId::of_folder(old.library, ItemId::from_bytes([7; 16]), 0);
    let share = || library_of_folder(doors, by.into(), old, (id, "Talks"));
    let (one, other) = tokio::join!(share(), share());
    assert_eq!((one.unwrap().id, other.unwrap().id), (id, id));
    assert_eq!(share().await.unwrap().name, "Talks", "and so whenever it is asked again");
    let told = library_of_folder(doors, guild.admin.id.into(), old, (id, "Talks")).await;
    assert_eq!(refused(told).code, Code::Forbidden, "only who manages the old one");
}

#[tokio::test]
async fn only_members_see_a_tenant_and_only_admins_govern_it() {
    let guild = guild().await;
    let doors = &guild.world.doors;
    for person in [&guild.owner, &guild.admin, &guild.member, &guild.viewer] {
        let names: Vec<_> = list_members(doors, person.id, guild.id).await.unwrap();
        assert_eq!(names.len(), 4);
        let tenants = list_tenants(doors, person.id).await.unwrap();
        assert!(tenants.iter().any(|(tenant, _)| tenant.name == "The guild"));
    }
    let nobody = TenantId::from_bytes([0; 16]);
    for (by, tenant) in [(guild.stranger, guild.id), (guild.owner.id, nobody)] {
        let codes = [
            refused(list_members(doors, by, tenant).await).code,
            refused(list_groups(doors, by, tenant).await).code,
            refused(rename_tenant(doors, by.into(), tenant, "Mine").await).code,
            refused(create_library(doors, by.into(), tenant, "Mine").await).code,
            refused(invite(doors, by.into(), tenant, as_role(Role::Owner)).await).code,
            refused(list_invitations(doors, by, tenant).await).code,
            refused(remove_member(doors, by.into(), tenant, guild.owner.id).await).code,
            refused(all_libraries_of(doors, by, tenant).await).code,
        ];
        assert!(codes.iter().all(|code| *code == Code::NotFound), "{codes:?}");
    }
    for by in [guild.member.id, guild.viewer.id] {
        let codes = [
            refused(rename_tenant(doors, by.into(), guild.id, "Mine").await).code,
            refused(invite(doors, by.into(), guild.id, as_role(Role::Viewer)).await).code,
            refused(create_group(doors, by.into(), guild.id, "Ours").await).code,
            refused(change_role(doors, by.into(), guild.id, by, Role::Admin).await).code,
            refused(remove_member(doors, by.into(), guild.id, guild.admin.id).await).code,
        ];
        assert!(codes.iter().all(|code| *code == Code::Forbidden), "{codes:?}");
    }
    rename_tenant(doors, guild.admin.id.into(), guild.id, "Our guild").await.unwrap();
}

#[tokio::test]
async fn only_owners_touch_owners_and_the_last_one_stays() {
    let guild = guild().await;
    let (doors, id) = (&guild.world.doors, guild.id);
    let (owner, admin) = (guild.owner.id, guild.admin.id);
    let codes = [
        refused(change_role(doors, admin.into(), id, admin, Role::Owner).await).code,
        refused(change_role(doors, admin.into(), id, owner, Role::Viewer).await).code,
        refused(remove_member(doors, admin.into(), id, owner).await).code,
        refused(invite(doors, admin.into(), id, as_role(Role::Owner)).await).code,
    ];
    assert!(codes.iter().all(|code| *code == Code::Forbidden), "{codes:?}");
    assert_eq!(refused(change_role(doors, owner.into(), id, owner, Role::Member).await).at, "role");
    assert_eq!(refused(remove_member(doors, owner.into(), id, owner).await).at, "role");
    change_role(doors, owner.into(), id, admin, Role::Owner).await.unwrap();
    remove_member(doors, admin.into(), id, owner).await.unwrap();
    let home = refused(remove_member(doors, owner.into(), guild.owner.tenant, owner).await);
    assert_eq!(home.code, Code::Invalid, "nobody is put out of their own");
}

#[tokio::test]
async fn a_library_is_reached_by_whom_it_is_given_to_and_nobody_else() {
    let guild = guild().await;
    let (doors, id) = (&guild.world.doors, guild.id);
    let (member, viewer, admin) = (guild.member.id, guild.viewer.id, guild.admin.id);
    assert_eq!(
        refused(create_library(doors, viewer.into(), id, "Notes").await).code,
        Code::Forbidden
    );
    let library = create_library(doors, member.into(), id, "Papers").await.unwrap().id;
    let right =
        async |person| match reach_of(doors, &signed(&guild.world, person).await, library).await {
            Ok(reach) => Some(reach.right),
            Err(_) => None,
        };
    assert_eq!(right(member).await, Some(Right::Manage));
    assert_eq!(right(admin).await, None, "to govern is not to read");
    assert_eq!(all_libraries_of(doors, admin, id).await.unwrap()[0].name, "Papers");

    let readers = create_group(doors, admin.into(), id, "Readers").await.unwrap().id;
    put_into_group(doors, admin.into(), id, readers, viewer).await.unwrap();
    give_right(doors, member.into(), library, Holder::Group(readers), Right::Write).await.unwrap();
    assert_eq!(right(viewer).await, Some(Right::Read), "a viewer reads");
    let refusal = refused(
        give_right(doors, viewer.into(), library, Holder::Person(viewer), Right::Manage).await,
    );
    assert_eq!(refusal.code, Code::Forbidden);
    assert_eq!(refused(list_shares(doors, guild.stranger, library).await).code, Code::NotFound);
    let foreign = Holder::Person(guild.stranger);
    let refusal = refused(give_right(doors, member.into(), library, foreign, Right::Read).await);
    assert_eq!(refusal.code, Code::NotFound);
    give_right(doors, admin.into(), library, Holder::Person(admin), Right::Read).await.unwrap();
    assert_eq!(right(admin).await, Some(Right::Read), "an admin gives themself a right, visibly");
    let names: Vec<_> =
        list_shares(doors, member, library).await.unwrap().into_iter().map(|s| s.name).collect();
    assert_eq!(names, ["Readers", "admin", "member"]);
    assert_eq!(
        refused(rename_library(doors, admin.into(), library, "Mine").await).code,
        Code::Forbidden
    );
    take_right_back(doors, member.into(), library, Holder::Person(admin)).await.unwrap();
    assert_eq!(right(admin).await, None);
    rename_library(doors, member.into(), library, "Our papers").await.unwrap();
    let who = signed(&guild.world, guild.member.id).await;
    let mine = libraries(doors, &who).await.unwrap();
    let names: Vec<_> = mine.iter().map(|reach| reach.library.name.as_str()).collect();
    assert_eq!(names, ["Bookmarks", "Our papers"], "one's own library comes first");
    remove_member(doors, member.into(), id, member).await.unwrap();
    assert_eq!(right(member).await, None, "whoever leaves loses it");
    assert_eq!(right(viewer).await, Some(Right::Read));
    let lost = LibraryId::from_bytes([0; 16]);
    assert_eq!(refused(list_shares(doors, member, lost).await).code, Code::NotFound);
}

#[tokio::test]
async fn an_invitation_says_what_it_offers_and_is_taken_up_once() {
    let guild = guild().await;
    let (doors, id, admin) = (&guild.world.doors, guild.id, guild.admin.id);
    let library = create_library(doors, admin.into(), id, "Papers").await.unwrap().id;
    let share = Some((library, Right::Write));
    let ask = Invite { role: Role::Member, share, note: "for Flo".to_owned() };
    let Invited { secret, invitation } =
        invite(doors, admin.into(), id, ask.clone()).await.unwrap();
    let offer = look_at_invitation(doors, &secret).await.unwrap();
    assert_eq!(offer.tenant.name, "The guild");
    assert_eq!(offer.by.unwrap().name, "admin");
    assert_eq!(list_invitations(doors, admin, id).await.unwrap(), [invitation]);
    join(doors, guild.stranger.into(), &secret).await.unwrap();
    let stranger = signed(&guild.world, guild.stranger).await;
    assert_eq!(reach_of(doors, &stranger, library).await.unwrap().right, Right::Write);
    for spent in [secret, Secret::sent("made up"), Secret::sent("")] {
        assert_eq!(refused(join(doors, guild.viewer.id.into(), &spent).await).code, Code::NotFound);
        assert_eq!(refused(look_at_invitation(doors, &spent).await).code, Code::NotFound);
    }
    let taken = invite(doors, admin.into(), id, ask.clone()).await.unwrap();
    take_back_invitation(doors, admin.into(), id, taken.invitation.id).await.unwrap();
    assert_eq!(refused(join_as_new(doors, "Flo", &taken.secret).await).code, Code::NotFound);
    let late = invite(doors, admin.into(), id, ask.clone()).await.unwrap();
    guild.world.clock.advance(u32::try_from(INVITATION_MS).unwrap());
    assert_eq!(
        refused(join(doors, guild.viewer.id.into(), &late.secret).await).code,
        Code::NotFound
    );
    let elsewhere =
        Invite { share: Some((LibraryId::from_bytes([7; 16]), Right::Read)), ..ask.clone() };
    assert_eq!(refused(invite(doors, admin.into(), id, elsewhere).await).code, Code::NotFound);
    let long = Invite { note: "x".repeat(201), ..ask };
    assert_eq!(refused(invite(doors, admin.into(), id, long).await).at, "note");
}

#[tokio::test]
async fn names_of_groups_are_told_apart() {
    let guild = guild().await;
    let (doors, id, admin) = (&guild.world.doors, guild.id, guild.admin.id);
    let one = create_group(doors, admin.into(), id, "Readers").await.unwrap().id;
    assert_eq!(refused(create_group(doors, admin.into(), id, "Readers").await).at, "name");
    let other = create_group(doors, admin.into(), id, "Authors").await.unwrap().id;
    assert_eq!(refused(rename_group(doors, admin.into(), id, other, "Readers").await).at, "name");
    rename_group(doors, admin.into(), id, one, "Everyone who reads").await.unwrap();
    let refusal = refused(put_into_group(doors, admin.into(), id, one, guild.stranger).await);
    assert_eq!(refusal.code, Code::NotFound);
    let names: Vec<_> = list_groups(doors, guild.viewer.id, id).await.unwrap();
    let names: Vec<_> = names.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["Authors", "Everyone who reads"]);
}

#[tokio::test]
async fn who_is_put_out_or_governs_no_more_leaves_no_invitation_that_lets_in() {
    let guild = guild().await;
    let (doors, id) = (&guild.world.doors, guild.id);
    let (owner, admin) = (guild.owner.id, guild.admin.id);
    let made = async |by: PersonId, role| {
        invite(doors, by.into(), id, as_role(role)).await.unwrap().secret
    };
    let code = async |secret: &Secret| match look_at_invitation(doors, secret).await {
        Ok(_) => None,
        Err(failure) => Some(refused::<()>(Err(failure)).code),
    };
    let secret = made(admin, Role::Admin).await;
    assert_eq!(code(&secret).await, None);
    change_role(doors, owner.into(), id, admin, Role::Member).await.unwrap();
    assert_eq!(code(&secret).await, Some(Code::NotFound), "a member invites nobody");
    assert_eq!(refused(join_as_new(doors, "again", &secret).await).code, Code::NotFound);
    let stranger = guild.stranger;
    assert_eq!(refused(join(doors, stranger.into(), &secret).await).code, Code::NotFound);
    change_role(doors, owner.into(), id, admin, Role::Owner).await.unwrap();
    let as_owner = made(admin, Role::Owner).await;
    change_role(doors, owner.into(), id, admin, Role::Admin).await.unwrap();
    assert_eq!(code(&as_owner).await, Some(Code::NotFound), "only owners invite owners");
    assert_eq!(code(&secret).await, None, "and admins admins");
    remove_member(doors, owner.into(), id, admin).await.unwrap();
    assert_eq!(code(&secret).await, Some(Code::NotFound), "who is out lets nobody in");
}
