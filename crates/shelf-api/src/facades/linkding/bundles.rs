//! Bundles of linkding's interface: smart collections, in the order of the tree of collections.

use super::bookmarks::done;
use super::bundle::{Bundle, words_of};
use super::fields::Reader;
use super::no::No;
use super::read::body_of;
use super::window::Window;
use super::{Told, names};
use crate::Api;
use crate::facades::call::Call;
use crate::facades::rows::{Collection, Moment, Tag, Written, made_ms, time_of};
use crate::graphql::asks::Page;
use crate::problem::Problem;
use crate::wire::Id;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Serialize;
use serde_json::{Map, Value, json};
use shelf_domain::id::ItemId;
use std::collections::HashSet;

/// Longest name, and longest line of words, in characters.
const NAME_CHARS_MAX: usize = 256;
/// Longest list of tags, in characters.
const TAGS_CHARS_MAX: usize = 1_024;
/// What a filter may say.
const WORDS: [&str; 3] = ["off", "yes", "no"];

/// A bundle there is.
#[derive(Debug)]
struct Kept {
    row: Collection,
    bundle: Bundle,
    /// Where it stands among all bundles.
    order: usize,
    /// Whether nothing stands in its collection.
    is_empty: bool,
}

/// How it is shown.
#[derive(Debug, Serialize)]
struct BundleOut {
    id: u32,
    name: String,
    search: String,
    any_tags: String,
    all_tags: String,
    excluded_tags: String,
    filter_unread: &'static str,
    filter_shared: &'static str,
    order: usize,
    date_created: String,
    date_modified: String,
}

impl From<Kept> for BundleOut {
    fn from(Kept { row, bundle, order, .. }: Kept) -> Self {
        let line = |tags: &[String]| {
            tags.iter().map(|tag| names::shown(tag)).collect::<Vec<_>>().join(" ")
        };
        let created = row.created_at.map_or_else(|| made_ms(row.id), |Moment(at)| at);
        let modified = row.modified_at.map_or(created, |Moment(at)| at);
        Self {
            id: row.number,
            name: row.name,
            search: bundle.line(),
            any_tags: line(&bundle.any_tags),
            all_tags: line(&bundle.all_tags),
            excluded_tags: line(&bundle.excluded_tags),
            filter_unread: match bundle.unread {
                Some(true) => "yes",
                Some(false) => "no",
                None => "off",
            },
            // Libraries are shared, not bookmarks.
            filter_shared: "off",
            order,
            date_created: time_of(created),
            date_modified: time_of(modified),
        }
    }
}

async fn all(call: &Call) -> Result<Vec<Kept>, Problem> {
    let page: Page<Collection> = call.ask("list_collections").read().await?;
    let parents: HashSet<ItemId> = page.items.iter().filter_map(|row| row.parent).collect();
    let kept = page.items.into_iter().filter_map(|row| {
        let bundle = Bundle::read(&row.query)?;
        let is_empty = row.under == 0 && !parents.contains(&row.id);
        Some((row, bundle, is_empty))
    });
    let numbered = kept.enumerate().map(|(order, (row, bundle, is_empty))| Kept {
        row,
        bundle,
        order,
        is_empty,
    });
    Ok(numbered.collect())
}

fn of_number(all: Vec<Kept>, number: u32) -> Result<Kept, No> {
    let found = all.into_iter().find(|kept| kept.row.number == number);
    found.ok_or_else(|| No::missing("BookmarkBundle"))
}

async fn found(call: &Call, number: &str) -> Result<Kept, No> {
    let Ok(number) = number.parse::<u32>() else {
        return Err(No::detail(StatusCode::NOT_FOUND, "Not found."));
    };
    of_number(all(call).await?, number)
}

/// The bundle that a list is narrowed by, if there is one of that number.
pub(super) async fn named(call: &Call, number: u32) -> Result<Option<Bundle>, Problem> {
    let found = all(call).await?.into_iter().find(|kept| kept.row.number == number);
    Ok(found.map(|kept| kept.bundle))
}

/// All of them.
pub(super) async fn list(call: Call) -> Told {
    let all = all(&call).await?;
    let (window, count) = (Window::of(&call), all.len());
    let rows: Vec<BundleOut> = window.cut(all).into_iter().map(BundleOut::from).collect();
    Ok(window.answer(&call, &rows, count))
}

/// One of them.
pub(super) async fn read(call: Call, Path(number): Path<String>) -> Told {
    Ok(Json(BundleOut::from(found(&call, &number).await?)).into_response())
}

/// What a write says; nothing of what it does not speak of.
#[derive(Debug)]
struct Said {
    name: Option<String>,
    search: Option<String>,
    any_tags: Option<String>,
    all_tags: Option<String>,
    excluded_tags: Option<String>,
    unread: Option<String>,
    order: Option<usize>,
}

impl Said {
    /// What `body` says; `needs_name` where it must name the bundle.
    fn read(body: &Map<String, Value>, needs_name: bool) -> Result<Self, No> {
        let mut reader = Reader::of(body);
        let said = Self {
            name: reader.short("name", NAME_CHARS_MAX),
            search: reader.short("search", NAME_CHARS_MAX),
            any_tags: reader.short("any_tags", TAGS_CHARS_MAX),
            all_tags: reader.short("all_tags", TAGS_CHARS_MAX),
            excluded_tags: reader.short("excluded_tags", TAGS_CHARS_MAX),
            unread: reader.choice("filter_unread", &WORDS),
            order: reader.count("order"),
        };
        // No bookmark is shared by itself; what is said of it is looked at all the same.
        reader.choice("filter_shared", &WORDS);
        if said.name.as_deref() == Some("") {
            reader.refuse("name", "This field may not be blank.");
        }
        if needs_name && !body.contains_key("name") {
            reader.refuse("name", "This field is required.");
        }
        reader.done()?;
        Ok(said)
    }

