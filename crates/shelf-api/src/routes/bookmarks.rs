//! Bookmarks: list, save, read, edit, trash.

use crate::Api;
use crate::body::{Ask, Once, Patch, objects};
use crate::caller::{In, Item};
use crate::cursor;
use crate::etag::Seen;
use crate::moment::Moment;
use crate::page::{Here, LIMIT_MAX, Paged, Params, limit_of};
use crate::problem::Problem;
use crate::routes::edit::EditIn;
use crate::routes::shown::BookmarkOut;
use crate::wire::{Answer, ChangedOut, Id, json, located, tagged, unchanged, version};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shelf_bookmarks::edit_bookmark::EditBookmark;
use shelf_bookmarks::list_bookmarks::{Filter, ListBookmarks, Position, Sort};
use shelf_bookmarks::save_bookmark::{SaveBookmark, SavePlace};
use shelf_bookmarks::trash::trash_items;
use shelf_bookmarks::{edit_bookmark, get_bookmark, get_bookmarks, list_bookmarks, save_bookmark};
use shelf_domain::id::ItemId;
use shelf_domain::refusal::Refused;
use shelf_domain::turn::Status;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Longest address that is asked for, in characters: longer ones do not fit the line of a request.
const ASKED_URL_CHARS_MAX: usize = 8_192;

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, save)).routes(routes!(read, edit, trash))
}

/// Which bookmarks, in which order.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Bearing these tags: ids separated by commas, or the name of one.
    tag: Option<String>,
    /// In this collection itself: an id.
    #[param(value_type = Option<Id>)]
    collection: Option<String>,
    /// Only those in no collection.
    unsorted: Option<bool>,
    /// Still to be read, or not.
    unread: Option<bool>,
    /// Favourites, or others.
    favourite: Option<bool>,
    /// Archived, or not.
    archived: Option<bool>,
    /// The order; `place` only within a collection.
    #[param(inline)]
    sort: Option<SortIn>,
    /// These instead, 1 to 200 ids separated by commas, in this order: living or in the trash. What
    /// is not there is left out; nothing else counts beside them.
    ids: Option<String>,
    /// The one that has this address instead, living or in the trash, however it is written;
    /// nothing else counts beside it.
    #[param(max_length = 8192)]
    url: Option<String>,
    /// Where the page begins: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows on the page, 1 to 200; 50 where it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SortIn {
    Newest,
    Oldest,
    Place,
    Number,
}

impl From<SortIn> for Sort {
    fn from(sort: SortIn) -> Self {
        match sort {
            SortIn::Newest => Self::Newest,
            SortIn::Oldest => Self::Oldest,
            SortIn::Place => Self::Place,
            SortIn::Number => Self::Number,
        }
    }
}

impl ListQuery {
    async fn ask(&self, within: &In) -> Result<Option<ListBookmarks>, Problem> {
        let Some(tags) = self.tags(within).await? else { return Ok(None) };
        let collection = match &self.collection {
            None => None,
            Some(text) => match Id::read(text) {
                Some(Id(id)) => Some(id),
                None => return Err(Problem::query("collection", "this is not an id")),
            },
        };
        let after: Option<(String, Id)> = cursor::after("bookmarks", self.cursor.as_deref())?;
        let after = after.map(|(key, Id(id))| Position { key, id });
        let filter = Filter {
            tags,
            collection,
            unsorted: self.unsorted.unwrap_or_default(),
            unread: self.unread,
            favourite: self.favourite,
            archived: self.archived,
        };
        let sort = self.sort.map_or(Sort::Newest, Sort::from);
        Ok(Some(ListBookmarks { filter, sort, after, limit: limit_of(self.limit)? }))
    }

    /// The ids of the bookmarks that are named, by themselves or by an address.
    async fn named(&self, within: &In) -> Result<Option<Vec<ItemId>>, Problem> {
        let Some(url) = &self.url else { return self.ids() };
        if url.chars().count() > ASKED_URL_CHARS_MAX {
            let detail = format!(
                "an address that is asked for has at most {ASKED_URL_CHARS_MAX} characters"
            );
            return Err(Refused::invalid("url", detail).into());
        }
        let reads = shelf_domain::shelf::Reads::none().url(url);
        let shelf = within.ctx.stores.library.read(within.scope, reads).await?;
        Ok(Some(shelf.by_url(url).map(|item| item.id).into_iter().collect()))
    }

