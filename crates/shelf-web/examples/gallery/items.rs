//! An item of the gallery.

use crate::NOW;
use shelf_web::pages::{item, thread::Thread};
use time::Duration;

pub(crate) fn an_item() -> item::ItemPage {
    let event = |seq, days, changes: &[(&str, &str, &str)]| item::Event {
        seq,
        at: NOW - Duration::days(days),
        by: "Firefox on Linux".into(),
        changes: changes.iter().map(|(a, b, c)| ((*a).into(), (*b).into(), (*c).into())).collect(),
    };
    item::ItemPage {
        id: "1".into(),
        seen: 40,
        url: "https://doc.rust-lang.org/book/ch04-01-what-is-ownership.html".into(),
        title: "What is ownership?".into(),
        description: "Ownership is a set of rules that govern how a program manages memory. All programs have to manage the way they use a computer's memory while running.".into(),
        notes: "The part on the stack and the heap is the clearest I know. Give it to Ada.".into(),
        twice: vec![],
        files: vec![],
        thread: Thread::default(),
        tags: vec![("1".into(), "rust".into()), ("2".into(), "compilers".into())],
        places: vec![item::Place { id: "p".into(), folder: "2".into(), path: "Reading / Languages".into() }],
        saved_at: NOW - Duration::days(400),
        trashed_at: None,
        unread: false,
        favourite: true,
        archived: false,
        private: false,
        history: vec![
            event(40, 0, &[("title", "Ownership - The Book", "What is ownership?")]),
            event(22, 30, &[("notes", "", "The part on the stack and the heap is the clearest I know.")]),
            event(3, 400, &[("saved", "", "Ownership - The Book")]),
        ],
        here: "/library?item=0".into(),
        close: "/library".into(),
    }
}
