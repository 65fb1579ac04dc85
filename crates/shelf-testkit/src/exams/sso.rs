//! The exam of identity providers: one a tenant, whose domains, whom they know, and what follows.

use crate::desk::Desk;
use shelf_domain::id::{GroupId, LibraryId, PersonId, TenantId};
use shelf_domain::mail::MailDomain;
use shelf_domain::right::Role;
use shelf_ports::accounts::{Accounts, Grant, GrantKind, LibraryInfo, Person, SecretHash};
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::sso::{
    ClaimRule, DOMAINS_MAX, Flow, Identity, Provider, ProviderSecret, SingleSignOn, TenantDomain,
    Verified,
};
use shelf_ports::tenants::{Joining, Tenants};

/// Whatever keeps providers, and those they know.
pub trait Store: Accounts + Tenants + SingleSignOn {}

impl<S: Accounts + Tenants + SingleSignOn> Store for S {}

const ISSUER: &str = "https://id.example";
const NOBODY: TenantId = TenantId::from_bytes([0xee; 16]);

/// Sits the whole exam of [`SingleSignOn`] over a store that may hold anything else.
pub async fn exam<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 571).await, Desk::new(store, 572).await);
    a_tenant_has_one_provider(&ada, &ben, store).await;
    a_domain_that_is_proven_belongs_to_one(&ada, &ben, store).await;
    a_sign_in_is_taken_once_and_in_time(&ada, store).await;
    whom_a_provider_knows_is_one_person(&ada, &ben, store).await;
    groups_follow_and_what_was_given_by_hand_stays(&ada, store).await;
    where_it_is_required_others_are_told_so(&ada, store).await;
    sessions_a_provider_ends_are_those_that_came_by_it(&ada, &ben, store).await;
    another_issuer_forgets_whom_the_one_before_knew(&ben, store).await;
}

fn provider(desk: &Desk, issuer: &str) -> Provider {
    Provider {
        tenant: desk.scope.tenant,
        issuer: issuer.to_owned(),
        client_id: "mindshelf".to_owned(),
        secret: ProviderSecret(vec![7; 40]),
        groups_claim: "groups".to_owned(),
        rules: vec![ClaimRule { value: "staff".to_owned(), group: None, role: Some(Role::Admin) }],
        role: Role::Member,
        is_required: false,
        created_at: desk.clock.now_ms(),
    }
}

async fn a_tenant_has_one_provider<S: Store>(ada: &Desk, ben: &Desk, store: &S) {
    let (tenant, other) = (ada.scope.tenant, ben.scope.tenant);
    assert!(store.provider(tenant).await.unwrap().is_none());
    assert!(!store.remove_provider(tenant).await.unwrap());
    let one = provider(ada, ISSUER);
    assert!(store.put_provider(&one).await.unwrap());
    assert_eq!(store.provider(tenant).await.unwrap().as_ref(), Some(&one));
    let changed = Provider { role: Role::Viewer, rules: Vec::new(), ..one };
    assert!(store.put_provider(&changed).await.unwrap());
    assert_eq!(store.provider(tenant).await.unwrap(), Some(changed));
    assert!(store.provider(other).await.unwrap().is_none(), "another's is another's");
    let lost = Provider { tenant: NOBODY, ..provider(ada, ISSUER) };
    assert!(!store.put_provider(&lost).await.unwrap(), "who is not there has none");
    assert!(store.provider(NOBODY).await.unwrap().is_none());
}

fn domain(desk: &Desk, name: &str) -> TenantDomain {
    TenantDomain {
        tenant: desk.scope.tenant,
        name: MailDomain::read(name).unwrap(),
        token: format!("mindshelf-domain={name}"),
        added_at: desk.clock.now_ms(),
        verified_at: None,
    }
}

