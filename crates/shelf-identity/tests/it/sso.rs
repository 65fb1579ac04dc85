//! Signing in by the identity provider of an organisation: who comes in, and who does not.

mod log_out;

use crate::{World, refused, signed, world};
use serde_json::Value;
use shelf_domain::audit::Deed;
use shelf_domain::id::{GroupId, PasskeyId, PersonId, TenantId};
use shelf_domain::login::LoginName;
use shelf_domain::refusal::Code;
use shelf_domain::right::Right;
use shelf_domain::right::Role;
use shelf_identity::passkeys::Brought;
use shelf_identity::passkeys::add_passkey::add_passkey;
use shelf_identity::passkeys::begin::{begin_adding, begin_sign_in};
use shelf_identity::passkeys::remove_passkey::remove_passkey;
use shelf_identity::passkeys::sign_in_with_passkey::sign_in_with_passkey;
use shelf_identity::sso::begin::{Begun, begin, begin_connecting};
use shelf_identity::sso::connect::{
    ConnectProvider, connect_provider, provider_of, remove_provider,
};
use shelf_identity::sso::domains::{add_domain, list_domains, remove_domain, verify_domain};
use shelf_identity::sso::finish::{Answered, Browser, Came, finish};
use shelf_identity::sso::may_enter::{may_enter, may_govern};
use shelf_identity::sso::{FLOW_MS, SsoFailure, TurnedAway};
use shelf_identity::tenants::create_tenant::create_tenant;
use shelf_identity::tenants::groups::{create_group, put_into_group};
use shelf_identity::tenants::invitations::{Invite, invite, join_as_new};
use shelf_identity::tenants::libraries::create_library;
use shelf_identity::tenants::members::{change_role, remove_member};
use shelf_identity::tenants::shares::give_right;
use shelf_identity::{
    CreateToken, Hashing, Knocked, PasswordDoors, RelyingParty, Signed, SsoDoors, Typed,
    authenticate, create_token, first_run, libraries,
};
use shelf_ports::accounts::GrantKind;
use shelf_ports::credentials::{Credential, Credentials, PasswordHash};
use shelf_ports::sso::{ClaimRule, Provider, ProviderSecret, SingleSignOn};
use shelf_ports::tenants::{Holder, Tenants};
use shelf_testkit::provider::{Account, CLIENT, Lie, SECRET, Way};
use shelf_testkit::{Authenticator, FakeInternet, FakeProvider, FakeVault, SeededChance, Words};
use std::sync::Arc;

const ISSUER: &str = "https://id.guild.example";
const HERE: &str = "https://shelf.example";
const PLACE: &str = "https://guild.example/.well-known/mindshelf-domain";

/// A guild with a provider and a domain that is proven.
struct Guild {
    world: World,
    doors: SsoDoors,
    internet: Arc<FakeInternet>,
    provider: Arc<FakeProvider>,
    owner: PersonId,
    id: TenantId,
}

fn ask() -> ConnectProvider {
    ConnectProvider {
        issuer: ISSUER.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: Some(SECRET.to_owned()),
        groups_claim: "groups".to_owned(),
        rules: Vec::new(),
        role: Role::Member,
        is_required: false,
    }
}

async fn proven(doors: &SsoDoors, internet: &FakeInternet, by: PersonId, id: TenantId, name: &str) {
    let domain = add_domain(doors, by.into(), id, name).await.unwrap();
    internet.says(&format!("https://{name}/.well-known/mindshelf-domain"), &domain.token);
    verify_domain(doors, by.into(), id, name).await.unwrap();
}

/// The same before anything is connected.
async fn bare() -> Guild {
    let world = world();
    let owner = first_run(&world.doors).await.unwrap().person.id;
    let id = create_tenant(&world.doors, owner.into(), "The guild").await.unwrap().id;
    let store = Arc::new(world.store.clone());
    let internet = Arc::new(FakeInternet::default());
    let provider = FakeProvider::new(ISSUER, world.clock.clone());
    internet.has(&provider);
    let doors = SsoDoors {
        passwords: PasswordDoors {
            doors: world.doors.clone(),
            credentials: store.clone(),
            passkeys: store.clone(),
            hashing: Arc::new(Hashing::default()),
        },
        sso: store,
        vault: Arc::new(FakeVault),
        outbound: internet.clone(),
        known: Arc::default(),
    };
    Guild { world, doors, internet, provider, owner, id }
}

async fn guild() -> Guild {
    let guild = bare().await;
    connect_provider(&guild.doors, guild.owner.into(), guild.id, ask()).await.unwrap();
    proven(&guild.doors, &guild.internet, guild.owner, guild.id, "guild.example").await;
    guild
}

fn flo() -> Account {
    Account::new("flo", "flo@guild.example", &[])
}

