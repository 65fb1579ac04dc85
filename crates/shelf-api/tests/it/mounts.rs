//! Folders that become libraries of their own: shared, read by members, pushed to by late devices.

use crate::world::{Someone, Told, World};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const BASE: &str = "/v1/libraries/{library}";

/// Ada's folder "Recipes" with a soup in it, and a device that has not heard of anything since.
struct Kitchen {
    world: World,
    recipes: String,
    soup: String,
    device: String,
}

impl Kitchen {
    async fn new() -> Self {
        let world = World::new().await;
        let device = world.post(&world.ada, "/v1/devices", &json!({"name": "p"})).await.at("/id");
        let made =
            world.post(&world.ada, &format!("{BASE}/collections"), &json!({"name": "Recipes"}));
        let recipes = made.await.at("/item/id");
        let ask = json!({"url": "https://a.example/soup", "title": "Soup", "tags": ["warm"],
            "private": true, "places": [{"collection": recipes}]});
        let soup = world.post(&world.ada, &format!("{BASE}/bookmarks"), &ask).await.at("/item/id");
        Self { world, recipes, soup, device }
    }

    async fn share(&self) -> Told {
        let path = format!("{BASE}/collections/{}/share", self.recipes);
        self.world.ask(&self.world.ada, Method::POST, &path, "").await
    }

    async fn mount(&self, who: &Someone, library: &Value) -> Told {
        let path = format!("{BASE}/collections/{}/mount", self.recipes);
        let body = json!({ "library": library }).to_string();
        self.world.ask(who, Method::PUT, &path, &body).await
    }

    /// A change to the soup that had seen nothing, pushed to `library`.
    async fn pushed(&self, library: &str, n: u64) -> Value {
        let act = format!("0193f0a0-0000-7000-8000-{n:012}");
        let hlc = format!("{:016x}", (1_780_000_000_000_u64 + n) << 16);
        let change = json!({"n": n, "hlc": hlc, "base": 0, "act": act, "item": self.soup,
            "kind": "bookmark", "set": {"notes": "more salt"}});
        let push = json!({"device": self.device, "changes": [change]});
        let path = format!("/v1/libraries/{library}/changes");
        self.world.post(&self.world.ada, &path, &push).await.json["answers"][0].clone()
    }

    async fn urls(&self, who: &Someone, library: &str) -> Told {
        self.world.get(who, &format!("/v1/libraries/{library}/bookmarks")).await
    }
}

#[tokio::test]
async fn a_shared_folder_is_a_library_that_members_read_and_late_devices_are_sent_to() {
    let kitchen = Kitchen::new().await;
    let (world, ada) = (&kitchen.world, &kitchen.world.ada);
    let flo = world.newcomer(3).await;
    let invitations = format!("/v1/tenants/{}/invitations", ada.tenant);
    let invited = world.post(ada, &invitations, &json!({"role": "member"})).await;
    let ask = json!({"invitation": invited.at("/secret")});
    world.post(&flo, "/v1/memberships", &ask).await.at("/id");
    let shared = kitchen.share().await;
    assert_eq!(shared.status, StatusCode::OK, "{}", shared.text);
    assert_eq!((&shared.json["moved"], &shared.json["copied"]), (&json!(1), &json!(0)));
    assert_eq!(
        shared.json["private"],
        json!(1),
        "what is marked private goes along, and that is said"
    );
    let library = shared.at("/library");
    assert_eq!(kitchen.urls(&flo, &library).await.status, StatusCode::NOT_FOUND);
    let give = format!("/v1/libraries/{library}/shares/{}", flo.person);
    let body = r#"{"kind": "person", "right": "read"}"#;
    assert_eq!(world.ask(ada, Method::PUT, &give, body).await.status, StatusCode::OK);
    let seen = kitchen.urls(&flo, &library).await;
    assert_eq!(seen.at("/items/0/id"), kitchen.soup, "under the same id");
    assert_eq!(seen.at("/items/0/tags/0/name"), "warm");
    let old = kitchen.urls(ada, "{library}").await;
    assert_eq!(old.json["items"], json!([]));
    let folders = world.get(ada, &format!("{BASE}/collections")).await;
    assert_eq!(folders.at("/items/0/mount"), library);
    let gone = world.get(ada, &format!("{BASE}/bookmarks/{}", kitchen.soup)).await;
    assert_eq!((gone.status, gone.code()), (StatusCode::CONFLICT, "moved"));
    let late = kitchen.pushed("{library}", 1).await;
    assert_eq!(late["status"], "refused");
    assert_eq!(
        (&late["refused"]["code"], &late["refused"]["pointer"]),
        (&json!("moved"), &json!(library))
    );
    let there = kitchen.pushed(&library, 1).await;
    assert_eq!(there["status"], "applied", "{there}");
    let soup =
        world.get(&flo, &format!("/v1/libraries/{library}/bookmarks/{}", kitchen.soup)).await;
    assert_eq!(soup.at("/notes"), "more salt");
}

