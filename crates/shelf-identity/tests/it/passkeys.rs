//! Passkeys on a real store, with an authenticator in software: signing in, confirming, joining, and
//! what is refused of each.

use crate::{World, refused, signed, world};
use serde_json::Value;
use shelf_domain::id::PersonId;
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Role;
use shelf_identity::audit::read_on;
use shelf_identity::passkeys::add_passkey::add_passkey;
use shelf_identity::passkeys::begin::{
    begin_adding, begin_confirming, begin_joining, begin_sign_in,
};
use shelf_identity::passkeys::confirm::confirm;
use shelf_identity::passkeys::join_with_passkey::{Newcomer, join_with_passkey};
use shelf_identity::passkeys::list_passkeys::list_passkeys;
use shelf_identity::passkeys::remove_passkey::remove_passkey;
use shelf_identity::passkeys::rename_passkey::rename_passkey;
use shelf_identity::passkeys::sign_in_with_passkey::sign_in_with_passkey;
use shelf_identity::passkeys::{Begun, Brought, CEREMONY_MS, PASSKEYS_MAX};
use shelf_identity::passwords::by_them::{Asks, CONFIRMED_MS, asks};
use shelf_identity::passwords::recovery_codes::recovery_codes;
use shelf_identity::passwords::remove_password::remove_password;
use shelf_identity::passwords::set_password::{SetPassword, set_password};
use shelf_identity::tenants::create_tenant::create_tenant;
use shelf_identity::tenants::invitations::{Invite, invite, join_as_new, look_at_invitation};
use shelf_identity::{
    CreateToken, Hashing, Knocked, NewGrant, PasswordDoors, RelyingParty, Secret, Signed, Typed,
    authenticate, create_token, first_run,
};
use shelf_ports::Failure;
use shelf_ports::passkeys::Passkey;
use shelf_testkit::{Authenticator, SeededChance, Words};
use std::sync::Arc;

const ORIGIN: &str = "https://shelf.example";
const GOOD: &str = "correct horse";

/// A world in which the owner is signed in with a browser.
struct House {
    world: World,
    doors: PasswordDoors,
    owner: Signed,
    chance: SeededChance,
}

fn site() -> RelyingParty {
    RelyingParty::of(ORIGIN).unwrap()
}

async fn house() -> House {
    let world = world();
    let store = Arc::new(world.store.clone());
    let hashing = Arc::new(Hashing::default());
    let doors = world.doors.clone();
    let doors = PasswordDoors { doors, credentials: store.clone(), passkeys: store, hashing };
    let owner = first_run(&world.doors).await.unwrap().person;
    world.clock.advance(1_000);
    let owner = signed(&world, owner.id).await;
    House { world, doors, owner, chance: SeededChance::new(77) }
}

impl House {
    fn authenticator(&self) -> Authenticator {
        Authenticator::new(&self.chance)
    }

    /// Adds a new passkey for `by`, who proves nothing.
    async fn added(&self, by: &Signed, name: &str) -> (Authenticator, Passkey) {
        let mut one = self.authenticator();
        let begun = begin_adding(&self.doors, by, &site(), &Typed::new("")).await.unwrap();
        let words = Words::making(&begun.options, ORIGIN);
        let answer = one.make(&begun.options, &words);
        let passkey = self.add(by, &begun, &answer, name).await.unwrap();
        (one, passkey)
    }

    async fn add(
        &self,
        by: &Signed,
        begun: &Begun,
        answer: &Value,
        name: &str,
    ) -> Result<Passkey, Failure> {
        let answer = answer.to_string();
        let brought = Brought { kept: begun.kept.expose(), answer: &answer };
        add_passkey(&self.doors, by, &site(), brought, name).await
    }

    async fn begin(&self) -> Begun {
        begin_sign_in(&self.doors, &site()).await.unwrap()
    }

