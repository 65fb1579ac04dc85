//! Joins: a second bookmark of one address, or a second tag of one name, becomes the first.

use crate::server::{Server, Told, reg};
use crate::steps::{device, id};
use shelf_domain::change::{Pushed, Puts};
use shelf_domain::edit::Edit;
use shelf_domain::id::ActId;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::refusal::Code;
use shelf_domain::stamp::Hlc;
use shelf_domain::turn::{Outcome, Status};
use shelf_domain::value::Value;

const ONE: &str = "https://a.example/one";
const TWO: &str = "https://a.example/two";
const ONE_IN_ANOTHER_DRESS: &str = "HTTPS://A.EXAMPLE/one/?utm_source=mail";

fn puts(list: &[(&str, &str)]) -> Puts {
    list.iter().map(|(name, text)| (reg(name), Some(Value::from(*text)))).collect()
}

/// Device `who` pushes its next change, having seen all up to `base`.
fn push(server: &mut Server, who: u8, base: u64, item: u8, kind: Kind, set: Puts) -> Told {
    let n = server.last.get(&device(who)).copied().unwrap_or(0) + 1;
    let act = ActId::from_bytes([who; 16]);
    let hlc = Hlc::at(server.now);
    let pushed = Pushed { n, hlc, base, act, item: id(item), kind, set };
    server.push(device(who), &[pushed]).remove(0)
}

fn saved(server: &mut Server, who: u8, item: u8, set: &[(&str, &str)]) -> Outcome {
    push(server, who, 0, item, Kind::Bookmark, puts(set)).unwrap().unwrap()
}

#[test]
fn a_second_bookmark_of_an_address_joins_the_first_and_brings_what_it_has() {
    let mut server = Server::new();
    saved(&mut server, 0, 0, &[("url", ONE), ("title", "first"), ("notes", "mine")]);
    let mut set = puts(&[("url", ONE_IN_ANOTHER_DRESS), ("title", "second"), ("notes", "theirs")]);
    set.insert(reg("description"), Some(Value::from("filled")));
    set.insert(reg("created_at"), Some(Value::from(5)));
    let told = push(&mut server, 1, 0, 1, Kind::Bookmark, set).unwrap().unwrap();
    assert_eq!((told.status, told.item), (Status::Joined, id(0)));
    let item = server.shelf.item(id(1)).unwrap();
    assert_eq!(item.id, id(0), "the younger id leads to the older item for ever");
    assert_eq!(item.text(field::TITLE), "first");
    assert_eq!(item.text(field::NOTES), "mine\n\ntheirs");
    assert_eq!(item.text(field::DESCRIPTION), "filled");
    assert_eq!(item.text(field::URL), ONE);
    assert_eq!(item.int(field::CREATED_AT), Some(5));
    assert_eq!(server.shelf.items().count(), 1);
}

#[test]
fn a_note_that_is_contained_already_is_not_appended() {
    let mut server = Server::new();
    saved(&mut server, 0, 0, &[("url", ONE), ("notes", "one two three")]);
    saved(&mut server, 1, 1, &[("url", ONE), ("notes", " two ")]);
    assert_eq!(server.shelf.item(id(0)).unwrap().text(field::NOTES), "one two three");
}

#[test]
fn a_device_that_joined_unknowingly_keeps_its_own_order_and_overwrites_nobody() {
    let mut server = Server::new();
    saved(&mut server, 0, 0, &[("url", ONE), ("notes", "mine")]);
    server.now -= 10_000;
    let mut set = puts(&[("url", ONE), ("notes", "theirs")]);
    set.insert(reg("unread"), Some(Value::from(true)));
    push(&mut server, 1, 0, 1, Kind::Bookmark, set).unwrap().unwrap();
    let read = Puts::from([(reg("unread"), Some(Value::from(false)))]);
    push(&mut server, 1, 0, 1, Kind::Bookmark, read).unwrap().unwrap();
    assert_eq!(server.shelf.item(id(0)).unwrap().get("unread"), Some(&Value::from(false)));
    push(&mut server, 1, 0, 1, Kind::Bookmark, puts(&[("notes", "theirs again")]))
        .unwrap()
        .unwrap();
    let all: Vec<&str> = server
        .shelf
        .item(id(0))
        .unwrap()
        .registers
        .values()
        .filter_map(|held| held.value.as_ref()?.as_text())
        .collect();
    assert!(all.iter().any(|text| text.contains("mine")), "{all:?}");
    assert!(all.iter().any(|text| text.contains("theirs again")), "{all:?}");
}

