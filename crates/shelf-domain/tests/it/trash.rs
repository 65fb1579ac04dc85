//! Trash, purge, the tree and what is refused: one example of each rule.

use crate::server::{Server, Told, reg};
use crate::steps::{device, id};
use shelf_domain::change::{Pushed, Puts};
use shelf_domain::id::ActId;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::organise::Spot;
use shelf_domain::refusal::Code;
use shelf_domain::stamp::Hlc;
use shelf_domain::value::Value;
use shelf_domain::view::Collection;

fn push(server: &mut Server, who: u8, base: u64, item: u8, kind: Kind, set: Puts) -> Told {
    let n = server.last.get(&device(who)).copied().unwrap_or(0) + 1;
    let act = ActId::from_bytes([who; 16]);
    let pushed = Pushed { n, hlc: Hlc::at(server.now), base, act, item: id(item), kind, set };
    server.push(device(who), &[pushed]).remove(0)
}

fn put(name: &str, value: impl Into<Value>) -> Puts {
    Puts::from([(reg(name), Some(value.into()))])
}

fn refused(told: Told) -> Code {
    told.unwrap().unwrap_err().code
}

/// A bookmark 0 at place 30 in folder 21, which is in folder 20; rows 1 to 4.
fn small_tree() -> Server {
    let mut server = Server::new();
    let folder = |parent: Option<u8>| {
        let mut set = put(field::NAME, "folder");
        set.insert(reg(field::PARENT), parent.map(|at| Value::from(id(at))));
        set.insert(reg(field::ORDER), Some(Value::from("F")));
        set
    };
    let mut place = put(field::BOOKMARK, id(0));
    place.insert(reg(field::PARENT), Some(Value::from(id(21))));
    push(&mut server, 0, 0, 20, Kind::Collection, folder(None)).unwrap().unwrap();
    push(&mut server, 0, 0, 21, Kind::Collection, folder(Some(20))).unwrap().unwrap();
    push(&mut server, 0, 0, 0, Kind::Bookmark, put(field::URL, "https://a.example"))
        .unwrap()
        .unwrap();
    push(&mut server, 0, 0, 30, Kind::Place, place).unwrap().unwrap();
    server
}

fn living(server: &Server) -> usize {
    server.shelf.items().filter(|item| item.is_living()).count()
}

#[test]
fn a_folder_takes_along_what_is_under_it_and_brings_it_back() {
    let mut server = small_tree();
    server.write(|turn| turn.trash(id(20))).unwrap();
    assert_eq!(living(&server), 0);
    assert_eq!(server.acts().len(), 2, "it is one act");
    server.write(|turn| turn.restore(id(20))).unwrap();
    assert_eq!(living(&server), 4);
}

#[test]
fn a_folder_leaves_what_was_taken_out_of_it_before() {
    let mut server = small_tree();
    server.write(|turn| turn.trash(id(30))).unwrap();
    server.now += 1_000;
    server.write(|turn| turn.trash(id(20))).unwrap();
    assert!(server.shelf.item(id(0)).unwrap().is_living(), "it stands in no folder");
    server.write(|turn| turn.restore(id(20))).unwrap();
    assert_eq!(living(&server), 3, "both folders, and the bookmark in neither");
}

#[test]
fn what_lay_in_the_trash_before_its_folder_keeps_its_day_and_stays_there() {
    let mut server = small_tree();
    server.write(|turn| turn.trash(id(0))).unwrap();
    let day = server.shelf.item(id(0)).unwrap().int(field::TRASHED_AT);
    server.now += 86_400_000;
    server.write(|turn| turn.trash(id(20))).unwrap();
    assert_eq!(server.shelf.item(id(0)).unwrap().int(field::TRASHED_AT), day);
    server.write(|turn| turn.restore(id(20))).unwrap();
    assert!(server.shelf.item(id(0)).unwrap().is_trashed());
    assert_eq!(living(&server), 3);
}