    /// `bundle` with what is said of it.
    async fn onto(&self, call: &Call, bundle: Bundle) -> Result<Bundle, No> {
        let said = [&self.any_tags, &self.all_tags, &self.excluded_tags];
        let known = if said.iter().any(|tags| tags.is_some()) {
            call.ask("list_tags").read::<Page<Tag>>().await?.items
        } else {
            Vec::new()
        };
        let tags = |line: Option<&String>, before: Vec<String>| match line {
            None => before,
            Some(line) => {
                let sent: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
                names::meant(&names::given(&sent), &[], &known)
            }
        };
        let unread = match self.unread.as_deref() {
            None => bundle.unread,
            Some("yes") => Some(true),
            Some("no") => Some(false),
            Some(_) => None,
        };
        let made = Bundle {
            search: self.search.as_deref().map_or(bundle.search, words_of),
            any_tags: tags(self.any_tags.as_ref(), bundle.any_tags),
            all_tags: tags(self.all_tags.as_ref(), bundle.all_tags),
            excluded_tags: tags(self.excluded_tags.as_ref(), bundle.excluded_tags),
            unread,
        };
        // Of very many tags, and of names the query language has signs in, not all can be asked for.
        if Bundle::read(&made.query()).as_ref() == Some(&made) {
            Ok(made)
        } else {
            let why = "These are more tags, or other names of tags, than a query here can hold.";
            Err(No::field("any_tags", why))
        }
    }
}

/// Where a bundle goes that is to be the `wanted`th of `others`: into which collection, and after what.
fn spot(others: &[&Kept], wanted: usize) -> Option<(Option<ItemId>, Option<ItemId>)> {
    let wanted = wanted.min(others.len());
    match wanted.checked_sub(1) {
        None => others.first().map(|first| (first.row.parent, None)),
        Some(at) => others.get(at).map(|before| (before.row.parent, Some(before.row.id))),
    }
}

/// The part of a patch that puts the bundle `number` where it is to stand, if it does not.
async fn moving(call: &Call, number: u32, wanted: usize) -> Result<Map<String, Value>, No> {
    let all = all(call).await?;
    let others: Vec<&Kept> = all.iter().filter(|kept| kept.row.number != number).collect();
    let stands = all.iter().find(|kept| kept.row.number == number).map(|kept| kept.order);
    let mut patch = Map::new();
    if stands == Some(wanted.min(others.len())) {
        return Ok(patch);
    }
    if let Some((parent, after)) = spot(&others, wanted) {
        patch.insert("parent".to_owned(), json!(parent.map(Id)));
        patch.insert("after".to_owned(), json!(after.map(Id)));
    }
    Ok(patch)
}

async fn patched(call: &Call, item: ItemId, patch: Map<String, Value>) -> Result<(), No> {
    let ask = call.write("edit_collection").at("item", item).patch(&Value::Object(patch));
    let _told: Written<Collection> = ask.done().await?;
    Ok(())
}

/// Makes one, at the end where its order is not said.
pub(super) async fn create(State(api): State<Api>, call: Call, request: Request) -> Told {
    let said = Said::read(&body_of(request, &api).await?, true)?;
    let bundle = said.onto(&call, Bundle::default()).await?;
    let body = json!({ "name": said.name, "query": bundle.query() });
    let made: Written<Collection> = call.write("create_collection").body(&body).done().await?;
    if let Some(wanted) = said.order {
        let patch = moving(&call, made.item.number, wanted).await?;
        if !patch.is_empty() {
            patched(&call, made.item.id, patch).await?;
        }
    }
    let kept = of_number(all(&call).await?, made.item.number)?;
    Ok((StatusCode::CREATED, Json(BundleOut::from(kept))).into_response())
}

/// Edits one, whose name must be said; what else is not said stays.
pub(super) async fn replace(
    State(api): State<Api>,
    call: Call,
    Path(number): Path<String>,
    request: Request,
) -> Told {
    let kept = found(&call, &number).await?;
    let said = Said::read(&body_of(request, &api).await?, true)?;
    change(&call, kept, &said).await
}

/// Edits one; what is not said stays.
pub(super) async fn edit(
    State(api): State<Api>,
    call: Call,
    Path(number): Path<String>,
    request: Request,
) -> Told {
    let kept = found(&call, &number).await?;
    let said = Said::read(&body_of(request, &api).await?, false)?;
    change(&call, kept, &said).await
}

async fn change(call: &Call, kept: Kept, said: &Said) -> Told {
    let (id, number) = (kept.row.id, kept.row.number);
    let mut patch = match said.order {
        Some(wanted) => moving(call, number, wanted).await?,
        None => Map::new(),
    };
    if let Some(name) = &said.name {
        patch.insert("name".to_owned(), json!(name));
    }
    let bundle = said.onto(call, kept.bundle.clone()).await?;
    if bundle != kept.bundle {
        patch.insert("query".to_owned(), json!(bundle.query()));
    }
    // Asked for though nothing changes: there it is decided whether this key may write.
    patched(call, id, patch).await?;
    Ok(Json(BundleOut::from(of_number(all(call).await?, number)?)).into_response())
}

/// Puts one into the trash. What somebody put into its collection by hand would go with it, so it
/// stays where there is anything.
pub(super) async fn remove(call: Call, Path(number): Path<String>) -> Told {
    let kept = found(&call, &number).await?;
    if !kept.is_empty {
        let why =
            "Bookmarks or collections were put into this one by hand: remove it in MindShelf.";
        return Err(No::detail(StatusCode::FORBIDDEN, why));
    }
    let _told: Value = call.write("trash_collection").at("item", kept.row.id).done().await?;
    Ok(done())
}
