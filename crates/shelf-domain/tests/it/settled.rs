//! Two versions of a text, settled: nothing that was not looked at is lost.

use crate::server::{Server, reg};
use crate::steps::{cases, device, id};
use proptest::prelude::*;
use shelf_domain::change::{Pushed, Puts};
use shelf_domain::conflict::{Conflict, Keep, Resolve, SHOWN_MAX};
use shelf_domain::edit::Version;
use shelf_domain::id::{ActId, DeviceId, PersonId};
use shelf_domain::item::Item;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::refusal::Code;
use shelf_domain::stamp::Hlc;
use shelf_domain::turn::Taken;
use shelf_domain::value::Value;

fn push(server: &mut Server, who: u8, base: u64, name: &str, text: &str) {
    let n = server.last.get(&device(who)).copied().unwrap_or(0) + 1;
    let mut set = Puts::from([(reg(name), Some(Value::from(text)))]);
    if base == 0 {
        set.insert(reg(field::URL), Some(Value::from("https://a.example")));
    }
    let (act, hlc) = (ActId::from_bytes([who; 16]), Hlc::at(server.now));
    let pushed = Pushed { n, hlc, base, act, item: id(0), kind: Kind::Bookmark, set };
    server.push(device(who), &[pushed]).remove(0).unwrap().unwrap();
}

/// A bookmark whose notes two devices wrote blindly: the later one stands.
fn apart() -> Server {
    let mut server = Server::new();
    push(&mut server, 0, 0, field::NOTES, "begun");
    push(&mut server, 1, 1, field::NOTES, "from the phone");
    push(&mut server, 2, 1, field::NOTES, "from the desk");
    server
}

fn item(server: &Server) -> &Item {
    server.shelf.item(id(0)).unwrap()
}

