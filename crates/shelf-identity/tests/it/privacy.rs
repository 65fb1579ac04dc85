//! Choices, consents, and erasures that wait, are taken back, break off and are done.

use crate::{World, refused, signed, world};
use async_trait::async_trait;
use serde_json::Value;
use shelf_domain::event::EventTypes;
use shelf_domain::id::{EndpointId, PersonId, Scope};
use shelf_domain::privacy::Purpose;
use shelf_domain::refusal::Code;
use shelf_domain::right::{Right, Role};
use shelf_identity::audit::follow;
use shelf_identity::passwords::set_password::{SetPassword, set_password};
use shelf_identity::privacy::account_file::account_file;
use shelf_identity::privacy::ask_erasure::{
    UNDO_MS, ask_erasure, erasure_of, receipt, take_back_erasure,
};
use shelf_identity::privacy::choose::{consent, decided, object, restrict};
use shelf_identity::privacy::erase::{Beside, RECEIPT_MS, erase};
use shelf_identity::privacy::recipients::recipients;
use shelf_identity::privacy::signing::{is_signed, seal_signing_key, signing_key};
use shelf_identity::tenants::create_tenant::create_tenant;
use shelf_identity::tenants::invitations::{Invite, invite, join_as_new};
use shelf_identity::tenants::libraries::{all_libraries_of, create_library};
use shelf_identity::tenants::members::{change_role, list_members};
use shelf_identity::tenants::shares::give_right;
use shelf_identity::{
    CreateToken, Hashing, PasswordDoors, PrivacyDoors, Signed, Typed, authenticate, create_token,
    first_run,
};
use shelf_ports::Fault;
use shelf_ports::chance::Clock;
use shelf_ports::privacy::{ServerKey, may_process};
use shelf_ports::tenants::Holder;
use shelf_ports::webhooks::{Endpoint, EndpointState, SigningKey};
use shelf_testkit::FakeVault;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const GOOD: &str = "correct horse battery";

/// What stands beside the records; breaks the first times it is asked.
#[derive(Debug, Default)]
struct Shaky {
    breaks: AtomicUsize,
    forgotten: AtomicUsize,
    told: Mutex<Vec<String>>,
}

#[async_trait]
impl Beside for Shaky {
    /// Those at `deaf.example` take nothing.
    async fn tell(&self, endpoints: Vec<(Scope, Endpoint)>) -> Vec<EndpointId> {
        let mut told = self.told.lock().unwrap();
        told.extend(endpoints.iter().map(|(_, endpoint)| endpoint.url.clone()));
        let listens = |endpoint: &Endpoint| !endpoint.url.contains("deaf.example");
        let all = endpoints.into_iter().map(|(_, endpoint)| endpoint);
        all.filter(listens).map(|endpoint| endpoint.id).collect()
    }

    async fn forget(&self, _: Scope) -> Result<(), Fault> {
        let left = self.breaks.load(Ordering::Relaxed);
        if left > 0 {
            self.breaks.store(left - 1, Ordering::Relaxed);
            return Err(Fault::new("forgetting", "the index is away"));
        }
        self.forgotten.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn scrub(&self) -> Result<(), Fault> {
        Ok(())
    }
}

/// A world in which the owner is signed in with a browser.
struct House {
    world: World,
    doors: PrivacyDoors,
    owner: Signed,
}

async fn house() -> House {
    let world = world();
    let store = Arc::new(world.store.clone());
    let doors = PrivacyDoors {
        passwords: PasswordDoors {
            doors: world.doors.clone(),
            credentials: store.clone(),
            passkeys: store.clone(),
            hashing: Arc::new(Hashing::default()),
        },
        clients: store.clone(),
        authorizations: store.clone(),
        webhooks: store.clone(),
        sso: store.clone(),
        privacy: store,
        vault: Arc::new(FakeVault),
    };
    let owner = first_run(&world.doors).await.unwrap().person;
    let owner = signed(&world, owner.id).await;
    House { world, doors, owner }
}

impl House {
    async fn may(&self, purpose: Purpose) -> bool {
        may_process(&*self.world.doors.accounts, self.owner.person.id, purpose).await.unwrap()
    }

    async fn ask(&self, password: &str) -> Result<String, shelf_ports::Failure> {
        let asked = ask_erasure(&self.doors, &self.owner, &Typed::new(password)).await?;
        Ok(asked.erasure.receipt.to_string())
    }