#[test]
fn a_sealed_value_never_joins_and_is_never_overwritten_by_a_join() {
    let mut server = Server::new();
    let sealed = Some(Value::Sealed(vec![1, 2, 3]));
    let set = Puts::from([(reg("url"), Some(Value::from(ONE))), (reg("notes"), sealed.clone())]);
    push(&mut server, 0, 0, 0, Kind::Bookmark, set).unwrap().unwrap();
    saved(&mut server, 1, 1, &[("url", ONE), ("notes", "plain")]);
    let item = server.shelf.item(id(0)).unwrap();
    assert_eq!(item.get(field::NOTES), sealed.as_ref());
    assert_eq!(item.text(Register::copy(field::NOTES, device(1)).as_str()), "plain");
    let sealed_url = Puts::from([(reg("url"), Some(Value::Sealed(ONE.into())))]);
    let told = push(&mut server, 1, 0, 2, Kind::Bookmark, sealed_url).unwrap().unwrap();
    assert_eq!(told.status, Status::Applied);
}

#[test]
fn changing_an_address_to_a_taken_one_joins_by_push_and_is_refused_by_edit() {
    let mut server = Server::new();
    saved(&mut server, 0, 0, &[("url", ONE)]);
    saved(&mut server, 0, 1, &[("url", TWO), ("notes", "of two")]);
    let edit = Edit::default().put(field::URL, Some(Value::from(ONE)));
    let refused = server.write(|turn| turn.edit(id(1), &Kind::Bookmark, &edit)).unwrap_err();
    assert_eq!((refused.code, refused.at), (Code::AlreadySaved, id(0).to_string()));
    let told = push(&mut server, 0, 2, 1, Kind::Bookmark, puts(&[("url", ONE)])).unwrap().unwrap();
    assert_eq!((told.status, told.item), (Status::Joined, id(0)));
    assert_eq!(server.shelf.item(id(1)).unwrap().text(field::NOTES), "of two");
    let again = saved(&mut server, 1, 2, &[("url", TWO)]);
    assert_eq!(again.status, Status::Applied, "the address it had is free again");
}

#[test]
fn a_join_takes_the_older_one_out_of_the_trash() {
    let mut server = Server::new();
    saved(&mut server, 0, 0, &[("url", ONE)]);
    server.write(|turn| turn.trash(id(0))).unwrap();
    saved(&mut server, 1, 1, &[("url", ONE)]);
    assert!(server.shelf.item(id(0)).unwrap().is_living());
}

fn tag(server: &mut Server, who: u8, base: u64, item: u8, set: &[(&str, &str)]) -> Outcome {
    push(server, who, base, item, Kind::Tag, puts(set)).unwrap().unwrap()
}

#[test]
fn a_tag_of_a_living_name_joins_and_so_does_a_rename_into_it() {
    let mut server = Server::new();
    tag(&mut server, 0, 0, 10, &[("name", "Rust")]);
    let told = tag(&mut server, 1, 0, 11, &[("name", " rust"), ("colour", "red")]);
    assert_eq!((told.status, told.item), (Status::Joined, id(10)));
    assert_eq!(server.shelf.item(id(11)).unwrap().text(field::COLOUR), "red");
    tag(&mut server, 1, 0, 12, &[("name", "Oxide")]);
    let mut set = puts(&[("url", ONE)]);
    set.insert(Register::tag(id(12)), Some(Value::from(true)));
    push(&mut server, 0, 0, 0, Kind::Bookmark, set).unwrap().unwrap();
    let rename = Edit::default().put(field::NAME, Some(Value::from("RUST")));
    let told = server.write(|turn| turn.edit(id(12), &Kind::Tag, &rename)).unwrap();
    assert_eq!((told.status, told.item), (Status::Joined, id(10)));
    let bookmark = server.shelf.item(id(0)).unwrap();
    assert_eq!(server.shelf.tags_of(bookmark), [id(10)].into());
    let off = Edit { remove_tags: vec!["rust".to_owned()], ..Edit::default() };
    server.write(|turn| turn.edit(id(0), &Kind::Bookmark, &off)).unwrap();
    let bookmark = server.shelf.item(id(0)).unwrap();
    assert!(server.shelf.tags_of(bookmark).is_empty(), "taking it off takes off what joined it");
}

#[test]
fn a_trashed_tag_that_comes_back_to_a_taken_name_joins() {
    let mut server = Server::new();
    tag(&mut server, 0, 0, 10, &[("name", "Rust")]);
    server.write(|turn| turn.trash(id(10))).unwrap();
    tag(&mut server, 0, 2, 11, &[("name", "rust")]);
    // Device 1 had not seen the trashing: its change brings the tag back, into a taken name.
    let told = tag(&mut server, 1, 1, 10, &[("colour", "red")]);
    assert_eq!((told.status, told.item), (Status::Joined, id(11)));
    crate::valid::assert_valid(&server.shelf);
    assert_eq!(server.shelf.item(id(10)).unwrap().text(field::COLOUR), "red");
}

#[test]
fn folders_of_one_name_are_two_folders() {
    let mut server = Server::new();
    for item in [20, 21] {
        let told = push(&mut server, item - 20, 0, item, Kind::Collection, puts(&[("name", "x")]));
        assert_eq!(told.unwrap().unwrap().status, Status::Applied);
    }
    assert_eq!(server.shelf.items().count(), 2);
}
