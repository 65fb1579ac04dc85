//! Two people with the same link open: what one changes does not undo what the other did.

use axum::body::Body;

use crate::people::{shared, to};
use crate::room::{ORIGIN, Room, Told};

/// The texts of an item's form, by the names it sends them under.
const TEXTS: [&str; 5] = ["title", "url", "description", "notes", "created_on"];

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let field = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
    let field = field.unwrap_or_else(|| panic!("no {name}: {page}"));
    field.split('"').next().unwrap().to_owned()
}

/// What stands in the notes.
fn notes(page: &str) -> &str {
    let text = page.split("remember?\">\n").nth(1).unwrap();
    text.split("</textarea>").next().unwrap()
}

/// The form of an item as somebody opened it.
struct Open {
    item: String,
    page: String,
}

impl Open {
    async fn of(who: &Room, item: &str) -> Self {
        Self { item: item.to_owned(), page: who.get(item).await.text }
    }

    /// All that a browser sends of it, where these texts stand in its fields.
    fn sent(&self, texts: &[(&'static str, &str)]) -> Vec<(String, String)> {
        let hidden_too = TEXTS.map(|name| format!("shown-{name}"));
        let hidden_too = hidden_too.into_iter().chain(["seen".to_owned()]);
        let hidden_too = hidden_too.map(|name| (name.clone(), hidden(&self.page, &name)));
        let day = self.page.split("type=\"date\"").nth(1).unwrap();
        let day = day.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
        let day = ("created_on".to_owned(), day.to_owned());
        let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        texts.chain(hidden_too).chain([day, ("back".to_owned(), self.item.clone())]).collect()
    }

    async fn send(&self, who: &Room, texts: &[(&'static str, &str)]) -> Told {
        let sent = self.sent(texts);
        let fields = sent.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let fields: Vec<(&str, &str)> = fields.collect();
        who.post(&self.item, &fields).await
    }

    /// The same by a script; the form has new marks after that.
    async fn send_live(&mut self, who: &Room, texts: &[(&'static str, &str)]) -> Told {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("_csrf", &who.csrf).extend_pairs(self.sent(texts));
        let ask = who.ask("POST", &self.item).header("origin", ORIGIN).header("hx-request", "true");
        let told = who.send(ask.body(Body::from(form.finish())).unwrap()).await;
        let marks = told.text.split("id=\"item-shown\"").nth(1).unwrap();
        let day = self.page.split("type=\"date\"").nth(1).unwrap();
        self.page = format!("{} type=\"date\"{day}", marks.split("</div>").next().unwrap());
        told
    }
}

/// A library of two, and an item in it.
async fn two() -> (Room, Room, String) {
    let (room, flo, library) = shared("write").await;
    let base = library.trim_end_matches("/library").to_owned();
    let fields = [("url", "https://a.example/"), ("title", "Rye"), ("notes", "a loaf")];
    let saved = to(&room.post(&format!("{base}/save"), &fields).await).to_owned();
    let item = format!("{base}/items/{}", saved.split_once("item=").unwrap().1);
    (room, flo, item)
}

const URL: (&str, &str) = ("url", "https://a.example/");

#[tokio::test]
async fn whoever_changes_one_text_leaves_what_another_wrote_into_the_next_one() {
    let (room, flo, item) = two().await;
    let open = Open::of(&room, &item).await;
    flo.post(&item, &[("notes", "two loaves\r\nand salt"), ("created_on", "2020-01-02")]).await;
    // The whole form is sent, with the notes as they were when the page was opened.
    let texts = [("title", "Rye bread"), URL, ("description", ""), ("notes", "a loaf")];
    open.send(&room, &texts).await;
    let page = room.get(&item).await.text;
    assert_eq!(notes(&page), "two loaves\nand salt");
    assert!(page.contains("Rye bread"), "{page}");
    assert!(page.contains("value=\"2020-01-02\""), "nor is the day put back");
    assert!(!page.contains("Two versions"), "nothing was written twice: {page}");
}

#[tokio::test]
async fn notes_that_two_people_change_at_once_are_both_kept() {
    let (room, flo, item) = two().await;
    let open = Open::of(&room, &item).await;
    flo.post(&item, &[("notes", "a blue door")]).await;
    let texts = [("title", "Rye"), URL, ("description", ""), ("notes", "a red door")];
    let told = open.send(&room, &texts).await;
    assert_eq!(to(&told), item);
    assert!(told.header("set-cookie").starts_with("mindshelf_flash="), "they are told so");
    let page = room.get(&item).await.text;
    assert!(page.contains("Two versions were written at the same time"), "{page}");
    assert!(page.contains("a <mark>red</mark> door") && page.contains("a <mark>blue</mark> door"));
}

#[tokio::test]
async fn a_form_that_stays_open_goes_on_from_what_it_sent() {
    let (room, flo, item) = two().await;
    let mut open = Open::of(&room, &item).await;
    for text in ["a red door", "a loaf", "a green door"] {
        let texts = [("title", "Rye"), URL, ("description", ""), ("notes", text)];
        let told = open.send_live(&room, &texts).await;
        assert!(!told.text.contains("Both versions"), "their own is no other version");
        let page = room.get(&item).await.text;
        assert_eq!(notes(&page), text);
        assert!(!page.contains("Two versions"), "{page}");
    }
    flo.post(&item, &[("notes", "a blue door")]).await;
    let texts = [("title", "Rye"), URL, ("description", ""), ("notes", "a white door")];
    let told = open.send_live(&room, &texts).await;
    assert!(told.text.contains("Both versions are kept"), "{}", told.text);
    assert!(room.get(&item).await.text.contains("a <mark>blue</mark> door"));
}

#[tokio::test]
async fn a_flag_that_another_turned_stays_turned() {
    let (room, flo, item) = two().await;
    let shown = hidden(&room.get(&item).await.text, "shown");
    assert_eq!(shown, "", "none is on");
    flo.post(&format!("{item}/flags?unread=yes"), &[]).await;
    let fields = [("all", "yes"), ("shown", shown.as_str()), ("favourite", "yes")];
    room.post(&format!("{item}/flags"), &fields).await;
    let page = room.get(&item).await.text;
    let on = hidden(&page, "shown");
    assert!(on.contains("unread") && on.contains("favourite"), "{on}");
    let fields = [("all", "yes"), ("shown", on.as_str()), ("unread", "yes")];
    room.post(&format!("{item}/flags"), &fields).await;
    assert_eq!(hidden(&room.get(&item).await.text, "shown"), "unread", "and can be turned off");
}
