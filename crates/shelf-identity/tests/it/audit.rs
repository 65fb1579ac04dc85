//! What stands in the audit log, who may read it, and whether it holds.

use crate::{World, refused, world};
use shelf_domain::audit::{Broken, Seal};
use shelf_domain::id::{LibraryId, Scope, TenantId};
use shelf_domain::refusal::Code;
use shelf_domain::right::{Right, Role};
use shelf_identity::audit::{follow, known_seal, list_records, read_on, record_export, verify};
use shelf_identity::tenants::create_tenant::{create_tenant, rename_tenant};
use shelf_identity::tenants::groups::{
    create_group, put_into_group, remove_group, rename_group, take_from_group,
};
use shelf_identity::tenants::invitations::{
    Invite, invite, join_as_new, look_at_invitation, take_back_invitation,
};
use shelf_identity::tenants::libraries::{create_library, rename_library};
use shelf_identity::tenants::members::{change_role, remove_member};
use shelf_identity::tenants::shares::{give_right, take_right_back};
use shelf_identity::{
    Actor, CreateToken, Signed, create_link, create_token, first_run, pair_device, revoke_grant,
    sign_in, sign_out,
};
use shelf_ports::accounts::Person;
use shelf_ports::tenants::Holder;

/// The deeds of a tenant with their details, the first one first.
async fn deeds(world: &World, by: &Person, tenant: TenantId) -> Vec<(&'static str, String)> {
    let records = read_on(&world.doors, by.id, tenant, 0, 500).await.unwrap();
    records.into_iter().map(|one| (one.record.deed.name(), one.record.detail)).collect()
}

/// The same without details.
async fn names(world: &World, by: &Person, tenant: TenantId) -> Vec<&'static str> {
    deeds(world, by, tenant).await.into_iter().map(|(name, _)| name).collect()
}

fn invitation(role: Role) -> Invite {
    Invite { role, share: None, note: "a note of theirs".to_owned() }
}

#[tokio::test]
async fn whatever_is_done_in_a_tenant_is_in_its_log_in_order() {
    let world = world();
    let doors = &world.doors;
    let ada = first_run(doors).await.unwrap().person;
    let by = Actor::from(ada.id);
    let id = create_tenant(doors, by, "Guild").await.unwrap().id;
    rename_tenant(doors, by, id, "The guild").await.unwrap();
    let invited = invite(doors, by, id, invitation(Role::Member)).await.unwrap();
    let ben = join_as_new(doors, "Ben", &invited.secret).await.unwrap().0;
    let spare = invite(doors, by, id, invitation(Role::Viewer)).await.unwrap();
    take_back_invitation(doors, by, id, spare.invitation.id).await.unwrap();
    change_role(doors, by, id, ben.id, Role::Admin).await.unwrap();
    let group = create_group(doors, by, id, "Readers").await.unwrap().id;
    rename_group(doors, by, id, group, "All").await.unwrap();
    put_into_group(doors, by, id, group, ben.id).await.unwrap();
    take_from_group(doors, by, id, group, ben.id).await.unwrap();
    remove_group(doors, by, id, group).await.unwrap();
    let library = create_library(doors, by, id, "Papers").await.unwrap();
    rename_library(doors, by, library.id, "Talks").await.unwrap();
    let holder = Holder::Person(ben.id);
    give_right(doors, by, library.id, holder, Right::Write).await.unwrap();
    take_right_back(doors, by, library.id, holder).await.unwrap();
    record_export(doors, by, library.scope()).await.unwrap();
    remove_member(doors, by, id, ben.id).await.unwrap();
    let person = ben.id.to_string();
    let wanted = [
        ("tenant_made", String::new()),
        ("tenant_renamed", String::new()),
        ("invited", "member".to_owned()),
        ("joined", "member".to_owned()),
        ("invited", "viewer".to_owned()),
        ("invitation_taken_back", String::new()),
        ("role_changed", "admin".to_owned()),
        ("group_made", String::new()),
        ("group_renamed", String::new()),
        ("group_joined", person.clone()),
        ("group_left", person.clone()),
        ("group_removed", String::new()),
        ("library_made", String::new()),
        ("library_renamed", String::new()),
        ("right_given", format!("person:{person}=write")),
        ("right_taken_back", format!("person:{person}=none")),
        ("exported", String::new()),
        ("member_removed", String::new()),
    ];
    assert_eq!(deeds(&world, &ada, id).await, wanted);
    let held = follow(doors, id, None).await.unwrap();
    assert_eq!((held.end.n, held.broken), (18, None));
}