async fn a_domain_that_is_proven_belongs_to_one<S: Store>(ada: &Desk, ben: &Desk, store: &S) {
    let (mine, theirs) = (domain(ada, "guild.example"), domain(ben, "guild.example"));
    let (tenant, other, name) = (ada.scope.tenant, ben.scope.tenant, &mine.name);
    assert_eq!(store.verify_domain(tenant, name, 5).await.unwrap(), Verified::Absent);
    assert!(store.add_domain(&mine).await.unwrap());
    assert!(!store.add_domain(&mine).await.unwrap(), "it was named before");
    assert!(store.add_domain(&theirs).await.unwrap(), "naming it proves nothing");
    assert_eq!(store.tenant_of_domain(name).await.unwrap(), None);
    let (one, two) =
        tokio::join!(store.verify_domain(tenant, name, 5), store.verify_domain(other, name, 6));
    let both = [one.unwrap(), two.unwrap()];
    assert!(both.contains(&Verified::Done) && both.contains(&Verified::Taken), "{both:?}");
    let owner = store.tenant_of_domain(name).await.unwrap().unwrap();
    let loser = if owner == tenant { other } else { tenant };
    assert!(store.domains(loser).await.unwrap()[0].verified_at.is_none());
    assert!(store.domains(owner).await.unwrap()[0].verified_at.is_some());
    assert!(store.remove_domain(owner, name).await.unwrap());
    assert!(!store.remove_domain(owner, name).await.unwrap());
    assert_eq!(store.tenant_of_domain(name).await.unwrap(), None);
    assert_eq!(store.verify_domain(loser, name, 7).await.unwrap(), Verified::Done);
    assert!(!store.remove_domain(owner, name).await.unwrap(), "another's is not there");
    assert_eq!(store.tenant_of_domain(name).await.unwrap(), Some(loser));
    assert!(!store.add_domain(&TenantDomain { tenant: NOBODY, ..mine }).await.unwrap());
    let cleo = Desk::new(store, 573).await;
    for number in 0..DOMAINS_MAX {
        assert!(store.add_domain(&domain(&cleo, &format!("d{number}.example"))).await.unwrap());
    }
    assert!(!store.add_domain(&domain(&cleo, "more.example")).await.unwrap(), "it is bounded");
    let names: Vec<_> = store.domains(cleo.scope.tenant).await.unwrap();
    assert!(names.is_sorted_by(|a, b| a.name < b.name), "by name");
}

async fn a_sign_in_is_taken_once_and_in_time<S: Store>(ada: &Desk, store: &S) {
    let now = ada.clock.now_ms();
    let flow = Flow {
        tenant: ada.scope.tenant,
        issuer: ISSUER.to_owned(),
        client_id: "mindshelf".to_owned(),
        person: Some(ada.person),
        landing: "/people".to_owned(),
        expires_at: now + 1_000,
    };
    let (one, late) = (SecretHash(ada.chance.secret()), SecretHash(ada.chance.secret()));
    store.put_flow(one, &flow, now).await.unwrap();
    store.put_flow(late, &Flow { person: None, ..flow.clone() }, now).await.unwrap();
    let (first, second) = tokio::join!(store.take_flow(one, now), store.take_flow(one, now));
    let taken: Vec<Flow> = [first.unwrap(), second.unwrap()].into_iter().flatten().collect();
    assert_eq!(taken, [flow], "of several at once one takes it");
    assert!(store.take_flow(one, now).await.unwrap().is_none());
    assert!(store.take_flow(late, now + 1_000).await.unwrap().is_none(), "it has ended");
}

fn identity(desk: &Desk, subject: &str, person: PersonId) -> Identity {
    Identity {
        tenant: desk.scope.tenant,
        issuer: ISSUER.to_owned(),
        subject: subject.to_owned(),
        person,
        role: Some(Role::Member),
        since: desk.clock.now_ms(),
        signed_in_at: desk.clock.now_ms(),
        groups: Vec::new(),
    }
}

fn newcomer(desk: &Desk, name: &str) -> Joining {
    let (id, tenant) =
        (PersonId::from_bytes(desk.chance.seed()), TenantId::from_bytes(desk.chance.seed()));
    let person = Person { id, tenant, name: name.to_owned() };
    let (id, created_at) = (LibraryId::from_bytes(desk.chance.seed()), desk.clock.now_ms());
    Joining::New(person, LibraryInfo { id, tenant, name: "Bookmarks".to_owned(), created_at })
}