fn only(server: &Server) -> Conflict {
    let mut all = Conflict::all_of(item(server));
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn settling(server: &Server, keep: Keep) -> Resolve {
    let conflict = only(server);
    let seen = Version { epoch: server.shelf.head.epoch, seq: conflict.version };
    let (field, device) = (conflict.field, conflict.other.device);
    Resolve { item: conflict.item, field, device, keep, seen }
}

#[test]
fn two_versions_are_shown_with_who_wrote_which() {
    let server = apart();
    let conflict = only(&server);
    assert_eq!(conflict.shown.text, "from the desk");
    assert_eq!(conflict.shown.device, device(2));
    assert_eq!(conflict.other.text, "from the phone");
    assert_eq!(conflict.other.device, device(1));
    assert_eq!(conflict.about, id(0));
}

#[test]
fn settling_is_one_act_that_can_be_taken_back() {
    for (keep, want) in [
        (Keep::Shown, "from the desk"),
        (Keep::Other, "from the phone"),
        (Keep::Text("both".into()), "both"),
    ] {
        let mut server = apart();
        let ask = settling(&server, keep);
        server.write(|turn| turn.resolve(&ask)).unwrap();
        assert_eq!(item(&server).text(field::NOTES), want);
        assert!(Conflict::all_of(item(&server)).is_empty());
        let gone = server.write(|turn| turn.resolve(&ask)).unwrap_err();
        assert_eq!(gone.code, Code::NotFound, "it was settled");
        let act = *server.acts().last().unwrap();
        server.undo(act).unwrap();
        let conflict = only(&server);
        assert_eq!(conflict.shown.text, "from the desk");
        assert_eq!(conflict.other.text, "from the phone");
    }
}

#[test]
fn what_was_typed_on_another_page_of_the_same_browser_is_kept_too() {
    let mut server = apart();
    let ask = settling(&server, Keep::Other);
    let notes = Puts::from([(reg(field::NOTES), Some(Value::from("from another page")))]);
    server.write(|turn| turn.put(id(0), Kind::Bookmark, notes, Taken::Refuses)).unwrap();
    server.write(|turn| turn.resolve(&ask)).unwrap();
    let conflict = only(&server);
    assert_eq!(conflict.shown.text, "from the phone");
    assert_eq!(conflict.other.text, "from another page");
}

#[test]
fn what_is_asked_wrongly_is_refused() {
    let mut server = apart();
    let ask = settling(&server, Keep::Other);
    let title = Resolve { field: field::TITLE.into(), ..ask.clone() };
    assert_eq!(server.write(|turn| turn.resolve(&title)).unwrap_err().code, Code::Invalid);
    let other = Resolve { device: device(9), ..ask.clone() };
    assert_eq!(server.write(|turn| turn.resolve(&other)).unwrap_err().code, Code::NotFound);
    let epoch = ask.seen.epoch + 1;
    let older = Resolve { seen: Version { epoch, ..ask.seen }, ..ask.clone() };
    assert_eq!(server.write(|turn| turn.resolve(&older)).unwrap_err().code, Code::Stale);
    server.write(|turn| turn.trash(id(0))).unwrap();
    assert_eq!(server.write(|turn| turn.resolve(&ask)).unwrap_err().code, Code::NotFound);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_version_nobody_looked_at_survives_settling(
        who in 0..4_u8, base in 1..4_u64, what in 0..3_u8, third in "[a-z]{12}",
    ) {
        let mut server = apart();
        let keep = match what {
            0 => Keep::Shown,
            1 => Keep::Other,
            _ => Keep::Text("joined by hand".into()),
        };
        let ask = settling(&server, keep);
        push(&mut server, who, base, field::NOTES, &third);
        // Where what came meanwhile settled it too, there is nothing left to settle.
        drop(server.write(|turn| turn.resolve(&ask)));
        let held = item(&server).registers.iter().any(|(register, held)| {
            register.as_str().starts_with(field::NOTES)
                && held.value.as_ref().and_then(Value::as_text).is_some_and(|text| text.contains(&third))
        });
        prop_assert!(held, "{third} is gone");
    }
}

#[test]
fn a_note_is_signed_when_it_is_made_and_by_nobody_else() {
    let (ada, ben) = (PersonId::from_bytes([1; 16]), PersonId::from_bytes([2; 16]));
    let mut server = apart();
    let made = server.write(|turn| {
        turn.signed_by(ada);
        turn.comment(id(0), "Well said.")
    });
    let note = made.unwrap().item;
    let author = |server: &Server| server.shelf.item(note).unwrap().text(field::AUTHOR).to_owned();
    assert_eq!(author(&server), ada.to_string());
    let claim = Puts::from([(Register::named(field::AUTHOR), Some(Value::from(ben.to_string())))]);
    let (n, base) = (server.last[&device(1)] + 1, server.shelf.head.seq);
    let (act, hlc) = (ActId::from_bytes([7; 16]), Hlc::at(server.now));
    let pushed = Pushed { n, hlc, base, act, item: note, kind: Kind::Note, set: claim };
    let told = server.push(device(1), &[pushed]).remove(0).unwrap();
    assert_eq!(told.unwrap_err().code, Code::Forbidden);
    assert_eq!(author(&server), ada.to_string());
}

#[test]
fn what_is_called_like_a_second_version_and_cannot_be_settled_is_none() {
    let mut server = apart();
    let by = device(3);
    for name in [format!("raw/a/copy/{by}"), format!("notes/copy/{{{by}}}"), "notes/copy/x".into()]
    {
        push(&mut server, 3, 1, &name, "odd");
    }
    assert_eq!(only(&server).other.text, "from the phone");
}

#[test]
fn of_very_many_second_versions_some_are_shown_at_once() {
    let mut server = apart();
    for who in 3..60 {
        let copy = Register::copy(field::NOTES, DeviceId::from_bytes([who; 16]));
        push(&mut server, 3, 1, copy.as_str(), "mine");
    }
    assert_eq!(Conflict::all_of(item(&server)).len(), SHOWN_MAX);
}

#[test]
fn the_notes_of_a_bookmark_go_with_it_for_good() {
    let mut server = apart();
    let note = server.write(|turn| turn.comment(id(0), "Well said.")).unwrap().item;
    assert_eq!(server.shelf.notes_of(id(0)).len(), 1);
    server.write(|turn| turn.trash(id(0))).unwrap();
    let late = server.write(|turn| turn.comment(id(0), "Too late.")).unwrap_err();
    assert_eq!(late.code, Code::Invalid);
    server.write(|turn| turn.purge_whole(id(0))).unwrap();
    assert!(server.shelf.item(note).unwrap().is_purged());
}
