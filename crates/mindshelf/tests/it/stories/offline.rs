//! Machines that keep a library, over HTTP: on the train, for a week, and when the server came from
//! a backup.

use crate::program::{Server, client, complained, mindshelf, said, told};
use crate::world::World;
use axum::Router;
use axum::body::Body;
use futures::TryStreamExt;
use serde_json::Value;
use shelf_client::header::{HOST, HeaderValue};
use shelf_client::{Answer, Answering, Client, ClientFailure, Request, Transport};
use shelf_domain::edit::Edit;
use shelf_domain::kind::{Kind, field};
use shelf_domain::save::SaveBookmark;
use shelf_ports::chance::Clock;
use shelf_replica::{About, Replica, Synced, Way, canonical};
use shelf_testkit::{FakeClock, SeededChance};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

/// How often a machine is killed.
const KILLS: u64 = 6;

/// A machine with a replica of somebody's library.
struct Machine {
    home: TempDir,
    token: String,
}

impl Machine {
    /// A machine that is let in to the server on `data`.
    fn new(data: &TempDir, name: &str) -> Self {
        let token = said(mindshelf(data.path()).args(["token", "create", "--name", name]));
        Self { home: tempfile::tempdir().unwrap(), token: token.trim_end().to_owned() }
    }

    fn command(&self, of: &[&str]) -> Command {
        let mut command = mindshelf(self.home.path());
        command.args(of);
        command
    }

    /// A command that works on what is here.
    fn offline(&self, of: &[&str]) -> Command {
        self.command(&[&["sync", "--offline", "--json"][..], of].concat())
    }

    /// A command that asks `server`.
    fn online(&self, server: &Server, of: &[&str]) -> Command {
        let mut command = self.command(of);
        command.args(["--server", &server.address, "--token", &self.token]);
        command
    }

    fn sync(&self, server: &Server) -> Value {
        told(&mut self.online(server, &["sync", "--verify", "--json"]))
    }

    /// The addresses it lists, in order of the alphabet.
    fn listed(&self) -> Vec<String> {
        let lines = said(&mut self.offline(&["list", "--limit", "100"]));
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut urls: Vec<String> =
            lines.map(|line| line["url"].as_str().unwrap().to_owned()).collect();
        urls.sort();
        urls
    }
}

#[test]
fn two_machines_work_apart_and_end_with_the_same() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    said(mindshelf(data.path()).args(["add", "https://example.org/shared", "--tags", "one"]));
    let (train, plane) = (Machine::new(&data, "train"), Machine::new(&data, "plane"));
    let none = complained(&mut train.offline(&["list"]), 1);
    assert!(none.contains("mindshelf sync"), "what makes one is named: {none}");
    let first = said(&mut train.online(&server, &["sync"]));
    assert!(first.contains("Synced: 1 bookmarks") && first.contains("--offline add"), "{first}");
    assert_eq!(plane.sync(&server)["is_synced"], true);

    let mine = ["add", "https://example.com/same/", "--note", "typed on the train"];
    let mine = told(&mut train.offline(&[&mine[..], &["--folder", "Read/Later"]].concat()));
    let yours = ["add", "https://example.com/same", "--title", "Same", "--tags", "aloft"];
    told(&mut plane.offline(&yours));
    let id = mine["id"].as_str().unwrap();
    told(&mut train.offline(&["edit", id, "--title", "Edited", "--tags", "rails"]));
    let standing = told(&mut train.offline(&[]));
    assert_eq!(standing["is_synced"], false);
    assert!(standing["waiting"].as_u64().unwrap() >= 5, "{standing}");

    assert!(plane.sync(&server)["done"]["pushed"].as_u64().unwrap() > 0);
    for machine in [&train, &plane] {
        let synced = machine.sync(&server);
        assert_eq!(synced["is_synced"], true, "{synced}");
        assert_eq!(synced["mismatches"], 0);
        assert_eq!(synced["aside"], serde_json::json!([]));
    }
    assert_eq!(train.listed(), plane.listed());
    assert_eq!(train.listed().len(), 2, "one address is one bookmark");
    let found = said(&mut plane.offline(&["list", "typed", "rails", "aloft"]));
    assert!(found.contains("typed on the train"), "both sides' tags and the note: {found}");
    let there = said(mindshelf(data.path()).arg("export"));
    assert!(there.contains("typed on the train") && there.contains("Later"), "{there}");
    assert!(server.stop());
}