    /// Answers at the door.
    async fn knock(&self, begun: &Begun, answer: &Value) -> Knocked {
        let answer = answer.to_string();
        let brought = Brought { kept: begun.kept.expose(), answer: &answer };
        sign_in_with_passkey(&self.doors, &site(), brought, "A browser").await.unwrap()
    }

    /// Comes in with a passkey whose authenticator counts this.
    async fn comes(&self, one: &Authenticator, count: u32) -> Knocked {
        let begun = self.begin().await;
        let words = Words { count, ..Words::using(&begun.options, ORIGIN) };
        self.knock(&begun, &one.show(&words)).await
    }

    async fn came(&self, one: &Authenticator) -> Signed {
        match self.comes(one, 0).await {
            Knocked::Open(NewGrant { secret, .. }) => self.signed(&secret).await.unwrap(),
            other => panic!("not signed in: {other:?}"),
        }
    }

    async fn signed(&self, secret: &Secret) -> Option<Signed> {
        authenticate(&self.world.doors, secret).await.unwrap()
    }

    /// Confirms with a passkey.
    async fn confirms(&self, by: &Signed, one: &Authenticator) -> Result<(), Failure> {
        let begun = begin_confirming(&self.doors, by, &site()).await?;
        let answer = one.show(&Words::using(&begun.options, ORIGIN)).to_string();
        let brought = Brought { kept: begun.kept.expose(), answer: &answer };
        confirm(&self.doors, by, &site(), brought).await
    }

    async fn sets(&self, by: &Signed, password: &str, current: &str) -> Result<(), Failure> {
        let (password, current) = (Typed::new(password), Typed::new(current));
        let login = by.person.name.clone();
        set_password(&self.doors, by, SetPassword { login, password, current }).await
    }

    async fn removes(&self, by: &Signed, one: &Passkey, current: &str) -> Result<(), Failure> {
        remove_passkey(&self.doors, by, one.id, &Typed::new(current)).await
    }

    /// What stands in the audit log of the owner.
    async fn deeds(&self) -> Vec<&'static str> {
        let Signed { person, .. } = &self.owner;
        let records = read_on(&self.world.doors, person.id, person.tenant, 0, 500).await.unwrap();
        records.into_iter().map(|one| one.record.deed.name()).collect()
    }

    /// An invitation to a team of the owner.
    async fn invitation(&self) -> Secret {
        let by = (&self.owner).into();
        let team = create_tenant(&self.world.doors, by, "Guild").await.unwrap().id;
        let ask = Invite { role: Role::Member, share: None, note: String::new() };
        invite(&self.world.doors, by, team, ask).await.unwrap().secret
    }

    /// Somebody else, for whom nobody prints links.
    async fn member(&self) -> Signed {
        self.world.clock.advance(1_000);
        let invitation = self.invitation().await;
        let ben = join_as_new(&self.world.doors, "Ben", &invitation).await.unwrap().0;
        signed(&self.world, ben.id).await
    }
}

