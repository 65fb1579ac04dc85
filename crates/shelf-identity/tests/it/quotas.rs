//! Quotas over days and of what is kept, plans that are given, and who runs the server.

use crate::{World, refused, signed};
use shelf_domain::audit::Deed;
use shelf_domain::id::{Scope, TenantId};
use shelf_domain::plan::{Plan, Plans, Stock};
use shelf_domain::rate::Cost;
use shelf_domain::refusal::Code;
use shelf_domain::right::Role;
use shelf_embedded::LocalLimits;
use shelf_identity::operators::{
    all_tenants, give_plan, is_operator, name_operator, one_tenant, own_deeds,
};
use shelf_identity::tenants::create_tenant::create_tenant;
use shelf_identity::tenants::invitations::{Invite, invite, join, join_as_new};
use shelf_identity::tenants::libraries::create_library;
use shelf_identity::usage::usage_of;
use shelf_identity::{
    Asker, Counted, CreateToken, Outcome, Quotas, Signed, Throttle, create_token, first_run,
};
use shelf_ports::chance::Clock;
use shelf_ports::usage::Rooms;
use shelf_testkit::Desk;
use std::sync::Arc;

fn rules(rules: &[&str]) -> Plans {
    rules.iter().fold(Plans::of(Plan::Personal), |plans, rule| plans.with(rule).unwrap())
}

/// A world whose use cases are held to these plans.
fn world(plans: &Plans) -> (World, Quotas) {
    let mut world = crate::world();
    let quotas = Quotas::new(Arc::new(world.store.clone()), *plans, world.clock.clone());
    world.doors.rooms = Arc::new(quotas.clone());
    (world, quotas)
}

fn throttle(world: &World, quotas: &Quotas) -> Throttle {
    Throttle::with(Arc::new(LocalLimits::default()), world.clock.clone(), quotas.clone())
}

async fn owner(world: &World) -> Signed {
    let owner = first_run(&world.doors).await.unwrap().person;
    signed(world, owner.id).await
}

/// How often `who` may ask for what costs ten, and what stops them then.
async fn asks(throttle: &Throttle, who: &Signed) -> (u32, Option<Counted>) {
    for number in 0..1_000 {
        match throttle.admit(Asker::Signed(who), None, Cost::units(10)).await {
            Ok(admitted) => throttle.answered(&admitted, Outcome::Done).await,
            Err(dry) => return (number, Some(dry.counted)),
        }
    }
    (1_000, None)
}

#[tokio::test]
async fn a_day_is_counted_beyond_a_restart_and_ends_at_midnight() {
    let (world, quotas) = world(&rules(&["personal.cost_a_day=200"]));
    let ada = owner(&world).await;
    let first = throttle(&world, &quotas);
    for _ in 0..10 {
        let admitted = first.admit(Asker::Signed(&ada), None, Cost::units(10)).await.unwrap();
        let day = admitted.bounds.iter().find(|bound| bound.counted == Counted::Day).unwrap();
        assert_eq!((day.most, day.window_s), (200, 86_400));
    }
    quotas.flush().await.unwrap();
    quotas.flush().await.unwrap();
    // Another process, or this one after a restart, knows of it.
    let again = Quotas::new(
        Arc::new(world.store.clone()),
        rules(&["personal.cost_a_day=200"]),
        world.clock.clone(),
    );
    let second = throttle(&world, &again);
    assert_eq!(asks(&second, &ada).await, (10, Some(Counted::Day)));
    let dry = second.admit(Asker::Signed(&ada), None, Cost::units(1)).await.unwrap_err();
    let to_midnight = 86_400_000 - world.clock.now_ms().rem_euclid(86_400_000);
    assert_eq!(dry.wait_s, u64::try_from(to_midnight).unwrap().div_ceil(1_000));
    again.flush().await.unwrap();
    world.clock.advance(u32::try_from(to_midnight).unwrap());
    assert_eq!(asks(&second, &ada).await.0, 20, "the next day is a new one");
}

#[tokio::test]
async fn what_was_little_work_is_given_back_to_the_day() {
    let (world, quotas) = world(&rules(&["personal.cost_a_day=200"]));
    let (ada, throttle) = (owner(&world).await, throttle(&world, &quotas));
    for _ in 0..500 {
        let admitted = throttle.admit(Asker::Signed(&ada), None, Cost::units(1)).await.unwrap();
        throttle.answered(&admitted, Outcome::Little).await;
    }
    assert_eq!(quotas.standing(ada.person.tenant).await.spent, 100, "a fifth each");
}

#[tokio::test]
async fn the_tenant_pays_whose_library_it_is_about() {
    let (world, quotas) = world(&rules(&["personal.cost_a_day=50"]));
    let (ada, throttle) = (owner(&world).await, throttle(&world, &quotas));
    let guild = create_tenant(&world.doors, (&ada).into(), "Guild").await.unwrap().id;
    for _ in 0..5 {
        throttle.has_day(guild).await.unwrap();
        let asked = throttle.admit(Asker::Signed(&ada), None, Cost::units(10)).await;
        let mut admitted = asked.unwrap();
        throttle.paid_by(&mut admitted, guild);
        throttle.answered(&admitted, Outcome::Done).await;
    }
    assert_eq!(quotas.standing(ada.person.tenant).await.spent, 0);
    assert_eq!(throttle.has_day(guild).await.unwrap_err().counted, Counted::Day);
    assert_eq!(asks(&throttle, &ada).await, (5, Some(Counted::Day)), "her own day is whole");
}