    fn ids(&self) -> Result<Option<Vec<ItemId>>, Problem> {
        let Some(text) = &self.ids else { return Ok(None) };
        let ids: Option<Vec<ItemId>> =
            text.split(',').map(|id| Id::read(id).map(|Id(id)| id)).collect();
        let ids = ids.ok_or_else(|| Problem::query("ids", "these are not all ids"))?;
        if ids.len() > LIMIT_MAX {
            return Err(Problem::query("ids", format!("these are at most {LIMIT_MAX}")));
        }
        Ok(Some(ids))
    }

    /// The ids of the tags that are named; `None` where there is no such tag.
    async fn tags(&self, within: &In) -> Result<Option<Vec<ItemId>>, Problem> {
        let Some(text) = &self.tag else { return Ok(Some(Vec::new())) };
        let ids: Option<Vec<ItemId>> =
            text.split(',').map(|id| Id::read(id).map(|Id(id)| id)).collect();
        if ids.is_some() {
            return Ok(ids);
        }
        let reads = shelf_domain::shelf::Reads::none().tags([text.as_str()]);
        let shelf = within.ctx.stores.library.read(within.scope, reads).await?;
        Ok(shelf.tag_named(text).map(|tag| vec![tag.id]))
    }
}

/// List bookmarks.
///
/// Living bookmarks, page by page. All that is said must hold.
#[utoipa::path(get, path = "/v1/libraries/{library}/bookmarks", tag = "bookmarks",
    operation_id = "list_bookmarks", params(ListQuery),
    responses((status = 200, description = "A page.", body = Paged<BookmarkOut>)))]
async fn list(within: In, here: Here, Params(query): Params<ListQuery>) -> Answer {
    if let Some(ids) = query.named(&within).await? {
        let head = within.ctx.stores.library.head(within.scope).await?;
        let all = get_bookmarks(&within.ctx, within.scope, &ids).await?;
        let all = all.into_iter().map(|row| BookmarkOut::of(row, &head)).collect();
        return Ok(Paged::<BookmarkOut>::whole(all).answer(&here));
    }
    let Some(ask) = query.ask(&within).await? else {
        return Ok(Paged::<BookmarkOut>::whole(Vec::new()).answer(&here));
    };
    let head = within.ctx.stores.library.head(within.scope).await?;
    let page = list_bookmarks(&within.ctx, within.scope, ask).await?;
    let next = page.next.map(|next| cursor::seal("bookmarks", &(next.key, Id(next.id))));
    let items = page.bookmarks.into_iter().map(|row| BookmarkOut::of(row, &head)).collect();
    Ok(Paged { items, next_cursor: next }.answer(&here))
}

/// One spot for a bookmark.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = SavePlace)]
pub(crate) struct PlaceIn {
    /// The collection; the root, where it is not said.
    pub collection: Option<Id>,
    /// A title of its own.
    pub title: String,
}

impl From<PlaceIn> for SavePlace {
    fn from(place: PlaceIn) -> Self {
        Self { parent: place.collection.map(|Id(id)| id), order: None, title: place.title }
    }
}

/// What to save.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = SaveBookmark, example = json!({
    "url": "https://www.rust-lang.org/learn", "title": "Learn Rust", "tags": ["rust", "to read"],
    "places": [{"collection": "0193f0a0-0000-7000-8000-000000000002"}], "unread": true
}))]
struct SaveIn {
    /// The address, absolute.
    #[schema(required = true, max_length = 65536)]
    url: String,
    /// Its title.
    #[schema(max_length = 4096)]
    title: String,
    /// What it is about.
    description: String,
    /// What its owner thinks of it; Markdown.
    notes: String,
    /// Names of tags; missing ones are made.
    tags: Vec<String>,
    /// Where it goes; nowhere is "Unsorted".
    #[serde(deserialize_with = "objects")]
    places: Vec<PlaceIn>,
    /// When it was first saved; now, where it is not said.
    created_at: Option<Moment>,
    /// When its source says it was changed.
    modified_at: Option<Moment>,
    /// When it was archived.
    archived_at: Option<Moment>,
    /// Whether it is a favourite.
    favourite: bool,
    /// Whether it is still to be read.
    unread: bool,
    /// Whether it is marked private; whoever may read the library sees it.
    private: Option<bool>,
    /// Fields of a source that nothing here has a place for, none without a name.
    raw: BTreeMap<String, String>,
}