fn at(refused: &Refused) -> (Code, &str) {
    (refused.code, refused.at.as_str())
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_word() {
    let house = house().await;
    let (one, passkey) = house.added(&house.owner, " Phone ").await;
    assert_eq!((passkey.name.as_str(), passkey.used_at), ("Phone", None));
    let begun = house.begin().await;
    assert_eq!(begun.options["allowCredentials"], Value::Array(Vec::new()));
    assert_eq!(begun.options["userVerification"], "required");
    assert_eq!(begun.options["rpId"], "shelf.example");
    house.world.clock.advance(60_000);
    let there = house.came(&one).await;
    assert_eq!(there.person, house.owner.person);
    assert_eq!(there.grant.name, "A browser, with a passkey");
    let listed = list_passkeys(&house.doors, there.person.id).await.unwrap();
    assert_eq!(listed[0].used_at, Some(there.grant.created_at));
    let deeds = house.deeds().await;
    assert!(deeds.ends_with(&["passkey_added", "signed_in"]), "{deeds:?}");
}

#[tokio::test]
async fn a_passkey_on_another_curve_signs_in_as_well() {
    let house = house().await;
    let mut one = Authenticator::edwards(&house.chance);
    let begun = begin_adding(&house.doors, &house.owner, &site(), &Typed::new("")).await.unwrap();
    let answer = one.make(&begun.options, &Words::making(&begun.options, ORIGIN));
    house.add(&house.owner, &begun, &answer, "Key").await.unwrap();
    assert_eq!(house.came(&one).await.person, house.owner.person);
}

#[tokio::test]
async fn an_answer_works_once_for_its_question_within_five_minutes() {
    let house = house().await;
    let (one, _) = house.added(&house.owner, "Phone").await;
    let (begun, other) = (house.begin().await, house.begin().await);
    assert_ne!(begun.options["challenge"], other.options["challenge"]);
    let answer = one.show(&Words::using(&begun.options, ORIGIN));
    assert_eq!(house.knock(&other, &answer).await, Knocked::Wrong, "another browser's");
    let made_up = Begun { kept: Secret::sent("made up"), ..begun.clone() };
    assert_eq!(house.knock(&made_up, &answer).await, Knocked::Wrong);
    assert!(matches!(house.knock(&begun, &answer).await, Knocked::Open(_)));
    assert_eq!(house.knock(&begun, &answer).await, Knocked::Wrong, "a second time");
    let late = house.begin().await;
    let answer = one.show(&Words::using(&late.options, ORIGIN));
    house.world.clock.advance(u32::try_from(CEREMONY_MS).unwrap());
    assert_eq!(house.knock(&late, &answer).await, Knocked::Wrong, "too late");
}

#[tokio::test]
async fn of_many_answers_at_once_one_opens() {
    let house = house().await;
    let (one, _) = house.added(&house.owner, "Phone").await;
    let begun = house.begin().await;
    let answer = one.show(&Words::using(&begun.options, ORIGIN));
    let (a, b, c) = tokio::join!(
        house.knock(&begun, &answer),
        house.knock(&begun, &answer),
        house.knock(&begun, &answer)
    );
    let opened = [a, b, c].into_iter().filter(|came| matches!(came, Knocked::Open(_))).count();
    assert_eq!(opened, 1);
}

#[tokio::test]
async fn an_end_that_was_put_off_in_the_cookie_is_no_question_of_ours() {
    let house = house().await;
    let (one, _) = house.added(&house.owner, "Phone").await;
    let begun = house.begin().await;
    let answer = one.show(&Words::using(&begun.options, ORIGIN));
    let letters: Vec<char> = begun.kept.expose().chars().collect();
    for at in 0..letters.len() {
        let mut turned = letters.clone();
        turned[at] = if turned[at] == 'A' { 'B' } else { 'A' };
        let kept = Secret::sent(&turned.into_iter().collect::<String>());
        let changed = Begun { kept, options: begun.options.clone() };
        assert_eq!(house.knock(&changed, &answer).await, Knocked::Wrong, "letter {at}");
    }
    assert!(matches!(house.knock(&begun, &answer).await, Knocked::Open(_)));
}

/// What is changed of what an authenticator says.
type Lie = fn(&mut Words);

#[tokio::test]
async fn an_answer_given_elsewhere_or_to_something_else_does_not_open() {
    let house = house().await;
    let (one, _) = house.added(&house.owner, "Phone").await;
    let other = house.authenticator();
    let lies: [(&str, Lie); 5] = [
        ("another page", |words| words.origin = "https://evil.example".to_owned()),
        ("another site", |words| words.site = "evil.example".to_owned()),
        ("nobody there", |words| words.flags &= !1),
        ("nobody verified", |words| words.flags &= !4),
        ("inside of another page", |words| words.cross_origin = Some(true)),
    ];
    for (what, lie) in lies {
        let begun = house.begin().await;
        let mut words = Words::using(&begun.options, ORIGIN);
        lie(&mut words);
        assert_eq!(house.knock(&begun, &one.show(&words)).await, Knocked::Wrong, "{what}");
    }
    assert_eq!(house.comes(&other, 0).await, Knocked::Wrong, "one nobody added");
    let begun = begin_confirming(&house.doors, &house.owner, &site()).await.unwrap();
    let answer = one.show(&Words::using(&begun.options, ORIGIN));
    assert_eq!(house.knock(&begun, &answer).await, Knocked::Wrong, "a confirmation");
    assert_eq!(house.knock(&begun, &Value::Null).await, Knocked::Wrong, "nothing");
    house.came(&one).await;
}

#[tokio::test]
async fn a_counter_that_went_back_closes_the_passkey_and_is_written_down_once() {
    let house = house().await;
    let (one, _) = house.added(&house.owner, "Phone").await;
    house.confirms(&house.owner, &one).await.unwrap();
    house.world.clock.advance(1);
    let (other, _) = house.added(&house.owner, "Laptop").await;
    assert!(matches!(house.comes(&one, 5).await, Knocked::Open(_)));
    assert_eq!(house.comes(&one, 5).await, Knocked::Wrong, "a copy counts for itself");
    assert_eq!(house.comes(&one, 6).await, Knocked::Wrong, "and both are out from then on");
    let deeds = house.deeds().await;
    assert_eq!(deeds.iter().filter(|deed| **deed == "passkey_copied").count(), 1, "{deeds:?}");
    let listed = list_passkeys(&house.doors, house.owner.person.id).await.unwrap();
    assert!(listed[0].copied_at.is_some() && listed[1].copied_at.is_none());
    let begun = begin_confirming(&house.doors, &house.owner, &site()).await.unwrap();
    assert_eq!(begun.options["allowCredentials"].as_array().unwrap().len(), 1);
    house.came(&other).await;
}

#[tokio::test]
async fn an_authenticator_knows_a_person_by_what_is_no_id_of_theirs() {
    let house = house().await;
    let (one, first) = house.added(&house.owner, "Phone").await;
    let person = house.owner.person.id.to_bytes();
    assert!(!first.handle.windows(16).any(|bytes| bytes == person) && first.handle.len() == 32);
    house.confirms(&house.owner, &one).await.unwrap();
    let begun = begin_adding(&house.doors, &house.owner, &site(), &Typed::new("")).await.unwrap();
    let known = begun.options["excludeCredentials"].as_array().unwrap();
    assert_eq!(known.len(), 1, "a device does not make a second one");
    let chosen = &begun.options["authenticatorSelection"];
    for part in ["residentKey", "userVerification"] {
        assert_eq!(chosen[part], "required");
    }
    assert_eq!(begun.options["attestation"], "none");
    let mut two = house.authenticator();
    let answer = two.make(&begun.options, &Words::making(&begun.options, ORIGIN));
    let second = house.add(&house.owner, &begun, &answer, "Laptop").await.unwrap();
    assert_eq!(second.handle, first.handle);
    let ben = house.member().await;
    let (_, theirs) = house.added(&ben, "Phone").await;
    assert_ne!(theirs.handle, first.handle);
}

#[tokio::test]
async fn what_somebody_has_nobody_else_adds_and_nobody_has_too_many() {
    let house = house().await;
    let (mut one, _) = house.added(&house.owner, "Phone").await;
    let ben = house.member().await;
    let begun = begin_adding(&house.doors, &ben, &site(), &Typed::new("")).await.unwrap();
    let answer = one.make(&begun.options, &Words::making(&begun.options, ORIGIN));
    let again = refused(house.add(&ben, &begun, &answer, "Mine").await);
    assert_eq!(at(&again), (Code::Invalid, "passkey"));
    assert!(again.detail.contains("known here already"), "{again:?}");
    let (first, _) = house.added(&ben, "1").await;
    for number in 2..=PASSKEYS_MAX {
        house.confirms(&ben, &first).await.unwrap();
        house.added(&ben, &number.to_string()).await;
    }
    house.confirms(&ben, &first).await.unwrap();
    let full = refused(begin_adding(&house.doors, &ben, &site(), &Typed::new("")).await);
    assert_eq!(at(&full), (Code::Quota, "passkey"));
}

#[tokio::test]
async fn an_answer_to_another_session_or_of_no_good_name_is_not_added() {
    let house = house().await;
    let elsewhere = signed(&house.world, house.owner.person.id).await;
    let begun = begin_adding(&house.doors, &house.owner, &site(), &Typed::new("")).await.unwrap();
    let mut one = house.authenticator();
    let answer = one.make(&begun.options, &Words::making(&begun.options, ORIGIN));
    let other = refused(house.add(&elsewhere, &begun, &answer, "Phone").await);
    assert_eq!(at(&other), (Code::Invalid, "passkey"));
    let name = refused(house.add(&house.owner, &begun, &answer, " ").await);
    assert_eq!(at(&name), (Code::Invalid, "name"));
    house.add(&house.owner, &begun, &answer, "Phone").await.unwrap();
    let mut two = house.authenticator();
    let answer = two.make(&begun.options, &Words::making(&begun.options, ORIGIN));
    let twice = refused(house.add(&house.owner, &begun, &answer, "Second").await);
    assert!(twice.detail.contains("added already"), "{twice:?}");
    let unverified = begin_confirming(&house.doors, &house.owner, &site()).await.unwrap();
    let wrong = refused(house.add(&house.owner, &unverified, &answer, "Third").await);
    assert_eq!(at(&wrong), (Code::Invalid, "passkey"), "of another purpose");
}

#[tokio::test]
async fn ways_in_are_changed_in_person_by_whoever_proves_that_it_is_them() {
    let house = house().await;
    house.sets(&house.owner, GOOD, "").await.unwrap();
    for wrong in ["", "not it"] {
        let asked = begin_adding(&house.doors, &house.owner, &site(), &Typed::new(wrong)).await;
        assert_eq!(at(&refused(asked)), (Code::Forbidden, "current"));
    }
    let begun = begin_adding(&house.doors, &house.owner, &site(), &Typed::new(GOOD)).await.unwrap();
    let mut one = house.authenticator();
    let answer = one.make(&begun.options, &Words::making(&begun.options, ORIGIN));
    let passkey = house.add(&house.owner, &begun, &answer, "Phone").await.unwrap();
    let wrong = refused(house.removes(&house.owner, &passkey, "not it").await);
    assert_eq!(at(&wrong), (Code::Forbidden, "current"));
    let by = (&house.owner).into();
    let token = create_token(&house.world.doors, by, CreateToken::called("t")).await.unwrap();
    let token = house.signed(&token.secret).await.unwrap();
    let none = &Typed::new(GOOD);
    let refusals = [
        refused(begin_adding(&house.doors, &token, &site(), none).await),
        refused(begin_confirming(&house.doors, &token, &site()).await),
        refused(house.removes(&token, &passkey, GOOD).await),
        refused(rename_passkey(&house.doors, &token, passkey.id, "Stolen").await),
    ];
    assert!(refusals.iter().all(|refused| refused.code == Code::Forbidden), "{refusals:?}");
    let ben = house.member().await;
    let theirs = [
        refused(house.removes(&ben, &passkey, "").await),
        refused(rename_passkey(&house.doors, &ben, passkey.id, "Stolen").await),
    ];
    assert!(theirs.iter().all(|refused| refused.code == Code::NotFound), "{theirs:?}");
    rename_passkey(&house.doors, &house.owner, passkey.id, "Tablet").await.unwrap();
    let listed = list_passkeys(&house.doors, house.owner.person.id).await.unwrap();
    assert_eq!(listed[0].name, "Tablet");
}

#[tokio::test]
async fn confirming_with_a_passkey_lets_one_act_pass_in_this_session_for_five_minutes() {
    let house = house().await;
    let (one, _) = house.added(&house.owner, "Phone").await;
    house.confirms(&house.owner, &one).await.unwrap();
    house.sets(&house.owner, GOOD, "").await.unwrap();
    let codes = async |by: &Signed| recovery_codes(&house.doors, by, &Typed::new("")).await;
    assert_eq!(at(&refused(codes(&house.owner).await)), (Code::Forbidden, "current"), "used up");
    let asked = asks(&house.doors, &house.owner).await.unwrap();
    assert_eq!(asked, Asks { password: true, passkey: true, confirmed: false });
    house.confirms(&house.owner, &one).await.unwrap();
    assert!(asks(&house.doors, &house.owner).await.unwrap().confirmed);
    let elsewhere = signed(&house.world, house.owner.person.id).await;
    assert_eq!(refused(codes(&elsewhere).await).code, Code::Forbidden, "another browser");
    assert_eq!(codes(&house.owner).await.unwrap().len(), 10);
    house.confirms(&house.owner, &one).await.unwrap();
    house.world.clock.advance(u32::try_from(CONFIRMED_MS).unwrap());
    assert_eq!(refused(codes(&house.owner).await).code, Code::Forbidden, "too late");
}

#[tokio::test]
async fn of_several_acts_at_once_a_confirmation_lets_one_pass() {
    let house = house().await;
    let (one, _) = house.added(&house.owner, "Phone").await;
    house.confirms(&house.owner, &one).await.unwrap();
    let begins = async || {
        let asked = begin_adding(&house.doors, &house.owner, &site(), &Typed::new("")).await;
        asked.is_ok()
    };
    let (a, b, c) = tokio::join!(begins(), begins(), begins());
    assert_eq!([a, b, c].into_iter().filter(|passed| *passed).count(), 1);
}

#[tokio::test]
async fn nobody_confirms_with_what_is_not_theirs() {
    let house = house().await;
    house.added(&house.owner, "Phone").await;
    let ben = house.member().await;
    let (theirs, _) = house.added(&ben, "Phone").await;
    let wrong = refused(house.confirms(&house.owner, &theirs).await);
    assert_eq!(at(&wrong), (Code::Invalid, "passkey"));
    assert!(!asks(&house.doors, &house.owner).await.unwrap().confirmed);
    let begun = house.begin().await;
    let answer = theirs.show(&Words::using(&begun.options, ORIGIN)).to_string();
    let brought = Brought { kept: begun.kept.expose(), answer: &answer };
    let wrong = refused(confirm(&house.doors, &ben, &site(), brought).await);
    assert_eq!(at(&wrong), (Code::Invalid, "passkey"), "what was for signing in");
}

#[tokio::test]
async fn whoever_has_a_passkey_alone_is_asked_for_it_before_a_password_is_set() {
    let house = house().await;
    let (one, passkey) = house.added(&house.owner, "Phone").await;
    let wrong = refused(house.sets(&house.owner, GOOD, "").await);
    assert_eq!(at(&wrong), (Code::Forbidden, "current"));
    let wrong = refused(house.removes(&house.owner, &passkey, "").await);
    assert_eq!(at(&wrong), (Code::Forbidden, "current"));
    let more = begin_adding(&house.doors, &house.owner, &site(), &Typed::new("")).await;
    assert_eq!(at(&refused(more)), (Code::Forbidden, "current"));
    house.confirms(&house.owner, &one).await.unwrap();
    house.sets(&house.owner, GOOD, "").await.unwrap();
}

#[tokio::test]
async fn a_removed_passkey_opens_nothing_and_signs_other_browsers_out() {
    let house = house().await;
    let (one, passkey) = house.added(&house.owner, "Lost").await;
    let there = house.came(&one).await;
    house.confirms(&house.owner, &one).await.unwrap();
    house.removes(&house.owner, &passkey, "").await.unwrap();
    assert_eq!(house.comes(&one, 0).await, Knocked::Wrong);
    let grants = house.world.doors.accounts.grants(there.person.id, 0).await.unwrap();
    let left: Vec<_> = grants.iter().map(|grant| grant.id).collect();
    assert_eq!(left, [house.owner.grant.id]);
    assert!(house.deeds().await.contains(&"passkey_removed"));
    assert_eq!(refused(house.removes(&house.owner, &passkey, "").await).code, Code::NotFound);
}

#[tokio::test]
async fn the_last_way_in_is_not_removed_but_by_whom_links_are_printed_for() {
    let house = house().await;
    let ben = house.member().await;
    let (one, first) = house.added(&ben, "Phone").await;
    house.confirms(&ben, &one).await.unwrap();
    let needed = refused(house.removes(&ben, &first, "").await);
    assert_eq!(at(&needed), (Code::Invalid, "current"));
    assert!(needed.detail.contains("add another, or set a password"), "{needed:?}");
    house.sets(&ben, GOOD, "").await.unwrap();
    house.removes(&ben, &first, GOOD).await.unwrap();
    let password = async || remove_password(&house.doors, &ben, &Typed::new(GOOD)).await;
    let needed = refused(password().await);
    assert_eq!(at(&needed), (Code::Invalid, "current"));
    assert!(needed.detail.contains("add a passkey first"), "{needed:?}");
    let begun = begin_adding(&house.doors, &ben, &site(), &Typed::new(GOOD)).await.unwrap();
    let mut two = house.authenticator();
    let answer = two.make(&begun.options, &Words::making(&begun.options, ORIGIN));
    house.add(&ben, &begun, &answer, "Laptop").await.unwrap();
    password().await.unwrap();
    let (own, passkey) = house.added(&house.owner, "Phone").await;
    house.confirms(&house.owner, &own).await.unwrap();
    house.removes(&house.owner, &passkey, "").await.unwrap();
}

#[tokio::test]
async fn somebody_new_joins_with_a_passkey_and_a_bad_answer_spends_no_invitation() {
    let house = house().await;
    let invitation = house.invitation().await;
    let begin = async |secret: &Secret, name: &str| {
        begin_joining(&house.doors, secret, name, &site()).await
    };
    assert_eq!(at(&refused(begin(&invitation, " ").await)), (Code::Invalid, "name"));
    assert_eq!(refused(begin(&Secret::sent("none"), "Ben").await).code, Code::NotFound);
    let begun = begin(&invitation, "Ben").await.unwrap();
    let mut one = house.authenticator();
    let joins = async |secret: &Secret, begun: &Begun, answer: &Value| {
        let answer = answer.to_string();
        let brought = Brought { kept: begun.kept.expose(), answer: &answer };
        let who = Newcomer { name: "Ben", brought, browser: "A phone" };
        join_with_passkey(&house.doors, &site(), secret, who).await
    };
    let evil = Words::making(&begun.options, "https://evil.example");
    let wrong = refused(joins(&invitation, &begun, &one.make(&begun.options, &evil)).await);
    assert_eq!(at(&wrong), (Code::Invalid, "passkey"));
    look_at_invitation(&house.world.doors, &invitation).await.unwrap();
    let answer = one.make(&begun.options, &Words::making(&begun.options, ORIGIN));
    let other = house.invitation().await;
    let elsewhere = refused(joins(&other, &begun, &answer).await);
    assert_eq!(at(&elsewhere), (Code::Invalid, "passkey"), "of another invitation");
    let came = joins(&invitation, &begun, &answer).await.unwrap();
    assert!(came.has_passkey);
    assert_eq!(came.session.grant.name, "A phone, with a passkey");
    let ben: PersonId = house.came(&one).await.person.id;
    assert_eq!(ben, came.session.grant.person);
    assert_eq!(refused(joins(&invitation, &begun, &answer).await).code, Code::Invalid);
    let listed = list_passkeys(&house.doors, ben).await.unwrap();
    assert_eq!(listed[0].name, "A phone");
}