#[tokio::test]
async fn a_plan_that_is_given_holds_at_once_and_stands_in_the_log_of_the_tenant() {
    let (world, quotas) = world(&rules(&["personal.cost_a_day=50", "team.cost_a_day=100"]));
    let (ada, throttle) = (owner(&world).await, throttle(&world, &quotas));
    let tenant = ada.person.tenant;
    assert_eq!(asks(&throttle, &ada).await, (5, Some(Counted::Day)));
    give_plan(&world.doors, &quotas, (&ada).into(), tenant, Some(Plan::Team)).await.unwrap();
    quotas.flush().await.unwrap();
    assert_eq!(asks(&throttle, &ada).await, (5, Some(Counted::Day)), "as much again");
    give_plan(&world.doors, &quotas, (&ada).into(), tenant, None).await.unwrap();
    assert_eq!(quotas.standing(tenant).await.plan, Plan::Personal);
    let log = shelf_identity::audit::list_records(&world.doors, ada.person.id, tenant, None, 2);
    let log = log.await.unwrap();
    let told: Vec<_> = log.iter().map(|one| (one.record.deed, &*one.record.detail)).collect();
    assert_eq!(told, [(Deed::PlanGiven, ""), (Deed::PlanGiven, "team")]);
}

#[tokio::test]
async fn whoever_does_not_run_the_server_finds_nothing_of_it() {
    let (world, quotas) = world(&Plans::default());
    let ada = owner(&world).await;
    let eve = Desk::new(&world.store, 9).await;
    let (doors, actor) = (&world.doors, signed(&world, eve.person).await);
    assert!(is_operator(doors, ada.person.id).await.unwrap(), "who came first");
    assert!(!is_operator(doors, eve.person).await.unwrap());
    let given = give_plan(doors, &quotas, (&actor).into(), eve.scope.tenant, Some(Plan::Home));
    assert_eq!(refused(given.await).code, Code::NotFound);
    let seen = all_tenants(doors, &quotas, eve.person, None, 10).await;
    assert_eq!(refused(seen).code, Code::NotFound);
    let seen = one_tenant(doors, &quotas, eve.person, eve.scope.tenant).await;
    assert_eq!(refused(seen).code, Code::NotFound);
    // Named on the machine they do, and ended they do not, whoever came first too.
    let who = eve.person.to_string();
    name_operator(doors, (&ada).into(), &who, true).await.unwrap();
    let seen = all_tenants(doors, &quotas, eve.person, None, 10).await.unwrap();
    assert_eq!(seen.len(), 2);
    name_operator(doors, (&ada).into(), &ada.person.id.to_string(), false).await.unwrap();
    first_run(doors).await.unwrap();
    assert!(!is_operator(doors, ada.person.id).await.unwrap(), "a restart names nobody again");
    let nobody = name_operator(doors, (&ada).into(), "nobody", true).await;
    assert_eq!(refused(nobody).code, Code::NotFound);
}

#[tokio::test]
async fn what_whoever_runs_the_server_did_stands_in_their_own_log_too_and_is_told_to_them_alone() {
    let (world, quotas) = world(&Plans::default());
    let ada = owner(&world).await;
    let (doors, eve) = (&world.doors, Desk::new(&world.store, 9).await);
    let (own, theirs) = (ada.person.tenant, eve.scope.tenant);
    let log = async |tenant| doors.audit.records_before(tenant, None, 10).await.unwrap();
    let given = async |tenant, plan| give_plan(doors, &quotas, (&ada).into(), tenant, plan).await;
    given(theirs, Some(Plan::Team)).await.unwrap();
    for tenant in [own, theirs] {
        let all = log(tenant).await;
        let last = &all[0].record;
        assert_eq!((last.deed, last.subject), (Deed::PlanGiven, Some(theirs.to_bytes())));
        assert_eq!((last.person, &*last.detail), (ada.person.id, "team"));
    }
    let before = log(own).await.len();
    given(own, None).await.unwrap();
    assert_eq!(log(own).await.len(), before + 1, "one log, one record");
    name_operator(doors, (&ada).into(), &eve.person.to_string(), true).await.unwrap();
    let told = own_deeds(doors, ada.person.id, 10).await.unwrap();
    let told: Vec<_> = told.iter().map(|one| (one.deed, one.subject, one.plan)).collect();
    let named = (Deed::OperatorNamed, Some(eve.person.to_bytes()), None);
    let taken_back = (Deed::PlanGiven, Some(own.to_bytes()), None);
    let first = (Deed::PlanGiven, Some(theirs.to_bytes()), Some(Plan::Team));
    assert_eq!(told, [named, taken_back, first], "latest first");
    let called = doors.tenants.tenant(theirs).await.unwrap().unwrap().name;
    assert_eq!(own_deeds(doors, ada.person.id, 3).await.unwrap()[2].name, called);
    assert_eq!(own_deeds(doors, ada.person.id, 1).await.unwrap().len(), 1);
    // Another who runs the server sees nothing of it, and who does not finds no such thing.
    assert!(own_deeds(doors, eve.person, 10).await.unwrap().is_empty());
    name_operator(doors, (&ada).into(), &eve.person.to_string(), false).await.unwrap();
    assert_eq!(refused(own_deeds(doors, eve.person, 10).await).code, Code::NotFound);
    let nobody = given(TenantId::from_bytes([0xee; 16]), Some(Plan::Team)).await;
    assert_eq!(refused(nobody).code, Code::NotFound);
    let last = own_deeds(doors, ada.person.id, 1).await.unwrap().remove(0);
    assert_eq!(last.deed, Deed::OperatorEnded, "what was not done is not told");
}