#[test]
fn a_server_that_came_from_a_backup_is_healed_and_no_queue_is_lost() {
    let (data, away) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(data.path());
    said(mindshelf(data.path()).args(["add", "https://example.org/before"]));
    let phone = Machine::new(&data, "phone");
    phone.sync(&server);
    let file = away.path().join("shelf.backup");
    said(mindshelf(data.path()).arg("backup").arg(&file));
    said(mindshelf(data.path()).args(["add", "https://example.org/after", "--tags", "late"]));
    phone.sync(&server);
    told(&mut phone.offline(&["add", "https://example.org/queued"]));
    assert!(server.stop());

    let again = tempfile::tempdir().unwrap();
    said(mindshelf(again.path()).arg("restore").arg(&file));
    let server = Server::start(again.path());
    let synced = phone.sync(&server);
    assert_eq!(synced["done"]["restarted"], true, "{synced}");
    assert!(synced["done"]["healed"].as_u64().unwrap() > 0);
    assert_eq!(synced["is_synced"], true);
    assert_eq!(synced["mismatches"], 0);
    let all = ["after", "before", "queued"].map(|at| format!("https://example.org/{at}"));
    assert_eq!(phone.listed(), all);
    let there = said(mindshelf(again.path()).arg("export"));
    assert!(all.iter().all(|url| there.contains(url.as_str())) && there.contains("late"));
    assert!(server.stop());
}

/// A note that was typed on a machine to a bookmark in a folder, which became a library since.
struct Away {
    train: Machine,
    there: Client,
    /// The library the folder was in, and the one it became.
    libraries: [String; 2],
    bookmark: String,
}

impl Away {
    async fn typed(data: &TempDir, server: &Server) -> Self {
        let (there, library) = client(data.path()).await;
        let ask = serde_json::json!({"name": "Recipes"});
        let made: Value = there.post(&format!("{library}/collections"), &ask).await.unwrap();
        let folder = made["item"]["id"].as_str().unwrap();
        let ask = serde_json::json!({
            "url": "https://example.org/soup", "places": [{"collection": folder}]
        });
        let saved: Value = there.post(&format!("{library}/bookmarks"), &ask).await.unwrap();
        let bookmark = saved["item"]["id"].as_str().unwrap().to_owned();
        let train = Machine::new(data, "train");
        train.sync(server);
        told(&mut train.offline(&["edit", &bookmark, "--note", "more salt"]));
        let share = format!("{library}/collections/{folder}/share");
        let shared: Value = there.post(&share, &serde_json::json!({})).await.unwrap();
        let old = library.rsplit('/').next().unwrap().to_owned();
        let libraries = [old, shared["library"].as_str().unwrap().to_owned()];
        Self { train, there, libraries, bookmark }
    }

    fn sync(&self, server: &Server, library: &str) -> Value {
        told(&mut self.train.online(server, &["sync", "--json", "--library", library]))
    }

    /// The bookmark's note in the library that its folder became.
    async fn note(&self) -> Value {
        let path = format!("/v1/libraries/{}/bookmarks/{}", self.libraries[1], self.bookmark);
        self.there.get::<Value>(&path).await.unwrap()["notes"].clone()
    }
}

#[tokio::test]
async fn what_was_typed_away_reaches_the_library_that_its_folder_became() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let away = Away::typed(&data, &server).await;
    let [old, new] = &away.libraries;
    let aside = away.train.sync(&server)["aside"][0]["refused"].clone();
    assert_eq!(aside["code"], "moved");
    assert_eq!(aside["pointer"], *new);
    assert_eq!(away.sync(&server, new)["is_synced"], true);
    let left = away.sync(&server, old)["aside"].clone();
    assert_eq!(left, serde_json::json!([]), "it waits in the other replica now");
    assert_eq!(away.sync(&server, new)["is_synced"], true);
    assert_eq!(away.note().await, "more salt");
    assert!(server.stop());
}