#[test]
fn an_edit_that_had_not_seen_the_trashing_brings_the_item_back() {
    let mut server = small_tree();
    server.write(|turn| turn.trash(id(0))).unwrap();
    push(&mut server, 1, 4, 0, Kind::Bookmark, put(field::TITLE, "still wanted")).unwrap().unwrap();
    assert!(server.shelf.item(id(0)).unwrap().is_living());
}

#[test]
fn an_edit_that_had_seen_the_trashing_leaves_it_in_the_trash() {
    let mut server = small_tree();
    server.write(|turn| turn.trash(id(0))).unwrap();
    push(&mut server, 1, 5, 0, Kind::Bookmark, put(field::TITLE, "tidied")).unwrap().unwrap();
    assert!(server.shelf.item(id(0)).unwrap().is_trashed());
}

#[test]
fn what_is_purged_is_blank_keeps_its_number_and_refuses_every_change() {
    let mut server = small_tree();
    server.write(|turn| turn.purge(id(0))).unwrap_err();
    server.write(|turn| turn.trash(id(0))).unwrap();
    server.write(|turn| turn.purge(id(0))).unwrap();
    let item = server.shelf.item(id(0)).unwrap();
    assert_eq!(item.registers.keys().map(Register::as_str).collect::<Vec<_>>(), [field::PURGED]);
    assert_eq!(item.number, 1);
    let told = push(&mut server, 1, 3, 0, Kind::Bookmark, put(field::TITLE, "late"));
    assert_eq!(refused(told), Code::Purged);
    assert_eq!(server.write(|turn| turn.purge(id(0))).unwrap_err().code, Code::Purged);
    let url = put(field::URL, "https://a.example");
    push(&mut server, 1, 3, 1, Kind::Bookmark, url).unwrap().unwrap();
    let again = server.shelf.item(id(1)).unwrap();
    assert_eq!((again.id, again.number), (id(1), 2), "saved again it is another item");
}

#[test]
fn a_folder_in_one_that_is_gone_stands_at_the_top_and_what_is_put_after_it_comes_there() {
    let mut server = small_tree();
    let gone = put(field::TRASHED_AT, server.now);
    push(&mut server, 0, 4, 20, Kind::Collection, gone).unwrap().unwrap();
    let shown_in = |server: &Server| {
        let shelf = &server.shelf;
        let item = shelf.item(id(21)).unwrap();
        (Collection::shown(shelf, item).parent, Collection::of(item).parent)
    };
    assert_eq!(shown_in(&server), (None, Some(id(20))), "no change says so: it is seen so");
    for (item, order) in [(22, "E"), (23, "G")] {
        let mut set = put(field::NAME, "folder");
        set.insert(reg(field::ORDER), Some(Value::from(order)));
        push(&mut server, 0, 5, item, Kind::Collection, set).unwrap().unwrap();
    }
    server.write(|turn| turn.move_to(id(22), None, Spot::After(id(21)))).unwrap();
    let order = server.shelf.item(id(22)).unwrap().text(field::ORDER).to_owned();
    assert!("F" < order.as_str() && order.as_str() < "G", "{order}");
    server.write(|turn| turn.purge(id(20))).unwrap();
    assert_eq!(shown_in(&server).0, None);
}

#[test]
fn a_place_that_is_purged_says_what_it_was_a_place_of() {
    let mut server = small_tree();
    server.write(|turn| turn.trash(id(30))).unwrap();
    server.write(|turn| turn.purge(id(30))).unwrap();
    let row = server.log.last().unwrap();
    assert_eq!(row.also.get(&reg(field::BOOKMARK)), Some(&Some(Value::from(id(0)))));
    let place = server.shelf.item(id(30)).unwrap();
    assert_eq!(place.registers.keys().map(Register::as_str).collect::<Vec<_>>(), [field::PURGED]);
}