impl Guild {
    async fn begin(&self) -> Begun {
        begin(&self.doors, "anybody@guild.example", HERE, "/library").await.unwrap()
    }

    async fn end(
        &self,
        begun: &Begun,
        (code, state): (String, String),
        signed: Option<&Signed>,
    ) -> Result<Came, SsoFailure> {
        let answered = Answered { code, state, ..Answered::default() };
        let browser =
            Browser { secret: Some(&begun.secret), signed, name: "A browser", reached: HERE };
        finish(&self.doors, self.id, &answered, &browser).await
    }

    /// The whole way of somebody at the provider.
    async fn comes(&self, account: Account) -> Result<Came, SsoFailure> {
        let begun = self.begin().await;
        let back = self.provider.signs_in(&begun.address, account);
        self.end(&begun, back, None).await
    }

    async fn came(&self, account: Account) -> Signed {
        let came = self.comes(account).await.unwrap();
        assert_eq!(came.landing, "/library");
        authenticate(&self.world.doors, &came.session.secret).await.unwrap().unwrap()
    }

    /// Adds a passkey for whoever is signed in and has no other way to prove who they are.
    async fn adds_passkey(&self, signed: &Signed, one: &mut Authenticator) -> PasskeyId {
        let (ways, site) = (&self.doors.passwords, RelyingParty::of(HERE).unwrap());
        let begun = begin_adding(ways, signed, &site, &Typed::new("")).await.unwrap();
        let answer = one.make(&begun.options, &Words::making(&begun.options, HERE)).to_string();
        let brought = Brought { kept: begun.kept.expose(), answer: &answer };
        add_passkey(ways, signed, &site, brought, "Phone").await.unwrap().id
    }

    /// Whoever comes in with a passkey.
    async fn comes_with(&self, one: &Authenticator) -> Signed {
        let (ways, site) = (&self.doors.passwords, RelyingParty::of(HERE).unwrap());
        let begun = begin_sign_in(ways, &site).await.unwrap();
        let answer = one.show(&Words::using(&begun.options, HERE)).to_string();
        let brought = Brought { kept: begun.kept.expose(), answer: &answer };
        match sign_in_with_passkey(ways, &site, brought, "A browser").await.unwrap() {
            Knocked::Open(made) => {
                authenticate(&self.world.doors, &made.secret).await.unwrap().unwrap()
            }
            other => panic!("not signed in: {other:?}"),
        }
    }

    async fn role(&self, person: PersonId) -> Option<Role> {
        let member = self.world.store.member(self.id, person).await.unwrap();
        member.map(|member| member.role)
    }

    async fn deeds(&self) -> Vec<(Deed, String)> {
        let records = self.world.doors.audit.records_before(self.id, None, 100).await.unwrap();
        records.into_iter().map(|one| (one.record.deed, one.record.detail)).collect()
    }

    async fn groups_of(&self, person: PersonId) -> String {
        let all = self.world.store.groups(self.id).await.unwrap();
        let own = all.into_iter().filter(|group| group.people.contains(&person));
        own.map(|group| group.name).collect()
    }

    /// A member of the guild who came by an invitation, and signs in as `login`.
    async fn member(&self, name: &str, login: Option<&str>) -> PersonId {
        let role = Role::Member;
        let ask = Invite { role, share: None, note: String::new() };
        let invited = invite(&self.world.doors, self.owner.into(), self.id, ask).await.unwrap();
        let person = join_as_new(&self.world.doors, name, &invited.secret).await.unwrap().0.id;
        if let Some(login) = login {
            let (login, hash) = (LoginName::read(login).unwrap(), PasswordHash("x".to_owned()));
            let credential = Credential { person, login, hash };
            assert!(self.world.store.put_credential(&credential, None).await.unwrap());
        }
        person
    }
}

fn why<T: std::fmt::Debug>(result: Result<T, SsoFailure>) -> TurnedAway {
    match result {
        Err(SsoFailure::TurnedAway(why)) => why,
        other => panic!("somebody was to be turned away: {other:?}"),
    }
}

#[tokio::test]
async fn who_is_new_comes_in_and_is_known_from_then_on() {
    let guild = guild().await;
    let one = guild.came(flo()).await;
    assert_eq!((one.grant.kind, one.grant.provided_by), (GrantKind::Session, Some(guild.id)));
    assert_eq!((one.person.name.as_str(), one.grant.name.as_str()), ("Member flo", "A browser"));
    assert_eq!(guild.role(one.person.id).await, Some(Role::Member));
    assert_eq!(libraries(&guild.world.doors, &one).await.unwrap().len(), 1, "their own library");
    // What the provider calls them decides; a mail address may change.
    let moved = Account::new("flo", "f@elsewhere.example", &[]);
    assert_eq!(guild.came(moved).await.person, one.person);
    let other = guild.came(Account::new("Flo", "flo2@guild.example", &[])).await;
    assert_ne!(other.person.id, one.person.id, "another name is somebody else");
    let deeds: Vec<Deed> = guild.deeds().await.into_iter().map(|(deed, _)| deed).collect();
    for deed in [
        Deed::ProviderConnected,
        Deed::DomainAdded,
        Deed::DomainVerified,
        Deed::ProviderLinked,
        Deed::ProviderSignedIn,
    ] {
        assert!(deeds.contains(&deed), "{deed:?}");
    }
}