    /// Gives the erasure of the owner turns until it is done.
    async fn erased(&self, beside: &Shaky) {
        for _ in 0..100 {
            let now = self.world.clock.now_ms();
            let due = self.doors.privacy.due_erasures(now, 10).await.unwrap();
            let Some(one) = due.first() else { return };
            // What breaks off is tried again.
            drop(erase(&self.doors, one, beside).await);
        }
        panic!("it does not come to an end");
    }
}

#[tokio::test]
async fn a_consent_is_given_taken_back_and_remembered() {
    let house = house().await;
    assert!(!house.may(Purpose::Llm).await, "off until somebody agrees");
    for given in [true, true, false] {
        consent(&house.doors, &house.owner, Purpose::Llm, given).await.unwrap();
        assert_eq!(house.may(Purpose::Llm).await, given);
    }
    let told = decided(&house.doors, house.owner.person.id).await.unwrap().consents;
    assert_eq!(told.iter().map(|one| one.given).collect::<Vec<_>>(), [true, false]);
    let none = consent(&house.doors, &house.owner, Purpose::Activity, true).await;
    assert_eq!(refused(none).at, "purpose");
}

#[tokio::test]
async fn objections_and_a_restriction_hold_at_once() {
    let house = house().await;
    assert!(house.may(Purpose::Recommendation).await);
    object(&house.doors, &house.owner, [Purpose::Recommendation].into()).await.unwrap();
    assert!(!house.may(Purpose::Recommendation).await);
    object(&house.doors, &house.owner, [].into()).await.unwrap();
    assert!(house.may(Purpose::Recommendation).await);
    let other = object(&house.doors, &house.owner, [Purpose::Meaning].into()).await;
    assert_eq!(refused(other).code, Code::Invalid);
    restrict(&house.doors, &house.owner, true).await.unwrap();
    assert!(!house.may(Purpose::Activity).await && !house.may(Purpose::Meaning).await);
    restrict(&house.doors, &house.owner, false).await.unwrap();
    assert!(house.may(Purpose::Activity).await);
}

#[tokio::test]
async fn a_restriction_pauses_what_one_added_and_nothing_of_others() {
    let house = house().await;
    let (doors, by) = (&house.world.doors, house.owner.person.id.into());
    let team = create_tenant(doors, by, "The guild").await.unwrap().id;
    let other = newcomer(&house, team, Role::Member).await;
    let library = create_library(doors, by, team, "for us").await.unwrap();
    give_right(doors, by, library.id, Holder::Person(other), Right::Manage).await.unwrap();
    watched(&house, library.scope()).await;
    let state = async || house.doors.webhooks.endpoints(library.scope()).await.unwrap()[0].state;
    restrict(&house.doors, &signed(&house.world, other).await, true).await.unwrap();
    assert_eq!(state().await, EndpointState::Active, "it is the owner's");
    restrict(&house.doors, &house.owner, true).await.unwrap();
    assert_eq!(state().await, EndpointState::Paused);
    restrict(&house.doors, &house.owner, false).await.unwrap();
    assert_eq!(state().await, EndpointState::Paused, "until somebody resumes it");
}

#[tokio::test]
async fn choices_that_are_made_at_once_all_hold() {
    let house = house().await;
    let (doors, owner) = (&house.doors, &house.owner);
    consent(doors, owner, Purpose::Llm, true).await.unwrap();
    for restricted in [true, false, true, false] {
        let made = tokio::join!(
            restrict(doors, owner, restricted),
            object(doors, owner, [Purpose::Recommendation].into()),
            consent(doors, owner, Purpose::Llm, false),
            consent(doors, owner, Purpose::Social, !restricted),
        );
        made.0.and(made.1).and(made.2).and(made.3).unwrap();
        let choices = decided(doors, owner.person.id).await.unwrap().choices;
        assert_eq!(choices.restricted, restricted);
        assert_eq!(choices.objected, [Purpose::Recommendation].into());
        assert!(!choices.consented.contains(&Purpose::Llm), "what was taken back is not there");
        assert_eq!(choices.consented.contains(&Purpose::Social), !restricted);
        object(doors, owner, [].into()).await.unwrap();
        consent(doors, owner, Purpose::Llm, true).await.unwrap();
    }
}

#[tokio::test]
async fn erasure_takes_the_person_and_their_password() {
    let house = house().await;
    let by = house.owner.person.id.into();
    let token = create_token(&house.world.doors, by, CreateToken::called("t")).await.unwrap();
    let token = authenticate(&house.world.doors, &token.secret).await.unwrap().unwrap();
    let asked = ask_erasure(&house.doors, &token, &Typed::new("")).await;
    assert_eq!(refused(asked).code, Code::Forbidden, "a key may be a copy");
    let ask = SetPassword {
        login: "Ada".to_owned(),
        password: Typed::new(GOOD),
        current: Typed::new(""),
    };
    set_password(&house.doors.passwords, &house.owner, ask).await.unwrap();
    let wrong = refused(house.ask("wrong password").await);
    assert_eq!((wrong.code, wrong.at.as_str()), (Code::Forbidden, "password"));
    let first = house.ask(GOOD).await.unwrap();
    assert_eq!(house.ask(GOOD).await.unwrap(), first, "asking again tells of the same");
    let waits = erasure_of(&house.doors, house.owner.person.id).await.unwrap().unwrap();
    assert_eq!(waits.due_at, waits.asked_at + UNDO_MS);
    let back = take_back_erasure(&house.doors, &token).await;
    assert_eq!(refused(back).code, Code::Forbidden);
    take_back_erasure(&house.doors, &house.owner).await.unwrap();
    let again = take_back_erasure(&house.doors, &house.owner).await;
    assert_eq!(refused(again).code, Code::NotFound);
}

#[tokio::test]
async fn an_erasure_that_breaks_off_goes_on_and_leaves_a_signed_receipt() {
    let house = house().await;
    let id = house.ask("").await.unwrap().parse().unwrap();
    let beside = Shaky { breaks: AtomicUsize::new(2), ..Shaky::default() };
    house.erased(&beside).await;
    assert!(house.world.doors.accounts.person(house.owner.person.id).await.unwrap().is_some());
    assert_eq!(beside.forgotten.load(Ordering::Relaxed), 0, "it is not due");
    house.world.clock.advance(u32::try_from(UNDO_MS).unwrap());
    house.erased(&beside).await;
    assert_eq!(beside.forgotten.load(Ordering::Relaxed), 1);
    assert!(house.world.doors.accounts.people().await.unwrap().is_empty());
    assert!(house.world.doors.accounts.all_libraries().await.unwrap().is_empty());
    let told = receipt(&house.doors, id).await.unwrap();
    let body: Value = serde_json::from_str(&told.body).unwrap();
    let of = |name: &str| body[name].as_str().unwrap().to_owned();
    use base64::Engine;
    let signature = base64::engine::general_purpose::STANDARD.decode(of("signature")).unwrap();
    assert!(is_signed(&of("key"), of("text").as_bytes(), &signature));
    assert_eq!(of("key"), signing_key(&house.doors).await.unwrap().public());
    let person = house.owner.person.id.to_string();
    assert!(!told.body.contains(&person), "it names nobody: {}", told.body);
    house.world.clock.advance(u32::try_from(RECEIPT_MS).unwrap());
    assert_eq!(refused(receipt(&house.doors, id).await).code, Code::NotFound);
}

#[tokio::test]
async fn an_erasure_that_was_taken_back_since_it_was_found_to_be_due_removes_nothing() {
    let house = house().await;
    house.ask("").await.unwrap();
    house.world.clock.advance(u32::try_from(UNDO_MS).unwrap());
    let now = house.world.clock.now_ms();
    let found = house.doors.privacy.due_erasures(now, 10).await.unwrap().remove(0);
    take_back_erasure(&house.doors, &house.owner).await.unwrap();
    let beside = Shaky::default();
    assert!(erase(&house.doors, &found, &beside).await.unwrap(), "there is nothing to do");
    house.ask("").await.unwrap();
    assert!(erase(&house.doors, &found, &beside).await.unwrap(), "nor before another one is due");
    assert_eq!(beside.forgotten.load(Ordering::Relaxed), 0);
    let known = shelf_identity::libraries(&house.world.doors, &house.owner).await.unwrap();
    assert_eq!(known.len(), 1, "their library is there");
    let waits = erasure_of(&house.doors, house.owner.person.id).await.unwrap().unwrap();
    assert_eq!(waits.begun_at, None);
}

#[tokio::test]
async fn what_was_under_way_when_an_erasure_began_goes_with_it() {
    let house = house().await;
    let doors = &house.world.doors;
    house.ask("").await.unwrap();
    let (own, by) = (house.owner.person.tenant, house.owner.person.id);
    house.world.clock.advance(u32::try_from(UNDO_MS).unwrap() - 1_000);
    let ask = Invite { role: Role::Member, share: None, note: String::new() };
    let invited = invite(doors, by.into(), own, ask).await.unwrap().secret;
    house.world.clock.advance(1_000);
    let due = house.doors.privacy.due_erasures(house.world.clock.now_ms(), 10).await.unwrap();
    let beside = Shaky { breaks: AtomicUsize::new(1), ..Shaky::default() };
    assert!(erase(&house.doors, &due[0], &beside).await.is_err(), "it breaks off");
    let came = join_as_new(doors, "late", &invited).await;
    assert_eq!(refused(came).code, Code::NotFound, "nobody comes into what is going");
    // A request that came in before it began ends after.
    let team = create_tenant(doors, by.into(), "made meanwhile").await.unwrap().id;
    create_library(doors, by.into(), team, "made meanwhile").await.unwrap();
    house.erased(&beside).await;
    assert_eq!(doors.tenants.tenant(team).await.unwrap(), None);
    assert!(doors.accounts.all_libraries().await.unwrap().is_empty());
}

async fn newcomer(house: &House, team: shelf_domain::id::TenantId, role: Role) -> PersonId {
    let ask = Invite { role, share: None, note: String::new() };
    let doors = &house.world.doors;
    let by = house.owner.person.id.into();
    let secret = invite(doors, by, team, ask).await.unwrap().secret;
    join_as_new(doors, role.name(), &secret).await.unwrap().0.id
}

#[tokio::test]
async fn the_only_owner_of_a_team_makes_another_one_first_and_the_team_stays() {
    let house = house().await;
    let (doors, by) = (&house.world.doors, house.owner.person.id.into());
    let team = create_tenant(doors, by, "The guild").await.unwrap().id;
    let member = newcomer(&house, team, Role::Member).await;
    let alone = refused(house.ask("").await);
    assert_eq!(alone.code, Code::Invalid);
    assert!(alone.detail.contains("The guild"), "{}", alone.detail);
    change_role(doors, by, team, member, Role::Owner).await.unwrap();
    let private = create_library(doors, by, team, "for me alone").await.unwrap();
    let shared = create_library(doors, by, team, "for us").await.unwrap();
    give_right(doors, by, shared.id, Holder::Person(member), Right::Write).await.unwrap();
    house.ask("").await.unwrap();
    house.world.clock.advance(u32::try_from(UNDO_MS).unwrap());
    house.erased(&Shaky::default()).await;
    let left = list_members(doors, member, team).await.unwrap();
    assert_eq!(left.iter().map(|one| one.person).collect::<Vec<_>>(), [member]);
    let libraries = all_libraries_of(doors, member, team).await.unwrap();
    assert_eq!(libraries, [shared], "what nobody else could use is gone: {private:?}");
    let followed = follow(doors, team, None).await.unwrap();
    assert!(followed.broken.is_none() && followed.end.n > 0, "the audit log holds");
}

#[tokio::test]
async fn the_account_is_told_without_a_secret_and_to_nobody_with_less() {
    let house = house().await;
    let by = house.owner.person.id.into();
    let token = create_token(&house.world.doors, by, CreateToken::called("laptop")).await.unwrap();
    let file = account_file(&house.doors, &house.owner).await.unwrap();
    let text = String::from_utf8(file).unwrap();
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["person"]["name"], house.owner.person.name.as_str());
    assert!(text.contains("laptop") && !text.contains(token.secret.expose()));
    for part in ["settings", "libraries", "memberships", "consents", "kept", "audit", "recipients"]
    {
        assert!(!told[part].is_null(), "{part} is missing");
    }
    let part = CreateToken {
        permits: Some(shelf_domain::permit::Permits::read("account:read").unwrap()),
        ..CreateToken::called("part")
    };
    let part = create_token(&house.world.doors, by, part).await.unwrap();
    let part = authenticate(&house.world.doors, &part.secret).await.unwrap().unwrap();
    assert_eq!(refused(account_file(&house.doors, &part).await).code, Code::Forbidden);
}