#[tokio::test]
async fn what_is_put_into_a_shared_folder_is_sent_to_its_library() {
    let kitchen = Kitchen::new().await;
    let (world, ada) = (&kitchen.world, &kitchen.world.ada);
    let library = kitchen.share().await.at("/library");
    let bread = world.saved(ada, "https://a.example/bread").await;
    let log = world.get(ada, &format!("{BASE}/changes")).await.text;
    let spot =
        json!({"url": "https://a.example/stew", "places": [{"collection": kitchen.recipes}]});
    let asks = [
        ("bookmarks".to_owned(), spot.clone()),
        ("collections".to_owned(), json!({"name": "Stews", "parent": kitchen.recipes})),
        (format!("bookmarks/{bread}/places"), json!({"collection": kitchen.recipes})),
    ];
    for (path, ask) in asks {
        let told = world.post(ada, &format!("{BASE}/{path}"), &ask).await;
        assert_eq!((told.status, told.code()), (StatusCode::CONFLICT, "moved"), "{path}");
        assert_eq!(told.at("/errors/0/pointer"), format!("#/{library}"), "{path}");
    }
    // A queue goes on: the change behind the refused one is decided.
    let change = |n: u64, item: &str, kind: &str, set: Value| {
        let act = format!("0193f0a0-0000-7000-8000-{n:012}");
        let hlc = format!("{:016x}", (1_780_000_000_000_u64 + n) << 16);
        json!({"n": n, "hlc": hlc, "base": 0, "act": act, "item": item, "kind": kind, "set": set})
    };
    let place = json!({"bookmark": bread, "parent": kitchen.recipes, "order": "V"});
    let (at, title) = ("0193f0a0-0000-7000-8000-0000000000dd", json!({"title": "Bread"}));
    let changes = json!([change(1, at, "place", place), change(2, &bread, "bookmark", title)]);
    let push = json!({"device": kitchen.device, "changes": changes});
    let told = world.post(ada, &format!("{BASE}/changes"), &push).await.json["answers"].clone();
    assert_eq!((&told[0]["status"], &told[1]["status"]), (&json!("refused"), &json!("applied")));
    assert_eq!(
        (&told[0]["refused"]["code"], &told[0]["refused"]["pointer"]),
        (&json!("moved"), &json!(library))
    );
    let rows = world.get(ada, &format!("{BASE}/changes")).await;
    let before: Value = serde_json::from_str(&log).unwrap();
    let count = |rows: &Value| rows["changes"].as_array().unwrap().len();
    assert_eq!(count(&rows.json), count(&before) + 1, "of what was refused nothing is kept");
    let there = world.post(ada, &format!("/v1/libraries/{library}/bookmarks"), &spot).await;
    assert_eq!(there.status, StatusCode::CREATED, "{}", there.text);
}

#[tokio::test]
async fn sharing_again_changes_nothing_and_names_the_same_library() {
    let kitchen = Kitchen::new().await;
    let (world, ada) = (&kitchen.world, &kitchen.world.ada);
    world.follow(ada).await;
    let search = format!("{BASE}/search?q=soup");
    assert!(world.get(ada, &search).await.text.contains("a.example"));
    let first = kitchen.share().await;
    let log = world.get(ada, &format!("{BASE}/changes")).await.text;
    let again = kitchen.share().await;
    assert_eq!(again.at("/library"), first.at("/library"));
    assert_eq!((&again.json["act"], &again.json["moved"]), (&Value::Null, &json!(0)));
    assert_eq!(world.get(ada, &format!("{BASE}/changes")).await.text, log);
    world.follow(ada).await;
    let found = world.get(ada, &search).await;
    assert!(!found.text.contains("a.example"), "{}", found.text);
}

#[tokio::test]
async fn a_library_is_mounted_where_one_likes_and_gives_nobody_a_right() {
    let kitchen = Kitchen::new().await;
    let (world, ada) = (&kitchen.world, &kitchen.world.ada);
    let path = format!("/v1/tenants/{}/libraries", ada.tenant);
    let papers = world.post(ada, &path, &json!({"name": "Papers"})).await.at("/id");
    let mounted = kitchen.mount(ada, &json!(papers)).await;
    assert_eq!(mounted.at("/item/mount"), papers, "{}", mounted.text);
    let theirs = kitchen.mount(ada, &json!(world.eve.library.to_string())).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND, "what one may not read is not mounted");
    let itself = kitchen.mount(ada, &json!(ada.library.to_string())).await;
    assert_eq!((itself.status, itself.code()), (StatusCode::BAD_REQUEST, "invalid"));
    let off = kitchen.mount(ada, &Value::Null).await;
    assert_eq!(off.json["item"]["mount"], Value::Null);
    assert_eq!(kitchen.urls(ada, "{library}").await.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn only_who_manages_a_library_shares_its_folders() {
    let kitchen = Kitchen::new().await;
    let (world, ada) = (&kitchen.world, &kitchen.world.ada);
    let flo = world.newcomer(3).await;
    let invitations = format!("/v1/tenants/{}/invitations", ada.tenant);
    let invited = world.post(ada, &invitations, &json!({"role": "member"})).await;
    let ask = json!({"invitation": invited.at("/secret")});
    world.post(&flo, "/v1/memberships", &ask).await.at("/id");
    let give = format!("{BASE}/shares/{}", flo.person);
    let body = r#"{"kind": "person", "right": "write"}"#;
    assert_eq!(world.ask(ada, Method::PUT, &give, body).await.status, StatusCode::OK);
    let path = format!("/v1/libraries/{}/collections/{}/share", ada.library, kitchen.recipes);
    let refused = world.ask(&flo, Method::POST, &path, "").await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "forbidden"));
    let mine = world.ask(&world.eve, Method::POST, &path, "").await;
    assert_eq!(mine.status, StatusCode::NOT_FOUND);
}