#[tokio::test]
async fn what_was_saved_away_into_a_folder_that_was_shared_stands_there_for_all() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let away = Away::typed(&data, &server).await;
    let [old, new] = &away.libraries;
    let stew = ["add", "https://example.org/stew", "--tags", "warm", "--folder", "Recipes"];
    told(&mut away.train.offline(&stew));
    let aside = away.train.sync(&server)["aside"].clone();
    assert_eq!(aside.as_array().unwrap().len(), 2, "the note, and the place of the stew: {aside}");
    assert_eq!(away.sync(&server, new)["is_synced"], true);
    assert_eq!(away.sync(&server, old)["aside"], serde_json::json!([]));
    assert_eq!(away.sync(&server, new)["is_synced"], true);
    let path = format!("/v1/libraries/{new}/bookmarks");
    let there = away.there.get::<Value>(&path).await.unwrap()["items"].clone();
    let stew = there.as_array().unwrap().iter().find(|one| one["url"] == stew[1]).unwrap();
    assert_eq!(stew["tags"][0]["name"], "warm");
    let path = format!("/v1/libraries/{new}/collections");
    let folders = away.there.get::<Value>(&path).await.unwrap()["items"].clone();
    assert_eq!(stew["places"][0]["collection"], folders[0]["id"], "{folders}");
    assert!(server.stop());
}

#[tokio::test]
async fn what_was_typed_away_is_passed_on_by_whoever_watches() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let away = Away::typed(&data, &server).await;
    let [old, new] = &away.libraries;
    assert_eq!(away.sync(&server, new)["is_synced"], true);
    let how = ["watch", "--json", "--every", "1", "--library", old.as_str()];
    let mut watch = away.train.online(&server, &how);
    let mut watch = watch.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let passed = lines.find(|line| line["event"] == "passed_on").unwrap();
    assert_eq!(passed["changes"], 1);
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert_eq!(away.sync(&server, old)["aside"], serde_json::json!([]));
    assert_eq!(away.sync(&server, new)["is_synced"], true);
    assert_eq!(away.note().await, "more salt");
    assert!(server.stop());
}

/// Where the log of a library stands.
async fn head(there: &Client, library: &str) -> u64 {
    let pulled: Value = there.get(&format!("{library}/changes?limit=1")).await.unwrap();
    pulled["head"]["seq"].as_u64().unwrap()
}

#[tokio::test]
async fn a_machine_that_is_killed_while_it_sends_does_nothing_twice_and_loses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let (there, library) = client(data.path()).await;
    let desk = Machine::new(&data, "desk");
    desk.sync(&server);
    for at in 0..KILLS {
        told(&mut desk.offline(&["add", &format!("https://killed.example/{at}")]));
        let mut watch = desk.online(&server, &["watch", "--every", "1"]);
        let mut watch = watch.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // As soon as the server has it, whether or not the answer was heard or noted.
        while head(&there, &library).await <= at {}
        watch.kill().unwrap();
        watch.wait().unwrap();
    }
    let synced = desk.sync(&server);
    assert_eq!(synced["is_synced"], true);
    assert_eq!(synced["mismatches"], 0);
    assert_eq!(head(&there, &library).await, KILLS, "nothing twice");
    assert_eq!(u64::try_from(desk.listed().len()).unwrap(), KILLS);
    assert!(server.stop());
}

#[test]
fn what_others_change_is_printed_as_it_comes() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let desk = Machine::new(&data, "desk");
    let mut watch = desk.online(&server, &["watch", "--json", "--every", "1"]);
    let mut watch = watch.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let mut until = |event: &str| lines.find(|line| line["event"] == event).unwrap();
    until("synced");
    said(mindshelf(data.path()).args(["add", "https://example.org/new", "--title", "New"]));
    let added = until("added");
    assert_eq!(added["kind"], "bookmark");
    assert_eq!(added["now"]["title"], "New");
    let id = added["item"].as_str().unwrap();
    // Another command uses the same file meanwhile; what watches sends it.
    told(&mut desk.offline(&["edit", id, "--note", "typed here"]));
    while until("synced")["seq"].as_u64().unwrap() < 2 {}
    let found = said(mindshelf(data.path()).arg("export"));
    assert!(found.contains("typed here"), "{found}");
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert!(server.stop());
}

#[test]
fn watching_needs_a_server_and_says_so() {
    let data = tempfile::tempdir().unwrap();
    let why = complained(mindshelf(data.path()).arg("watch"), 1);
    assert!(why.contains("mindshelf serve") && why.contains("--server"), "{why}");
}