/// An endpoint of `library` whose address holds a secret.
async fn watched(house: &House, library: Scope) {
    let endpoint = hook(house, 7);
    assert!(house.doors.webhooks.add_endpoint(library, &endpoint).await.unwrap());
}

fn hook(house: &House, number: u8) -> Endpoint {
    Endpoint {
        id: EndpointId::from_bytes([number; 16]),
        url: "https://hooks.example/services/hushhush".to_owned(),
        description: "to the wall".to_owned(),
        types: EventTypes::ALL,
        state: EndpointState::Active,
        made_by: house.owner.person.id,
        created_at: 1,
        key: SigningKey(vec![1; 61]),
        old_key: None,
        failures: 0,
        rest_until: 0,
        succeeded_at: None,
        missed: 0,
    }
}

#[tokio::test]
async fn who_was_sent_what_is_erased_is_told_once_and_the_receipt_says_so() {
    let house = house().await;
    let known = shelf_identity::libraries(&house.world.doors, &house.owner).await.unwrap();
    let scope = known[0].library.scope();
    let new = hook(&house, 1);
    let sent = |number, url: &str| Endpoint {
        url: url.to_owned(),
        succeeded_at: Some(1),
        ..hook(&house, number)
    };
    let all = [
        sent(2, "https://hooks.example/services/hushhush"),
        sent(3, "https://deaf.example/hushhush"),
        Endpoint { state: EndpointState::Gone, ..sent(4, "https://gone.example/hushhush") },
    ];
    for endpoint in all.iter().chain([&new]) {
        assert!(house.doors.webhooks.add_endpoint(scope, endpoint).await.unwrap());
    }
    let id = house.ask("").await.unwrap().parse().unwrap();
    house.world.clock.advance(u32::try_from(UNDO_MS).unwrap());
    // It breaks off after they were told, and goes on from there.
    let beside = Shaky { breaks: AtomicUsize::new(2), ..Shaky::default() };
    house.erased(&beside).await;
    let told = beside.told.lock().unwrap().clone();
    assert_eq!(told, [all[0].url.as_str(), all[1].url.as_str()], "each once, and nobody else");
    let receipt = receipt(&house.doors, id).await.unwrap();
    let body: Value = serde_json::from_str(&receipt.body).unwrap();
    let text: Value = serde_json::from_str(body["text"].as_str().unwrap()).unwrap();
    let places = ["https://hooks.example", "https://deaf.example", "https://gone.example"];
    let line = |(at, place): (usize, &&str)| serde_json::json!({ "place": place, "told": at == 0 });
    let lines: Vec<Value> = places.iter().enumerate().map(line).collect();
    assert_eq!(text["webhooks"], Value::Array(lines));
    assert!(!receipt.body.contains("hushhush"), "no more than the place: {}", receipt.body);
}