#[tokio::test]
async fn keys_of_each_kind_hold_and_change() {
    let guild = guild().await;
    guild.came(flo()).await;
    assert_eq!(guild.provider.looks(), 1, "connecting asked; signing in did not ask again");
    for (at, way) in [Way::EdDsa, Way::Rs256, Way::Es256].into_iter().enumerate() {
        guild.provider.sign_with(way, &format!("key {at}"));
        guild.world.clock.advance(60_000);
        guild.came(flo()).await;
    }
    assert_eq!(guild.provider.looks(), 4, "each new key was asked for once");
    guild.provider.sign_with(Way::Es256, "yet another");
    assert_eq!(why(guild.comes(flo()).await), TurnedAway::UnknownKey, "not within a minute");
    assert_eq!(guild.provider.looks(), 4);
    guild.world.clock.advance(60_000);
    guild.came(flo()).await;
}

#[tokio::test]
async fn a_token_that_lies_opens_nothing() {
    let guild = guild().await;
    for (lie, reason) in [
        (Lie::Issuer, TurnedAway::Issuer),
        (Lie::Audience, TurnedAway::Audience),
        (Lie::NoParty, TurnedAway::Audience),
        (Lie::Party, TurnedAway::Audience),
        (Lie::Nonce, TurnedAway::Nonce),
        (Lie::NoNonce, TurnedAway::Nonce),
        (Lie::Expired, TurnedAway::Expired),
        (Lie::Future, TurnedAway::Moment),
        (Lie::Old, TurnedAway::Moment),
        (Lie::OtherKey, TurnedAway::Signature),
        (Lie::UnknownKey, TurnedAway::UnknownKey),
        (Lie::NoAlgorithm, TurnedAway::Algorithm),
        (Lie::PublicAsSecret, TurnedAway::Algorithm),
        (Lie::Critical, TurnedAway::Algorithm),
        (Lie::Changed, TurnedAway::Signature),
    ] {
        guild.provider.lie(lie);
        assert_eq!(why(guild.comes(flo()).await), reason, "{lie:?}");
        let (deed, detail) = guild.deeds().await.remove(0);
        assert_eq!((deed, detail.as_str()), (Deed::ProviderTurnedAway, reason.name()));
    }
    let members = guild.world.store.members(guild.id).await.unwrap();
    assert_eq!(members.len(), 1, "nobody came in");
    guild.provider.lie(Lie::None);
    guild.came(flo()).await;
}

#[tokio::test]
async fn a_provider_that_calls_itself_something_else_is_asked_nothing() {
    let guild = guild().await;
    guild.provider.lie(Lie::SaysOther);
    guild.world.clock.advance(3_600_000);
    let begun = begin(&guild.doors, "a@guild.example", HERE, "/").await;
    assert_eq!(why(begun), TurnedAway::OtherProvider);
    let by = guild.owner.into();
    let refusal = refused(connect_provider(&guild.doors, by, guild.id, ask()).await);
    assert_eq!((refusal.code, refusal.at.as_str()), (Code::Invalid, "issuer"));
}

#[tokio::test]
async fn mail_that_is_not_verified_or_not_the_tenants_lets_nobody_in() {
    let guild = guild().await;
    for said in [Value::Bool(false), Value::String("true".to_owned()), Value::Null] {
        let account = Account { verified: said, ..flo() };
        assert_eq!(why(guild.comes(account).await), TurnedAway::UnverifiedMail);
    }
    add_domain(&guild.doors, guild.owner.into(), guild.id, "named.example").await.unwrap();
    for mail in [
        "flo@other.example",
        "flo@guild.example.evil.example",
        "flo@evilguild.example",
        "flo@sub.guild.example",
        "flo@named.example",
        "flo@guild.example@evil.example",
        "flo",
        "@guild.example",
    ] {
        let account = Account::new("flo", mail, &[]);
        assert_eq!(why(guild.comes(account).await), TurnedAway::OtherDomain, "{mail}");
    }
    remove_domain(&guild.doors, guild.owner.into(), guild.id, "guild.example").await.unwrap();
    let begun = begin(&guild.doors, "flo@guild.example", HERE, "/").await;
    assert_eq!(why(begun), TurnedAway::NoProvider, "a domain that was removed leads nowhere");
}