/// The application of a world, asked as a client asks.
#[derive(Debug)]
struct Here(Router);

impl Transport for Here {
    fn send(&self, request: Request) -> Answering<'_> {
        let router = self.0.clone();
        Box::pin(async move {
            let body = request.body.map_or_else(Body::empty, Body::from_stream);
            let asked = axum::http::Request::builder().method(request.method).uri(&request.target);
            let mut asked = asked.body(body).unwrap();
            *asked.headers_mut() = request.headers;
            asked.headers_mut().insert(HOST, HeaderValue::from_static("localhost"));
            let answer = router.oneshot(asked).await.unwrap();
            let (parts, body) = answer.into_parts();
            let body = Box::pin(body.into_data_stream().map_err(std::io::Error::other));
            let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
            Ok::<_, ClientFailure>(answer)
        })
    }
}

/// A replica in a file, of the owner's library in `world`.
struct Kept {
    replica: Replica,
    client: Client,
    _dir: TempDir,
}

impl Kept {
    async fn of(world: &World, name: &str) -> Self {
        let transport = Arc::new(Here(world.app().router()));
        let client = Client::new(transport, world.app().key()).unwrap();
        let library = client.library_called(None).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let about = About {
            server: "the world".to_owned(),
            library: library.id(),
            name: "Bookmarks".to_owned(),
            device_name: name.to_owned(),
        };
        let replica = Replica::make(&dir.path().join("library.replica"), about).unwrap();
        Self { replica, client, _dir: dir }
    }

    async fn sync(&mut self, now: i64) -> Synced {
        let library = self.client.library(self.replica.about().library);
        let (clock, chance) = (FakeClock::at(now), SeededChance::new(3));
        let mut ignore = |_| {};
        let mut way = Way {
            server: &library,
            clock: &clock,
            chance: &chance,
            progress: &mut ignore,
            verify: true,
        };
        self.replica.sync(&mut way).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_was_offline_for_a_week_keeps_what_was_typed_on_both_sides() {
    let world = World::new().await;
    let owner = world.owner().await;
    for number in 0..30 {
        owner.save(&format!("https://example.org/{number}"), &format!("page {number}")).await;
    }
    let start = world.clock.now_ms();
    let mut cabin = Kept::of(&world, "cabin").await;
    cabin.sync(start).await;
    let known = cabin.replica.shown().by_url("https://example.org/3").unwrap().id;
    let edit = |text: &str| Edit::default().put(field::NOTES, Some(text.into()));
    for day in 0..7_i64 {
        let now = start + day * 86_400_000;
        let save = SaveBookmark::of(format!("https://cabin.example/{day}"));
        let seed = [u8::try_from(day).unwrap(); 16];
        cabin.replica.act(now, seed, |turn| turn.save(&save)).unwrap();
        let note = edit(&format!("day {day} in the cabin"));
        cabin.replica.act(now, seed, |turn| turn.edit(known, &Kind::Bookmark, &note)).unwrap();
    }
    // At home the same note is typed, and the log goes on.
    world.clock.advance(7 * 86_400_000);
    let path = format!("bookmarks/{known}");
    owner.patch(&path, &serde_json::json!({ "notes": "typed at home" }), None).await.expect(200);
    owner.save("https://cabin.example/3", "saved at home too").await;

    let told = cabin.sync(world.clock.now_ms()).await;
    assert_eq!(told.pushed, 14);
    assert!(cabin.replica.is_synced());
    assert!(cabin.replica.aside().unwrap().is_empty());
    let shown = cabin.replica.shown();
    let item = shown.item(known).unwrap();
    let texts: Vec<&str> =
        item.registers.values().filter_map(|held| held.value.as_ref()?.as_text()).collect();
    for text in ["typed at home", "day 6 in the cabin"] {
        assert!(texts.iter().any(|held| held.contains(text)), "{text} is lost: {texts:?}");
    }
    let mut fresh = Kept::of(&world, "fresh").await;
    fresh.sync(world.clock.now_ms()).await;
    assert_eq!(canonical(cabin.replica.shown()), canonical(fresh.replica.shown()));
    assert_eq!(cabin.replica.shown().items().count(), fresh.replica.base().items().count());
}