#[tokio::test]
async fn who_was_sent_nothing_is_sent_nothing_while_it_is_erased_either() {
    let house = house().await;
    let known = shelf_identity::libraries(&house.world.doors, &house.owner).await.unwrap();
    let scope = known[0].library.scope();
    watched(&house, scope).await;
    house.ask("").await.unwrap();
    house.world.clock.advance(u32::try_from(UNDO_MS).unwrap());
    let due = house.doors.privacy.due_erasures(house.world.clock.now_ms(), 1).await.unwrap();
    let beside = Shaky { breaks: AtomicUsize::new(1), ..Shaky::default() };
    erase(&house.doors, &due[0], &beside).await.unwrap_err();
    let left = house.doors.webhooks.endpoints(scope).await.unwrap();
    assert_eq!(left[0].state, EndpointState::Paused, "what waits for it is not sent now");
    assert!(beside.told.lock().unwrap().is_empty(), "and there is nothing to tell it");
}

#[tokio::test]
async fn who_may_only_read_a_library_does_not_learn_the_address_of_its_webhooks() {
    let house = house().await;
    let (doors, by) = (&house.world.doors, house.owner.person.id.into());
    let team = create_tenant(doors, by, "The guild").await.unwrap().id;
    let reader = newcomer(&house, team, Role::Member).await;
    let library = create_library(doors, by, team, "for us").await.unwrap();
    give_right(doors, by, library.id, Holder::Person(reader), Right::Write).await.unwrap();
    watched(&house, library.scope()).await;
    for (who, whole) in [(house.owner.clone(), true), (signed(&house.world, reader).await, false)] {
        let told = recipients(&house.doors, who.person.id).await.unwrap();
        let hooks: Vec<_> = told.iter().filter(|one| one.kind == "webhook").collect();
        assert_eq!(hooks.len(), 1, "that it is told is known to both: {told:?}");
        assert_eq!(hooks[0].name, "https://hooks.example");
        let file = String::from_utf8(account_file(&house.doors, &who).await.unwrap()).unwrap();
        assert!(file.contains("https://hooks.example"));
        for secret in ["hushhush", "to the wall"] {
            assert_eq!(file.contains(secret), whole, "{secret}: {file}");
        }
    }
}

#[tokio::test]
async fn the_key_of_before_is_sealed_and_signs_on() {
    let house = house().await;
    let before = ServerKey { seed: vec![7; 32], made_at: 1 };
    let store = &house.doors.privacy;
    assert!(store.server_key(&before).await.unwrap().is_plain());
    let public = signing_key(&house.doors).await.unwrap().public();
    for _ in 0..2 {
        seal_signing_key(&house.doors).await.unwrap();
    }
    let kept = store.server_key(&before).await.unwrap();
    assert!(!kept.is_plain() && !kept.seed.windows(32).any(|some| some == [7; 32]));
    assert_eq!(signing_key(&house.doors).await.unwrap().public(), public);
}