#[tokio::test]
async fn the_provider_of_one_tenant_lets_nobody_of_another_in() {
    let guild = guild().await;
    let club = create_tenant(&guild.world.doors, guild.owner.into(), "Club").await.unwrap().id;
    let other = FakeProvider::new("https://id.club.example", guild.world.clock.clone());
    guild.internet.has(&other);
    let connect = ConnectProvider { issuer: other.issuer.clone(), ..ask() };
    connect_provider(&guild.doors, guild.owner.into(), club, connect).await.unwrap();
    proven(&guild.doors, &guild.internet, guild.owner, club, "club.example").await;
    let flo_of_guild = guild.came(flo()).await;
    // The club's provider says it is Flo of the guild.
    let begun = begin(&guild.doors, "a@club.example", HERE, "/").await.unwrap();
    let (code, state) = other.signs_in(&begun.address, flo());
    let answered = Answered { code, state, ..Answered::default() };
    let browser = Browser { secret: Some(&begun.secret), signed: None, name: "x", reached: HERE };
    let came = finish(&guild.doors, club, &answered, &browser).await;
    assert_eq!(why(came), TurnedAway::OtherDomain);
    // By the same name at another provider it is somebody else.
    let begun = begin(&guild.doors, "a@club.example", HERE, "/").await.unwrap();
    let account = Account::new("flo", "flo@club.example", &[]);
    let (code, state) = other.signs_in(&begun.address, account);
    let answered = Answered { code, state, ..Answered::default() };
    let browser = Browser { secret: Some(&begun.secret), signed: None, name: "x", reached: HERE };
    let came = finish(&guild.doors, club, &answered, &browser).await.unwrap();
    assert_ne!(came.session.grant.person, flo_of_guild.person.id);
    // Nor is the code of one provider brought to another.
    let begun = begin(&guild.doors, "a@club.example", HERE, "/").await.unwrap();
    let back = other.signs_in(&begun.address, flo());
    assert_eq!(why(guild.end(&begun, back, None).await), TurnedAway::Stale);
}