async fn whom_a_provider_knows_is_one_person<S: Store>(ada: &Desk, ben: &Desk, store: &S) {
    let tenant = ada.scope.tenant;
    let (one, two) = (newcomer(ada, "Flo"), newcomer(ada, "Flo again"));
    let (first, second) = (identity(ada, "flo", one.person()), identity(ada, "flo", two.person()));
    let (a, b) = tokio::join!(
        store.put_identity(&first, &one, Role::Viewer),
        store.put_identity(&second, &two, Role::Viewer)
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!(a != b, "of several at once one comes in");
    let (kept, lost) = if a { (first, second) } else { (second, first) };
    assert!(store.person(lost.person).await.unwrap().is_none(), "nobody was added for the other");
    assert_eq!(store.identity(tenant, ISSUER, "flo").await.unwrap(), Some(kept.clone()));
    let member = store.member(tenant, kept.person).await.unwrap().unwrap();
    assert_eq!(member.role, Role::Viewer);
    let by_other_name = identity(ada, "flo's other name", kept.person);
    let known = Joining::Known(kept.person);
    assert!(!store.put_identity(&by_other_name, &known, Role::Member).await.unwrap());
    for (tenant, issuer, subject) in [
        (ben.scope.tenant, ISSUER, "flo"),
        (tenant, "https://other.example", "flo"),
        (tenant, ISSUER, "FLO"),
    ] {
        assert!(store.identity(tenant, issuer, subject).await.unwrap().is_none(), "{subject}");
    }
    let mine = identity(ada, "ada", ada.person);
    assert!(store.put_identity(&mine, &Joining::Known(ada.person), Role::Viewer).await.unwrap());
    let member = store.member(tenant, ada.person).await.unwrap().unwrap();
    assert_eq!(member.role, Role::Owner, "who was a member stays what they are");
    store.note_came(tenant, ada.person, None, 99).await.unwrap();
    let noted = &store.identities_of(ada.person).await.unwrap()[0];
    assert_eq!((noted.role, noted.signed_in_at, noted.since), (None, 99, mine.since));
    let theirs = identity(ada, "ben", ben.person);
    let outside = Joining::Known(ben.person);
    assert!(!store.put_identity(&theirs, &outside, Role::Member).await.unwrap(), "no member");
    assert!(store.member(tenant, ben.person).await.unwrap().is_none());
    assert!(store.identities_of(ben.person).await.unwrap().is_empty());
    let nowhere = Identity { tenant: NOBODY, ..identity(ada, "x", ada.person) };
    assert!(
        !store.put_identity(&nowhere, &Joining::Known(ada.person), Role::Member).await.unwrap()
    );
}

async fn groups_follow_and_what_was_given_by_hand_stays<S: Store>(ada: &Desk, store: &S) {
    let tenant = ada.scope.tenant;
    let flo = store.identity(tenant, ISSUER, "flo").await.unwrap().unwrap().person;
    let [a, b, c] = [(); 3].map(|()| GroupId::from_bytes(ada.chance.seed()));
    for (id, name) in [(a, "A"), (b, "B"), (c, "C")] {
        assert!(store.put_group(tenant, id, name).await.unwrap());
    }
    let groups = async || {
        let all = store.groups(tenant).await.unwrap();
        let own = all.into_iter().filter(|group| group.people.contains(&flo));
        own.map(|group| group.name).collect::<String>()
    };
    let marked = async || {
        let known = store.identity(tenant, ISSUER, "flo").await.unwrap().unwrap();
        known.groups.len()
    };
    store.put_into_group(tenant, b, flo).await.unwrap();
    let elsewhere = GroupId::from_bytes([9; 16]);
    store.follow_groups(tenant, flo, &[a, b, elsewhere]).await.unwrap();
    assert_eq!((groups().await.as_str(), marked().await), ("AB", 1));
    store.follow_groups(tenant, flo, &[c]).await.unwrap();
    assert_eq!((groups().await.as_str(), marked().await), ("BC", 1), "by hand stays");
    store.put_into_group(tenant, c, flo).await.unwrap();
    store.follow_groups(tenant, flo, &[a]).await.unwrap();
    assert_eq!((groups().await.as_str(), marked().await), ("ABC", 1), "by hand from then on");
    store.follow_groups(NOBODY, flo, &[]).await.unwrap();
    assert_eq!(groups().await, "ABC", "another tenant changes nothing");
}

async fn where_it_is_required_others_are_told_so<S: Store>(ada: &Desk, store: &S) {
    let tenant = ada.scope.tenant;
    let flo = store.identity(tenant, ISSUER, "flo").await.unwrap().unwrap().person;
    let (library, everyone) = (ada.scope.library, shelf_ports::tenants::Holder::Everyone(tenant));
    let right = shelf_domain::right::Right::Read;
    let share = shelf_ports::tenants::Share { holder: everyone, right };
    assert!(store.put_share(ada.scope, share).await.unwrap());
    let told = async |person| {
        let reach = store.reach(person).await.unwrap();
        let found = reach.into_iter().find(|reach| reach.library.id == library).unwrap();
        found.only_by_provider
    };
    assert!(!told(flo).await && !told(ada.person).await);
    let required = Provider { is_required: true, ..provider(ada, ISSUER) };
    assert!(store.put_provider(&required).await.unwrap());
    assert!(told(flo).await, "a member comes by the provider");
    assert!(!told(ada.person).await, "owners keep a way in");
    let own = store.reach(flo).await.unwrap();
    let own = own.iter().find(|reach| reach.library.tenant != tenant).unwrap();
    assert!(!own.only_by_provider, "what is their own stays open");
}

async fn sessions_a_provider_ends_are_those_that_came_by_it<S: Store>(
    ada: &Desk,
    ben: &Desk,
    store: &S,
) {
    let (tenant, now) = (ada.scope.tenant, ada.clock.now_ms());
    let flo = store.identity(tenant, ISSUER, "flo").await.unwrap().unwrap().person;
    let mut opened = Vec::new();
    // Who came how, as what, and how long before it ends.
    for (person, kind, provided_by, before, ends) in [
        (flo, GrantKind::Session, Some(tenant), 1, true),
        (flo, GrantKind::Session, Some(tenant), 5_000, true),
        (flo, GrantKind::Session, Some(tenant), 0, false),
        (flo, GrantKind::Session, Some(ben.scope.tenant), 1, false),
        (flo, GrantKind::Session, None, 1, false),
        (flo, GrantKind::Token, Some(tenant), 1, false),
        (ada.person, GrantKind::Session, Some(tenant), 1, false),
    ] {
        let (created_at, opens) = (now - before, SecretHash(ada.chance.secret()));
        let grant = Grant { person, created_at, provided_by, ..ada.grant(kind, "A browser") };
        store.put_grant(&grant, Some(opens)).await.unwrap();
        opened.push((opens, ends));
    }
    assert_eq!(store.end_sessions(ben.scope.tenant, ben.person, now).await.unwrap(), 0);
    assert_eq!(store.end_sessions(tenant, flo, now).await.unwrap(), 2);
    assert_eq!(store.end_sessions(tenant, flo, now).await.unwrap(), 0, "once");
    for (at, (opens, ends)) in opened.into_iter().enumerate() {
        let is_open = store.open_grant(opens, now).await.unwrap().is_some();
        assert_eq!(is_open, !ends, "number {at}");
    }
}

async fn another_issuer_forgets_whom_the_one_before_knew<S: Store>(ben: &Desk, store: &S) {
    let tenant = ben.scope.tenant;
    assert!(store.put_provider(&provider(ben, ISSUER)).await.unwrap());
    let joining = newcomer(ben, "Gil");
    let gil = joining.person();
    assert!(store.put_identity(&identity(ben, "gil", gil), &joining, Role::Member).await.unwrap());
    let team = GroupId::from_bytes(ben.chance.seed());
    assert!(store.put_group(tenant, team, "Team").await.unwrap());
    store.follow_groups(tenant, gil, &[team]).await.unwrap();
    let opens = SecretHash(ben.chance.secret());
    let grant = ben.grant(GrantKind::Session, "A browser");
    let grant = Grant { person: gil, provided_by: Some(tenant), ..grant };
    store.put_grant(&grant, Some(opens)).await.unwrap();
    let now = ben.clock.now_ms();
    let opened = store.open_grant(opens, now).await.unwrap().unwrap();
    assert_eq!(opened.provided_by, Some(tenant), "a session says how it came");
    let same = Provider { role: Role::Viewer, ..provider(ben, ISSUER) };
    assert!(store.put_provider(&same).await.unwrap());
    assert!(store.identity(tenant, ISSUER, "gil").await.unwrap().is_some(), "the same stays");
    assert!(store.put_provider(&provider(ben, "https://other.example")).await.unwrap());
    assert!(store.identity(tenant, ISSUER, "gil").await.unwrap().is_none());
    assert!(store.open_grant(opens, now).await.unwrap().is_none(), "its sessions end");
    let groups = store.groups(tenant).await.unwrap();
    assert!(groups.iter().all(|group| !group.people.contains(&gil)));
    assert!(store.member(tenant, gil).await.unwrap().is_some(), "members stay members");
    assert!(store.remove_provider(tenant).await.unwrap());
    assert!(store.provider(tenant).await.unwrap().is_none());
}
