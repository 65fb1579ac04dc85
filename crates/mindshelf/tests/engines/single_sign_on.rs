//! Signing in by a real Keycloak: what it says of itself, its login form, its tokens, its keys.

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use shelf_domain::id::TenantId;
use shelf_domain::right::Role;
use shelf_embedded::Embedded;
use shelf_identity::sso::begin::begin;
use shelf_identity::sso::connect::{ConnectProvider, connect_provider};
use shelf_identity::sso::domains::add_domain;
use shelf_identity::sso::finish::{Answered, Browser, Came, finish};
use shelf_identity::sso::{SsoFailure, TurnedAway, redirect_uri};
use shelf_identity::tenants::create_tenant::create_tenant;
use shelf_identity::tenants::groups::create_group;
use shelf_identity::{Doors, Hashing, PasswordDoors, SsoDoors, first_run};
use shelf_outbound::{Guard, Rules};
use shelf_ports::chance::Clock;
use shelf_ports::sso::{ClaimRule, SingleSignOn};
use shelf_ports::tenants::Tenants;
use shelf_ports::usage::AnyRoom;
use shelf_testkit::ground::engine;
use shelf_testkit::{FakeVault, SeededChance};
use std::collections::BTreeMap;
use std::sync::Arc;
use tempfile::TempDir;

const HERE: &str = "https://shelf.example";
const CLIENT: &str = "mindshelf";
const SECRET: &str = "a secret of the client";

/// The clock of the machine: Keycloak has no other.
#[derive(Debug)]
struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "the engine beside has the clock of the machine")]
    fn now_ms(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        i64::try_from(since.as_millis()).unwrap()
    }

    fn ticks_us(&self) -> u64 {
        0
    }
}

/// An organisation here, whose realm is there.
struct Guild {
    doors: SsoDoors,
    store: Arc<Embedded>,
    id: TenantId,
    realm: Realm,
    _dir: TempDir,
}

/// A realm of Keycloak, and whoever administers it.
struct Realm {
    http: Client,
    base: String,
    name: String,
    token: String,
}

impl Realm {
    fn issuer(&self) -> String {
        format!("{}/realms/{}", self.base, self.name)
    }

    async fn new(base: String) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let http = http.build().unwrap();
        let form = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", "admin"),
            ("password", "admin"),
        ];
        let at = format!("{base}/realms/master/protocol/openid-connect/token");
        let told = http.post(at).body(written(&form));
        let told = told.header("content-type", "application/x-www-form-urlencoded");
        let told: Value = told.send().await.unwrap().json().await.unwrap();
        let token = told["access_token"].as_str().unwrap().to_owned();
        let name = format!("guild-{}", WallClock.now_ms());
        let realm = Self { http, base, name: name.clone(), token };
        realm.made("", &json!({ "realm": name, "enabled": true })).await;
        realm
    }

    /// Makes something by the admin interface.
    async fn made(&self, path: &str, what: &Value) {
        let at = match path {
            "" => format!("{}/admin/realms", self.base),
            path => format!("{}/admin/realms/{}/{path}", self.base, self.name),
        };
        let told = self.http.post(at).bearer_auth(&self.token).json(what).send().await.unwrap();
        let status = told.status();
        assert!(status.is_success(), "{path}: {status} {}", told.text().await.unwrap());
    }

    /// A client with a secret, whose tokens name groups.
    async fn client(&self, redirect: &str) {
        let groups = json!({
            "name": "groups", "protocol": "openid-connect",
            "protocolMapper": "oidc-group-membership-mapper",
            "config": { "claim.name": "groups", "full.path": "false", "id.token.claim": "true" },
        });
        let client = json!({
            "clientId": CLIENT, "secret": SECRET, "protocol": "openid-connect",
            "publicClient": false, "standardFlowEnabled": true, "redirectUris": [redirect],
            "attributes": { "pkce.code.challenge.method": "S256" }, "protocolMappers": [groups],
        });
        self.made("clients", &client).await;
    }

    async fn person(&self, name: &str, mail: &str, verified: bool, groups: &[&str]) {
        let person = json!({
            "username": name, "enabled": true, "email": mail, "emailVerified": verified,
            "firstName": "Flo", "lastName": name, "groups": groups,
            "credentials": [{ "type": "password", "value": "a password", "temporary": false }],
        });
        self.made("users", &person).await;
    }

    /// Signs somebody in by the login form; the query the browser is sent back with.
    async fn signs_in(
        &self,
        address: &str,
        name: &str,
        redirect: &str,
    ) -> BTreeMap<String, String> {
        let page = self.http.get(address).send().await.unwrap();
        let cookies = cookies(&page);
        let text = page.text().await.unwrap();
        let action = text
            .split("id=\"kc-form-login\"")
            .nth(1)
            .and_then(|rest| rest.split("action=\"").nth(1)?.split('"').next());
        let action = action.unwrap_or_else(|| panic!("no form: {text}")).replace("&amp;", "&");
        let form = [("username", name), ("password", "a password"), ("credentialId", "")];
        let told = self.http.post(action).header(COOKIE, cookies).body(written(&form));
        let told = told.header("content-type", "application/x-www-form-urlencoded");
        let told = told.send().await.unwrap();
        let status = told.status();
        let location = told.headers().get(LOCATION).map(|at| at.to_str().unwrap().to_owned());
        let Some(location) = location else { panic!("{status}: {}", told.text().await.unwrap()) };
        let (at, query) = location.split_once('?').unwrap();
        assert_eq!(at, redirect);
        let url = reqwest::Url::parse(&format!("{at}?{query}")).unwrap();
        url.query_pairs().into_owned().collect()
    }
}