#[tokio::test]
async fn a_domain_is_believed_once_it_says_so_and_of_one_tenant_alone() {
    let guild = bare().await;
    let (doors, id, by) = (&guild.doors, guild.id, guild.owner);
    let domain = add_domain(doors, by.into(), id, "Guild.Example.").await.unwrap();
    assert_eq!(domain.name.name(), "guild.example");
    let again = add_domain(doors, by.into(), id, "guild.example").await.unwrap();
    assert_eq!(again, domain, "naming it again changes nothing");
    let verify =
        async |by: PersonId, id| verify_domain(doors, by.into(), id, "guild.example").await;
    assert_eq!(refused(verify(by, id).await).at, "domain", "nobody answers there");
    for wrong in ["", "mindshelf-domain=", "x", &domain.token[..40], &format!("x{}", domain.token)]
    {
        guild.internet.says(PLACE, wrong);
        assert_eq!(refused(verify(by, id).await).at, "domain", "{wrong}");
    }
    let club = create_tenant(&guild.world.doors, by.into(), "Club").await.unwrap().id;
    let theirs = add_domain(doors, by.into(), club, "guild.example").await.unwrap();
    guild.internet.says(PLACE, &format!("{}\n {} \n", domain.token, theirs.token));
    assert!(verify(by, id).await.unwrap().verified_at.is_some());
    let taken = refused(verify(by, club).await);
    assert!(taken.detail.contains("another organisation"), "{taken}");
    for wrong in ["", "localhost", "127.0.0.1", "a@b.example", "guild.example/x"] {
        assert_eq!(refused(add_domain(doors, by.into(), id, wrong).await).at, "domain", "{wrong}");
    }
    assert_eq!(list_domains(doors, by, id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_sign_in_ends_once_in_time_and_in_the_browser_that_began_it() {
    let guild = guild().await;
    let begun = guild.begin().await;
    let back = guild.provider.signs_in(&begun.address, flo());
    let other = guild.begin().await;
    assert_eq!(why(guild.end(&other, back.clone(), None).await), TurnedAway::Stale);
    let wrong = (back.0.clone(), "another state".to_owned());
    assert_eq!(why(guild.end(&begun, wrong, None).await), TurnedAway::Stale);
    let answered = Answered { code: back.0.clone(), state: back.1.clone(), ..Answered::default() };
    let without = Browser { secret: None, signed: None, name: "x", reached: HERE };
    let came = finish(&guild.doors, guild.id, &answered, &without).await;
    assert_eq!(why(came), TurnedAway::Stale, "another browser has no such secret");
    guild.end(&begun, back.clone(), None).await.unwrap();
    assert_eq!(why(guild.end(&begun, back, None).await), TurnedAway::Stale, "once");
    let late = guild.begin().await;
    let back = guild.provider.signs_in(&late.address, flo());
    guild.world.clock.advance(u32::try_from(FLOW_MS).unwrap());
    assert_eq!(why(guild.end(&late, back, None).await), TurnedAway::Stale, "in time");
}

#[tokio::test]
async fn an_answer_without_a_code_or_of_another_provider_opens_nothing() {
    let guild = guild().await;
    let answer = async |change: fn(&mut Answered)| {
        let begun = guild.begin().await;
        let (code, state) = guild.provider.signs_in(&begun.address, flo());
        let mut answered = Answered { code, state, ..Answered::default() };
        change(&mut answered);
        let secret = Some(&begun.secret);
        let browser = Browser { secret, signed: None, name: "x", reached: HERE };
        finish(&guild.doors, guild.id, &answered, &browser).await
    };
    assert_eq!(why(answer(|said| said.code.clear()).await), TurnedAway::Declined);
    let denied = answer(|said| said.error = "access_denied".to_owned()).await;
    assert_eq!(why(denied), TurnedAway::Declined);
    let other = answer(|said| said.iss = "https://other.example".to_owned()).await;
    assert_eq!(why(other), TurnedAway::Issuer);
    assert_eq!(why(answer(|said| said.code.push('x')).await), TurnedAway::NoToken);
    answer(|said| said.iss = ISSUER.to_owned()).await.unwrap();
    // A code that was made for another sign-in of the same provider does not fit this one.
    let (mine, theirs) = (guild.begin().await, guild.begin().await);
    let (_, state) = guild.provider.signs_in(&mine.address, flo());
    let (code, _) = guild.provider.signs_in(&theirs.address, flo());
    assert_eq!(why(guild.end(&mine, (code, state), None).await), TurnedAway::NoToken);
}

#[tokio::test]
async fn a_provider_that_was_changed_meanwhile_ends_what_was_under_way() {
    let guild = guild().await;
    let begun = guild.begin().await;
    let back = guild.provider.signs_in(&begun.address, flo());
    let changed = ConnectProvider { client_id: "another".to_owned(), ..ask() };
    connect_provider(&guild.doors, guild.owner.into(), guild.id, changed).await.unwrap();
    assert_eq!(why(guild.end(&begun, back, None).await), TurnedAway::Changed);
}

#[tokio::test]
async fn an_account_that_is_here_is_connected_by_whoever_proves_both() {
    let guild = guild().await;
    let ben = guild.member("Ben", Some("Ben@Guild.Example")).await;
    let account = || Account::new("ben", "ben@guild.example", &[]);
    assert_eq!(why(guild.comes(account()).await), TurnedAway::HasAccount, "not by mail alone");
    let session = signed(&guild.world, ben).await;
    assert!(!guild.begin().await.address.contains("prompt="));
    let begun = begin_connecting(&guild.doors, &session, guild.id, HERE).await.unwrap();
    // A session of somebody else at the provider, in the same browser, proves nothing.
    assert!(begun.address.ends_with("&prompt=login"), "{}", begun.address);
    let back = guild.provider.signs_in(&begun.address, account());
    assert_eq!(why(guild.end(&begun, back, None).await), TurnedAway::Stale, "nobody is signed in");
    let begun = begin_connecting(&guild.doors, &session, guild.id, HERE).await.unwrap();
    let back = guild.provider.signs_in(&begun.address, account());
    let owner = signed(&guild.world, guild.owner).await;
    let came = guild.end(&begun, back, Some(&owner)).await;
    assert_eq!(why(came), TurnedAway::Stale, "somebody else is");
    let begun = begin_connecting(&guild.doors, &session, guild.id, HERE).await.unwrap();
    let back = guild.provider.signs_in(&begun.address, account());
    let came = guild.end(&begun, back, Some(&session)).await.unwrap();
    assert_eq!(came.session.grant.person, ben);
    assert_eq!(guild.came(account()).await.person.id, ben, "from then on by the provider alone");
    // One account here is one there.
    let begun = begin_connecting(&guild.doors, &session, guild.id, HERE).await.unwrap();
    let other = Account::new("another", "another@guild.example", &[]);
    let back = guild.provider.signs_in(&begun.address, other);
    let came = guild.end(&begun, back, Some(&session)).await;
    assert_eq!(why(came), TurnedAway::OtherAccount);
    let begun = begin_connecting(&guild.doors, &owner, guild.id, HERE).await.unwrap();
    let back = guild.provider.signs_in(&begun.address, account());
    assert_eq!(why(guild.end(&begun, back, Some(&owner)).await), TurnedAway::OtherAccount);
    // Not even a member connects by mail of another domain.
    let begun = begin_connecting(&guild.doors, &owner, guild.id, HERE).await.unwrap();
    let back = guild.provider.signs_in(&begun.address, Account::new("o", "o@other.example", &[]));
    assert_eq!(why(guild.end(&begun, back, Some(&owner)).await), TurnedAway::OtherDomain);
}

#[tokio::test]
async fn a_member_who_was_taken_out_stays_out() {
    let guild = guild().await;
    let flo_here = guild.came(flo()).await.person.id;
    remove_member(&guild.world.doors, guild.owner.into(), guild.id, flo_here).await.unwrap();
    assert_eq!(why(guild.comes(flo()).await), TurnedAway::NotMember);
    assert_eq!(guild.role(flo_here).await, None);
}

fn rule(value: &str, group: Option<GroupId>, role: Option<Role>) -> ClaimRule {
    ClaimRule { value: value.to_owned(), group, role }
}

#[tokio::test]
async fn groups_and_role_follow_the_claim_and_what_was_given_by_hand_stays() {
    let guild = guild().await;
    let (doors, by) = (&guild.world.doors, guild.owner);
    let group = async |name| create_group(doors, by.into(), guild.id, name).await.unwrap().id;
    let (a, b) = (group("A").await, group("B").await);
    let rules = vec![
        rule("readers", Some(a), None),
        rule("writers", Some(b), None),
        rule("chiefs", None, Some(Role::Admin)),
    ];
    let connect = ConnectProvider { rules, role: Role::Viewer, ..ask() };
    connect_provider(&guild.doors, by.into(), guild.id, connect).await.unwrap();
    let with = |groups: &[&str]| Account::new("flo", "flo@guild.example", groups);
    let flo = guild.came(with(&["readers", "strangers"])).await.person.id;
    assert_eq!(
        (guild.groups_of(flo).await.as_str(), guild.role(flo).await),
        ("A", Some(Role::Viewer))
    );
    guild.came(with(&["writers", "chiefs"])).await;
    assert_eq!(
        (guild.groups_of(flo).await.as_str(), guild.role(flo).await),
        ("B", Some(Role::Admin))
    );
    let deeds: Vec<Deed> = guild.deeds().await.into_iter().map(|(deed, _)| deed).collect();
    for deed in [Deed::GroupJoinedByClaim, Deed::GroupLeftByClaim, Deed::RoleChangedByClaim] {
        assert!(deeds.contains(&deed), "{deed:?}");
    }
    put_into_group(doors, by.into(), guild.id, a, flo).await.unwrap();
    change_role(doors, by.into(), guild.id, flo, Role::Member).await.unwrap();
    guild.came(with(&["chiefs"])).await;
    assert_eq!(guild.groups_of(flo).await, "A", "by hand stays, by claim goes");
    assert_eq!(guild.role(flo).await, Some(Role::Member), "a role given by hand stays");
}

#[tokio::test]
async fn no_provider_makes_an_owner() {
    let guild = guild().await;
    let by = guild.owner;
    let owner = Some(Role::Owner);
    for (connect, at) in [
        (ConnectProvider { role: Role::Owner, ..ask() }, "role"),
        (ConnectProvider { rules: vec![rule("x", None, owner)], ..ask() }, "rules[0].role"),
        (
            ConnectProvider {
                rules: vec![rule("x", Some(GroupId::from_bytes([9; 16])), None)],
                ..ask()
            },
            "rules[0].group",
        ),
        (ConnectProvider { rules: vec![rule(" ", None, None)], ..ask() }, "rules[0].value"),
    ] {
        let refusal = refused(connect_provider(&guild.doors, by.into(), guild.id, connect).await);
        assert_eq!((refusal.code, refusal.at.as_str()), (Code::Invalid, at));
    }
    // Even what stands in the store by another way makes none.
    let kept = guild.world.store.provider(guild.id).await.unwrap().unwrap();
    let forged = Provider { rules: vec![rule("x", None, owner)], ..kept };
    guild.world.store.put_provider(&forged).await.unwrap();
    let flo = guild.came(Account::new("flo", "flo@guild.example", &["x"])).await.person.id;
    assert_eq!(guild.role(flo).await, Some(Role::Admin));
}

#[tokio::test]
async fn a_secret_is_sealed_never_told_and_sent_to_no_other_issuer() {
    let guild = guild().await;
    let by = guild.owner;
    let kept = provider_of(&guild.doors, by, guild.id).await.unwrap().unwrap();
    assert!(!kept.secret.0.windows(SECRET.len()).any(|bytes| bytes == SECRET.as_bytes()));
    assert!(!format!("{kept:?} {:?}", ask()).contains(SECRET));
    let same = ConnectProvider { client_secret: None, role: Role::Viewer, ..ask() };
    let same = connect_provider(&guild.doors, by.into(), guild.id, same).await.unwrap();
    assert_eq!(same.secret, kept.secret, "the one that is kept stays");
    guild.came(flo()).await;
    let evil = FakeProvider::new("https://evil.example", guild.world.clock.clone());
    guild.internet.has(&evil);
    let other = ConnectProvider { issuer: evil.issuer.clone(), client_secret: None, ..ask() };
    let refusal = refused(connect_provider(&guild.doors, by.into(), guild.id, other).await);
    assert_eq!(refusal.at, "client_secret");
    for issuer in ["", "http://id.guild.example", "https://nobody.example", "https://a:b@x.example"]
    {
        let other = ConnectProvider { issuer: issuer.to_owned(), ..ask() };
        let refusal = refused(connect_provider(&guild.doors, by.into(), guild.id, other).await);
        assert_eq!(refusal.at, "issuer", "{issuer}");
    }
}

#[tokio::test]
async fn whose_secret_was_lost_lets_nobody_in_and_says_so_until_it_is_given_again() {
    let guild = guild().await;
    let by = guild.owner;
    let flo_before = guild.came(flo()).await.person.id;
    let begun = guild.begin().await;
    let back = guild.provider.signs_in(&begun.address, flo());
    let kept = guild.world.store.provider(guild.id).await.unwrap().unwrap();
    let cleared = Provider { secret: ProviderSecret::lost(), ..kept };
    guild.world.store.put_provider(&cleared).await.unwrap();
    let on_the_way = guild.end(&begun, back, None).await;
    assert_eq!(why(on_the_way), TurnedAway::NoSecret, "also who was on the way");
    let begun = begin(&guild.doors, "flo@guild.example", HERE, "/library").await;
    assert_eq!(why(begun), TurnedAway::NoSecret);
    let none = ConnectProvider { client_secret: None, ..ask() };
    let refusal = refused(connect_provider(&guild.doors, by.into(), guild.id, none).await);
    assert_eq!((refusal.code, refusal.at.as_str()), (Code::Invalid, "client_secret"));
    connect_provider(&guild.doors, by.into(), guild.id, ask()).await.unwrap();
    assert_eq!(guild.came(flo()).await.person.id, flo_before, "whom it knew it knows still");
}

#[tokio::test]
async fn only_admins_connect_and_nobody_else_learns_anything() {
    let guild = guild().await;
    let (doors, id) = (&guild.doors, guild.id);
    let member = guild.member("Ben", None).await;
    let stranger = shelf_testkit::Desk::new(&guild.world.store, 9).await.person;
    for (by, code) in [(member, Code::Forbidden), (stranger, Code::NotFound)] {
        let codes = [
            refused(provider_of(doors, by, id).await).code,
            refused(connect_provider(doors, by.into(), id, ask()).await).code,
            refused(remove_provider(doors, by.into(), id).await).code,
            refused(list_domains(doors, by, id).await).code,
            refused(add_domain(doors, by.into(), id, "a.example").await).code,
            refused(verify_domain(doors, by.into(), id, "guild.example").await).code,
            refused(remove_domain(doors, by.into(), id, "guild.example").await).code,
        ];
        assert!(codes.iter().all(|known| *known == code), "{codes:?}");
    }
    let outside = signed(&guild.world, stranger).await;
    assert!(begin_connecting(doors, &outside, id, HERE).await.is_err());
}

#[tokio::test]
async fn where_it_is_required_members_come_by_the_provider_and_owners_keep_a_way_in() {
    let guild = bare().await;
    let by = guild.owner;
    let required = || ConnectProvider { is_required: true, ..ask() };
    let refusal = refused(connect_provider(&guild.doors, by.into(), guild.id, required()).await);
    assert_eq!(refusal.at, "required", "nobody could come in");
    proven(&guild.doors, &guild.internet, by, guild.id, "guild.example").await;
    let doors = &guild.world.doors;
    let library = create_library(doors, by.into(), guild.id, "Papers").await.unwrap().id;
    let everyone = Holder::Everyone(guild.id);
    give_right(doors, by.into(), library, everyone, Right::Read).await.unwrap();
    let ben = guild.member("Ben", Some("ben@guild.example")).await;
    let by_link = signed(&guild.world, ben).await;
    let sees = async |who: &Signed| {
        let all = libraries(doors, who).await.unwrap();
        all.iter().any(|reach| reach.library.id == library)
    };
    assert!(sees(&by_link).await);
    connect_provider(&guild.doors, by.into(), guild.id, required()).await.unwrap();
    assert!(!sees(&by_link).await, "what came by a link does not open it any more");
    assert!(!libraries(doors, &by_link).await.unwrap().is_empty(), "what is their own stays open");
    let shut = refused(may_enter(&guild.doors, &by_link, guild.id).await);
    assert_eq!(shut.code, Code::Forbidden);
    change_role(doors, by.into(), guild.id, ben, Role::Admin).await.unwrap();
    assert_eq!(refused(may_govern(&guild.doors, &by_link, library).await).code, Code::Forbidden);
    // A token that a shut-out session makes is shut out, too.
    let ask = CreateToken::called("a way round");
    let token = create_token(doors, (&by_link).into(), ask.clone()).await.unwrap();
    let token = authenticate(doors, &token.secret).await.unwrap().unwrap();
    assert!(!sees(&token).await);
    let begun = begin_connecting(&guild.doors, &by_link, guild.id, HERE).await.unwrap();
    let account = Account::new("ben", "ben@guild.example", &[]);
    let back = guild.provider.signs_in(&begun.address, account);
    let came = guild.end(&begun, back, Some(&by_link)).await.unwrap();
    let came = authenticate(doors, &came.session.secret).await.unwrap().unwrap();
    assert!(sees(&came).await);
    may_enter(&guild.doors, &came, guild.id).await.unwrap();
    may_govern(&guild.doors, &came, library).await.unwrap();
    let token = create_token(doors, (&came).into(), ask).await.unwrap();
    let token = authenticate(doors, &token.secret).await.unwrap().unwrap();
    assert!(sees(&token).await, "a token it makes came by the provider as well");
    assert!(!sees(&by_link).await, "the session from before stays outside");
    let owner = signed(&guild.world, guild.owner).await;
    assert!(sees(&owner).await);
    may_enter(&guild.doors, &owner, guild.id).await.unwrap();
    remove_provider(&guild.doors, by.into(), guild.id).await.unwrap();
    assert!(sees(&by_link).await, "without a provider nothing is required");
}

#[tokio::test]
async fn a_passkey_and_what_is_made_with_it_open_no_team_that_requires_its_provider() {
    let guild = guild().await;
    let (doors, by) = (&guild.world.doors, guild.owner);
    let library = create_library(doors, by.into(), guild.id, "Papers").await.unwrap().id;
    let everyone = Holder::Everyone(guild.id);
    give_right(doors, by.into(), library, everyone, Right::Read).await.unwrap();
    let required = ConnectProvider { is_required: true, ..ask() };
    connect_provider(&guild.doors, by.into(), guild.id, required).await.unwrap();
    // Whoever was here first has links besides, so somebody else comes later.
    guild.world.clock.advance(1_000);
    let came = guild.came(flo()).await;
    let sees = async |who: &Signed| {
        let all = libraries(doors, who).await.unwrap();
        all.iter().any(|reach| reach.library.id == library)
    };
    assert!(sees(&came).await);

    let mut phone = Authenticator::new(&SeededChance::new(5));
    let id = guild.adds_passkey(&came, &mut phone).await;
    let by_passkey = guild.comes_with(&phone).await;
    assert_eq!(by_passkey.person.id, came.person.id);
    let ask = CreateToken::called("a way round");
    let token = create_token(doors, (&by_passkey).into(), ask).await.unwrap();
    let token = authenticate(doors, &token.secret).await.unwrap().unwrap();
    for shut in [&by_passkey, &token] {
        assert!(!sees(shut).await, "{:?}", shut.grant.kind);
        assert_eq!(refused(may_enter(&guild.doors, shut, guild.id).await).code, Code::Forbidden);
        assert!(!libraries(doors, shut).await.unwrap().is_empty(), "what is their own stays open");
    }
    // Nor is the provider a way in of their own, for the sake of which the last passkey may go.
    let ways = &guild.doors.passwords;
    let needed = refused(remove_passkey(ways, &came, id, &Typed::new("")).await);
    assert_eq!((needed.code, needed.at.as_str()), (Code::Invalid, "current"));
    assert!(needed.detail.contains("organisation"), "{needed:?}");
    remove_provider(&guild.doors, by.into(), guild.id).await.unwrap();
    assert!(sees(&guild.comes_with(&phone).await).await, "without a provider nothing is required");
}

#[tokio::test]
async fn an_address_tells_nothing_of_who_is_here() {
    let guild = guild().await;
    guild.came(flo()).await;
    let shown = async |mail: &str| {
        let begun = begin(&guild.doors, mail, HERE, "/").await.unwrap();
        begun.address.split('?').next().unwrap().to_owned()
    };
    assert_eq!(shown("flo@guild.example").await, shown("nobody@guild.example").await);
    for mail in ["flo@other.example", "", "flo", "@", "flo@localhost"] {
        let begun = begin(&guild.doors, mail, HERE, "/").await;
        assert_eq!(why(begun), TurnedAway::NoProvider, "{mail}");
    }
}