#[tokio::test]
async fn what_is_full_refuses_new_things_by_name_and_takes_them_when_there_is_room() {
    let plans = rules(&["personal.libraries=2", "personal.members=2", "personal.tokens=1"]);
    let (world, _) = world(&plans);
    let ada = owner(&world).await;
    let (doors, tenant) = (&world.doors, ada.person.tenant);
    let make = async |name: &str| create_library(doors, (&ada).into(), tenant, name).await;
    make("Second").await.unwrap();
    let full = refused(make("Third").await);
    assert_eq!((full.code, full.at.as_str()), (Code::Quota, "libraries"));
    assert!(full.detail.contains("room for 2"), "{}", full.detail);
    let token =
        async |name: &str| create_token(doors, (&ada).into(), CreateToken::called(name)).await;
    let first = token("one").await.unwrap();
    assert_eq!(refused(token("two").await).at, "tokens");
    shelf_identity::revoke_grant(doors, (&ada).into(), first.grant.id).await.unwrap();
    token("two").await.unwrap();
    let ask = || Invite { role: Role::Member, share: None, note: String::new() };
    let open = async || invite(doors, (&ada).into(), tenant, ask()).await.unwrap().secret;
    let (one, two) = (open().await, open().await);
    let (flo, _) = join_as_new(doors, "Flo", &one).await.unwrap();
    let late = refused(join_as_new(doors, "Gil", &two).await);
    assert_eq!((late.code, late.at.as_str()), (Code::Quota, "members"));
    join(doors, flo.id.into(), &two).await.unwrap();
    let more = invite(doors, (&ada).into(), tenant, ask()).await;
    assert_eq!(refused(more).at, "members");
}

#[tokio::test]
async fn the_room_for_bookmarks_is_the_least_of_library_and_tenant() {
    let plans = rules(&["personal.bookmarks=3", "personal.bookmarks_a_library=2"]);
    let (world, quotas) = world(&plans);
    let desk = Desk::new(&world.store, 5).await;
    let room = async |scope: Scope| quotas.bookmarks(scope).await.unwrap().unwrap();
    assert_eq!(room(desk.scope).await.left, 2);
    desk.save_url(&world.store, "https://a.example/").await;
    desk.save_url(&world.store, "https://b.example/").await;
    let here = room(desk.scope).await;
    assert_eq!((here.stock, here.left), (Stock::BookmarksALibrary, 0));
    let who = signed(&world, desk.person).await;
    let second = create_library(&world.doors, (&who).into(), desk.scope.tenant, "Second").await;
    let there = room(second.unwrap().scope()).await;
    assert_eq!((there.stock, there.left), (Stock::Bookmarks, 1), "the tenant's is nearer");
}

#[tokio::test]
async fn admins_see_what_their_tenant_uses_and_nobody_else_does() {
    let (world, quotas) = world(&Plans::of(Plan::Personal));
    let (ada, throttle) = (owner(&world).await, throttle(&world, &quotas));
    let tenant = ada.person.tenant;
    throttle.admit(Asker::Signed(&ada), None, Cost::units(7)).await.unwrap();
    let uses = usage_of(&world.doors, &quotas, ada.person.id, tenant).await.unwrap();
    assert_eq!((uses.plan, uses.today(), uses.days.len()), (Plan::Personal, 7, 30));
    let of = |stock| *uses.bounds.iter().find(|(known, ..)| *known == stock).unwrap();
    assert_eq!(of(Stock::Members), (Stock::Members, 1, Some(5)));
    assert_eq!(of(Stock::Cost), (Stock::Cost, 7, Some(200_000)));
    let eve = Desk::new(&world.store, 9).await;
    let seen = usage_of(&world.doors, &quotas, eve.person, tenant).await;
    assert_eq!(refused(seen).code, Code::NotFound);
    let absent = usage_of(&world.doors, &quotas, eve.person, TenantId::from_bytes([0; 16])).await;
    assert_eq!(refused(absent).code, Code::NotFound);
}