fn cookies(page: &Response) -> String {
    let all = page.headers().get_all(SET_COOKIE).iter();
    let all = all.map(|line| line.to_str().unwrap().split(';').next().unwrap());
    all.collect::<Vec<_>>().join("; ")
}

fn written(form: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse("http://localhost").unwrap();
    url.query_pairs_mut().extend_pairs(form);
    url.query().unwrap().to_owned()
}

/// A store with an organisation whose domain is proven; the provider is not connected yet.
async fn guild(base: String) -> Guild {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Embedded::open(dir.path()).unwrap());
    let doors = Doors {
        accounts: store.clone(),
        tenants: store.clone(),
        audit: store.clone(),
        rooms: Arc::new(AnyRoom),
        clock: Arc::new(WallClock),
        chance: Arc::new(SeededChance::new(21)),
    };
    let place = base.trim_start_matches("http://").parse().unwrap();
    let rules = Rules { allow: vec![place], ..Rules::default() };
    let doors = SsoDoors {
        passwords: PasswordDoors {
            doors,
            credentials: store.clone(),
            passkeys: store.clone(),
            hashing: Arc::new(Hashing::default()),
        },
        sso: store.clone(),
        vault: Arc::new(FakeVault),
        outbound: Arc::new(Guard::new(rules).unwrap()),
        known: Arc::default(),
    };
    let owner = first_run(doors.doors()).await.unwrap().person.id;
    let id = create_tenant(doors.doors(), owner.into(), "Guild").await.unwrap().id;
    // The domain cannot say so itself: it would have to have a name on the internet.
    let domain = add_domain(&doors, owner.into(), id, "guild.example").await.unwrap();
    store.verify_domain(id, &domain.name, 1).await.unwrap();
    let realm = Realm::new(base).await;
    realm.client(&redirect_uri(HERE, id)).await;
    realm.made("groups", &json!({ "name": "librarians" })).await;
    let group = create_group(doors.doors(), owner.into(), id, "Readers").await.unwrap().id;
    let (value, role) = ("librarians".to_owned(), Some(Role::Admin));
    let ask = ConnectProvider {
        issuer: realm.issuer(),
        client_id: CLIENT.to_owned(),
        client_secret: Some(SECRET.to_owned()),
        groups_claim: "groups".to_owned(),
        rules: vec![ClaimRule { value, group: Some(group), role }],
        role: Role::Viewer,
        is_required: true,
    };
    connect_provider(&doors, owner.into(), id, ask).await.unwrap();
    Guild { doors, store, id, realm, _dir: dir }
}

impl Guild {
    async fn comes(&self, name: &str) -> Result<Came, SsoFailure> {
        let begun = begin(&self.doors, "anybody@guild.example", HERE, "/").await.unwrap();
        let redirect = redirect_uri(HERE, self.id);
        let back = self.realm.signs_in(&begun.address, name, &redirect).await;
        let of = |name: &str| back.get(name).cloned().unwrap_or_default();
        let answered =
            Answered { code: of("code"), state: of("state"), iss: of("iss"), error: of("error") };
        assert_eq!(answered.iss, self.realm.issuer(), "Keycloak says who answers");
        let secret = Some(&begun.secret);
        let browser = Browser { secret, signed: None, name: "A browser", reached: HERE };
        finish(&self.doors, self.id, &answered, &browser).await
    }
}

#[tokio::test]
async fn keycloak_lets_its_people_in_with_their_groups_and_nobody_else() {
    let Some(base) = engine("KEYCLOAK") else { return };
    let guild = guild(base.trim_end_matches('/').to_owned()).await;
    guild.realm.person("flo", "flo@guild.example", true, &["librarians"]).await;
    guild.realm.person("gil", "gil@guild.example", false, &[]).await;
    guild.realm.person("hal", "hal@other.example", true, &[]).await;
    let flo = guild.comes("flo").await.unwrap().session.grant;
    assert_eq!(flo.provided_by, Some(guild.id));
    let member = guild.store.member(guild.id, flo.person).await.unwrap().unwrap();
    assert_eq!((member.name.as_str(), member.role), ("Flo flo", Role::Admin));
    let groups = guild.store.groups(guild.id).await.unwrap();
    assert_eq!(groups[0].people, [flo.person]);
    assert_eq!(guild.comes("flo").await.unwrap().session.grant.person, flo.person);
    for (name, reason) in [("gil", TurnedAway::UnverifiedMail), ("hal", TurnedAway::OtherDomain)] {
        match guild.comes(name).await {
            Err(SsoFailure::TurnedAway(why)) => assert_eq!(why, reason, "{name}"),
            other => panic!("{name} came in: {other:?}"),
        }
    }
}