#[tokio::test]
async fn what_concerns_somebody_alone_is_in_the_log_they_came_with() {
    let world = world();
    let doors = &world.doors;
    let ada = first_run(doors).await.unwrap().person;
    let link = create_link(doors, ada.id).await.unwrap().secret;
    let grant = sign_in(doors, &link, "A browser").await.unwrap().grant;
    let signed = Signed { person: ada.clone(), grant };
    let by = Actor::from(&signed);
    let ask = CreateToken::called("laptop");
    let token = create_token(doors, by, ask).await.unwrap().grant;
    pair_device(doors, by, "phone").await.unwrap();
    revoke_grant(doors, by, token.id).await.unwrap();
    sign_out(doors, &signed).await.unwrap();
    let wanted = ["signed_in", "token_made", "device_paired", "grant_ended", "grant_ended"];
    assert_eq!(names(&world, &ada, ada.tenant).await, wanted);
    let records = read_on(doors, ada.id, ada.tenant, 0, 500).await.unwrap();
    assert!(records[1..].iter().all(|one| one.record.grant == Some(signed.grant.id)));
    assert_eq!(records[1].record.subject, Some(token.id.to_bytes()));
}

#[tokio::test]
async fn what_is_refused_leaves_no_line_and_only_admins_read_them() {
    let world = world();
    let doors = &world.doors;
    let ada = first_run(doors).await.unwrap().person;
    let id = create_tenant(doors, ada.id.into(), "Guild").await.unwrap().id;
    let asked = invite(doors, ada.id.into(), id, invitation(Role::Member)).await.unwrap();
    let offer = look_at_invitation(doors, &asked.secret).await.unwrap();
    let ben = join_as_new(doors, "Ben", &asked.secret).await.unwrap().0;
    let before = names(&world, &ada, id).await;
    let by = Actor::from(ben.id);
    let tried = [
        refused(rename_tenant(doors, by, id, "Mine").await).code,
        refused(invite(doors, by, id, invitation(Role::Owner)).await).code,
        refused(change_role(doors, by, id, ben.id, Role::Owner).await).code,
        refused(create_group(doors, by, id, "Mine").await).code,
        refused(take_back_invitation(doors, by, id, offer.invitation.id).await).code,
    ];
    assert_eq!(tried, [Code::Forbidden; 5]);
    let read = list_records(doors, ben.id, id, None, 10).await;
    assert_eq!(refused(read).code, Code::Forbidden);
    assert_eq!(refused(verify(doors, ben.id, id, None).await).code, Code::Forbidden);
    let elsewhere = list_records(doors, ben.id, ada.tenant, None, 10).await;
    assert_eq!(refused(elsewhere).code, Code::NotFound);
    assert_eq!(names(&world, &ada, id).await, before);
}

#[tokio::test]
async fn a_seal_kept_elsewhere_tells_a_log_that_was_written_anew() {
    let world = world();
    let doors = &world.doors;
    let ada = first_run(doors).await.unwrap().person;
    let id = create_tenant(doors, ada.id.into(), "Guild").await.unwrap().id;
    let end = verify(doors, ada.id, id, None).await.unwrap().end;
    let shown = format!("{}:{}", end.n, end.seal);
    let scope = Scope { tenant: id, library: LibraryId::from_bytes([1; 16]) };
    record_export(doors, ada.id.into(), scope).await.unwrap();
    let kept = known_seal(&shown).unwrap();
    let later = verify(doors, ada.id, id, Some(kept)).await.unwrap();
    assert_eq!((later.end.n, later.broken), (2, None), "a later log still has it");
    let other = Some((kept.0, Seal([7; 32])));
    let told = verify(doors, ada.id, id, other).await.unwrap().broken;
    assert_eq!(told, Some(Broken::Changed { n: 1 }));
    let beyond = verify(doors, ada.id, id, Some((9, kept.1))).await.unwrap().broken;
    assert_eq!(beyond, Some(Broken::Changed { n: 9 }), "it was cut off");
    for wrong in ["", "1", "1:", "x:00", "1:zz"] {
        assert_eq!(known_seal(wrong).unwrap_err().at, "seal", "{wrong:?}");
    }
}