#[test]
fn what_its_author_had_seen_is_replaced_whatever_their_clock_says() {
    let mut server = small_tree();
    push(&mut server, 0, 4, 0, Kind::Bookmark, put(field::TITLE, "seen")).unwrap().unwrap();
    server.now -= 10_000;
    for (base, title, stands) in [(4, "blind", "seen"), (5, "after it", "after it")] {
        push(&mut server, 1, base, 0, Kind::Bookmark, put(field::TITLE, title)).unwrap().unwrap();
        assert_eq!(server.shelf.item(id(0)).unwrap().text(field::TITLE), stands);
    }
}

#[test]
fn of_two_puts_of_one_moment_the_device_decides_whichever_came_first() {
    for order in [[1, 2], [2, 1]] {
        let mut server = small_tree();
        let now = server.now;
        for who in order {
            server.now = now;
            let title = put(field::TITLE, format!("by {who}"));
            push(&mut server, who, 4, 0, Kind::Bookmark, title).unwrap().unwrap();
        }
        assert_eq!(server.shelf.item(id(0)).unwrap().text(field::TITLE), "by 2");
    }
}

#[test]
fn a_folder_is_never_put_under_itself() {
    let mut server = small_tree();
    for into in [20, 21] {
        let told = push(&mut server, 1, 4, 20, Kind::Collection, put(field::PARENT, id(into)));
        assert_eq!(refused(told), Code::Cycle);
    }
    let moved = server.write(|turn| turn.move_to(id(20), Some(id(21)), Spot::End));
    assert_eq!(moved.unwrap_err().code, Code::Cycle);
}

#[test]
fn what_no_writer_may_say_is_refused_with_its_reason() {
    let mut server = small_tree();
    let cases: [(Kind, u8, Puts, Code); 11] = [
        (Kind::Bookmark, 0, put(field::PURGED, true), Code::Forbidden),
        (Kind::Bookmark, 0, put("glow", "x"), Code::Invalid),
        (Kind::Bookmark, 0, put(field::URL, "no address"), Code::Invalid),
        (Kind::Bookmark, 0, put(field::UNREAD, "yes"), Code::Invalid),
        (Kind::Bookmark, 0, Puts::from([(reg(field::URL), None)]), Code::Invalid),
        (Kind::Bookmark, 0, Puts::new(), Code::Invalid),
        (Kind::Bookmark, 1, put(field::TITLE, "no address"), Code::Invalid),
        (Kind::Tag, 0, put(field::NAME, "a bookmark"), Code::Invalid),
        (Kind::named("sketch"), 70, put(field::NAME, "x"), Code::Invalid),
        (Kind::Place, 31, put(field::BOOKMARK, id(9)), Code::Invalid),
        (Kind::Collection, 20, put(field::ORDER, "V0"), Code::Invalid),
    ];
    for (kind, item, set, code) in cases {
        let rows = server.log.len();
        let told = push(&mut server, 1, 4, item, kind.clone(), set.clone());
        assert_eq!(refused(told), code, "{kind} {set:?}");
        assert_eq!(server.log.len(), rows, "what is refused is not logged");
    }
    push(&mut server, 1, 4, 0, Kind::Bookmark, put(field::TITLE, "goes on")).unwrap().unwrap();
}

#[test]
fn siblings_stand_where_they_were_put() {
    let mut server = small_tree();
    for item in 22..26 {
        let order = ["V", "V0V", "V1", "k"][usize::from(item) - 22];
        let mut set = put(field::NAME, "sibling");
        set.insert(reg(field::ORDER), Some(Value::from(order)));
        push(&mut server, 0, 4, item, Kind::Collection, set).unwrap().unwrap();
    }
    let order = |server: &Server| -> Vec<_> {
        server.shelf.children_of(None).iter().map(|item| item.id).collect()
    };
    for (item, spot) in [(25, Spot::After(id(22))), (22, Spot::End), (24, Spot::Start)] {
        server.write(|turn| turn.move_to(id(item), None, spot)).unwrap();
    }
    assert_eq!(order(&server), [24, 20, 25, 23, 22].map(id));
}