impl From<SaveIn> for SaveBookmark {
    fn from(ask: SaveIn) -> Self {
        Self {
            url: ask.url,
            title: ask.title,
            description: ask.description,
            notes: ask.notes,
            tags: ask.tags,
            places: ask.places.into_iter().map(SavePlace::from).collect(),
            created_at: ask.created_at.map(|Moment(at)| at),
            modified_at: ask.modified_at.map(|Moment(at)| at),
            archived_at: ask.archived_at.map(|Moment(at)| at),
            favourite: ask.favourite,
            unread: ask.unread,
            private: ask.private,
            raw: ask.raw,
        }
    }
}

/// What became of a save or an edit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Written)]
pub(crate) struct WrittenOut<T> {
    /// `applied`; `joined` where the address or name was there before; `noop` where it was so
    /// already.
    #[schema(value_type = String, example = "applied")]
    pub status: Status,
    /// The gesture; undo takes it.
    pub act: Option<Id>,
    /// The item as it is now.
    pub item: T,
}

/// Save a bookmark.
///
/// 201 for a new one. Where the address is saved already, what is new is added to that bookmark
/// and the answer is 200 with the status `joined`.
#[utoipa::path(post, path = "/v1/libraries/{library}/bookmarks", tag = "bookmarks",
    operation_id = "save_bookmark", request_body = SaveIn,
    responses((status = 201, description = "Saved.", body = WrittenOut<BookmarkOut>),
        (status = 200, description = "Joined.", body = WrittenOut<BookmarkOut>)))]
async fn save(within: In, Ask { body, key }: Ask<SaveIn>) -> Answer {
    let scope = within.scope;
    let saved = save_bookmark(&within.ctx, scope, SaveBookmark::from(body), key).await;
    let saved = saved.map_err(|failure| Problem::from(failure).named("#/parent", "#/places"))?;
    let new = saved.status != Status::Joined;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    let at = version(&saved.head, saved.bookmark.version);
    let location = format!("/v1/libraries/{}/bookmarks/{}", scope.library, saved.bookmark.id);
    let body = WrittenOut {
        status: saved.status,
        act: saved.act.map(Id::from),
        item: BookmarkOut::of(saved.bookmark, &saved.head),
    };
    Ok(located(tagged(status, at, body)?, &location))
}

/// Read a bookmark.
///
/// Living or in the trash, under any id it ever had.
#[utoipa::path(get, path = "/v1/libraries/{library}/bookmarks/{item}", tag = "bookmarks",
    operation_id = "get_bookmark",
    responses((status = 200, description = "The bookmark.", body = BookmarkOut),
        (status = 304, description = "The caller has this version.")))]
async fn read(within: In, Item(id): Item, seen: Seen) -> Answer {
    let got = get_bookmark(&within.ctx, within.scope, id).await?;
    let at = version(&got.head, got.bookmark.version);
    if seen.holds(at) {
        return unchanged(at);
    }
    tagged(StatusCode::OK, at, BookmarkOut::of(got.bookmark, &got.head))
}

/// Edit a bookmark.
///
/// A merge patch: different fields of two edits never collide. With `If-Match` it is refused
/// where the bookmark has changed since.
#[utoipa::path(patch, path = "/v1/libraries/{library}/bookmarks/{item}", tag = "bookmarks",
    operation_id = "edit_bookmark",
    request_body(content = EditIn, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Edited.", body = WrittenOut<BookmarkOut>)))]
async fn edit(within: In, Item(id): Item, seen: Seen, patch: Patch<EditIn>) -> Answer {
    let mut edit = patch.body.edit()?;
    edit.version = seen.required()?;
    let ctx = within.under(patch.key);
    let edited = edit_bookmark(&ctx, within.scope, EditBookmark { id, edit }).await?;
    let at = version(&edited.head, edited.bookmark.version);
    let body = WrittenOut {
        status: edited.status,
        act: edited.act.map(Id::from),
        item: BookmarkOut::of(edited.bookmark, &edited.head),
    };
    tagged(StatusCode::OK, at, body)
}

/// Put a bookmark into the trash.
///
/// It can be restored for thirty days.
#[utoipa::path(delete, path = "/v1/libraries/{library}/bookmarks/{item}", tag = "bookmarks",
    operation_id = "trash_bookmark",
    responses((status = 200, description = "In the trash.", body = ChangedOut)))]
async fn trash(within: In, Item(id): Item, Once(key): Once) -> Answer {
    let known = get_bookmark(&within.ctx, within.scope, id).await?.bookmark.id;
    let ctx = within.under(key);
    json(ChangedOut::from(trash_items(&ctx, within.scope, vec![known]).await?))
}
