//! One request to a facade: who asks, about which library, and what they may ask of REST for it.

use super::rows::{Bookmark, Library, Me, Person};
use super::seen::Seen;
use super::{Facades, KARAKEEP, LINKDING, rate};
use crate::Api;
use crate::body;
use crate::costs::row_of;
use crate::cursor;
use crate::graphql::asks::{Ask, Asks, Page};
use crate::graphql::http::who;
use crate::problem::Problem;
use crate::routes::oauth::issuer;
use crate::wire::Id;
use axum::extract::{FromRequestParts, MatchedPath, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use shelf_domain::id::{DeviceId, ItemId};
use shelf_domain::permit::{Permits, must_hold};
use shelf_domain::refusal::{Code, Refused};
use shelf_domain::right::Right;

/// What stays as it is in the query of an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Rows on one page of REST.
pub(super) const PAGE: usize = 200;

/// A request to a facade.
#[derive(Debug)]
pub(super) struct Call {
    asks: Asks,
    facade: &'static str,
    seen: Seen,
    /// What its token is good for.
    permits: Permits,
    /// The one library its token reaches.
    pub library: Library,
    /// Whom it speaks for.
    pub person: Person,
    /// What it was sent with.
    pub grant: DeviceId,
    /// When, milliseconds.
    pub now: i64,
    /// What its query says.
    pub query: Vec<(String, String)>,
    /// Its address as the caller knows it, without the query.
    pub address: String,
}

impl FromRequestParts<Api> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let who = who(parts, api).await?;
        let Some(Facades { gateway, seen }) = parts.extensions.get::<Facades>().cloned() else {
            return Err(Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR));
        };
        let is_karakeep = parts.uri.path().starts_with(KARAKEEP);
        let facade = if is_karakeep { KARAKEEP } else { LINKDING };
        let (grant, permits) = (who.signed.grant.id, who.signed.grant.allows.permits);
        let key = body::key_of(&parts.headers)?;
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let asks = gateway.asks(api, who).lasting().under(key).rated(rate(route));
        let Me { person, libraries } = asks.by(facade, "get_me").read().await?;
        let library = only(libraries)?;
        // What is no query says nothing; other servers do not refuse it either.
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let query = query.map(|Query(pairs)| pairs).unwrap_or_default();
        let address = format!("{}{}", issuer(api, &parts.headers), parts.uri.path());
        let now = api.stores.clock.now_ms();
        Ok(Self { asks, facade, seen, permits, library, person, grant, now, query, address })
    }
}

/// The library a token is for.
fn only(libraries: Vec<Library>) -> Result<Library, Problem> {
    let mut libraries = libraries.into_iter();
    match (libraries.next(), libraries.next()) {
        (Some(library), None) => Ok(library),
        (None, _) => {
            let detail = "this key reaches no library";
            Err(Refused::new(Code::Forbidden, "", detail).into())
        }
        _ => {
            let detail = "this key reaches several libraries, and this interface knows of one: \
                          make a key that is limited to one library";
            Err(Refused::new(Code::Forbidden, "", detail).into())
        }
    }
}

impl Call {
    /// An ask by `operation`, about its library.
    pub(super) fn ask(&self, operation: &'static str) -> Ask<'_> {
        self.asks.by(self.facade, operation).at("library", self.library.id)
    }

    /// The same for what changes something, done once where the request has a key for that.
    pub(super) fn write(&self, operation: &'static str) -> Ask<'_> {
        self.ask(operation).under(None, operation)
    }

    /// Refuses whoever may not do `operation`, which changes content, before a long body of theirs is
    /// read. Whether it can be done, that operation says when it is asked.
    pub(super) fn may(&self, operation: &'static str) -> Result<(), Problem> {
        if let Some((_, need)) = row_of(operation) {
            must_hold(self.permits, need.permits())?;
        }
        if Right::named(&self.library.right).is_some_and(|right| right >= Right::Write) {
            return Ok(());
        }
        let detail = "this library is shared with you to read";
        Err(Refused::new(Code::Forbidden, "", detail).into())
    }

    /// Asks for a write of a bookmark that changes nothing, so that whoever may not write is told
    /// so even where nothing is to do.
    pub(super) async fn may_write(&self, item: ItemId) -> Result<(), Problem> {
        let ask = self.ask("edit_bookmark").at("item", item).patch(&json!({}));
        ask.done::<Value>().await.map(drop)
    }

    /// What the query says of `name`, at last.
    pub(super) fn said(&self, name: &str) -> Option<&str> {
        let mut all = self.query.iter().rev();
        all.find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Its address with other values of some parameters; those without a value are left out.
    pub(super) fn link(&self, values: &[(&str, Option<usize>)]) -> String {
        let kept = self.query.iter().filter(|(name, _)| values.iter().all(|(of, _)| of != name));
        let kept = kept.map(|(name, value)| format!("{}={}", plain(name), plain(value)));
        let said = values.iter().filter_map(|(name, value)| Some(format!("{name}={}", (*value)?)));
        let pairs: Vec<String> = said.chain(kept).collect();
        let joint = if pairs.is_empty() { "" } else { "?" };
        format!("{}{joint}{}", self.address, pairs.join("&"))
    }

    /// The bookmark with this address, living or in the trash.
    pub(super) async fn by_url(&self, url: &str) -> Result<Option<Bookmark>, Problem> {
        let page: Page<Bookmark> = self.ask("list_bookmarks").with("url", Some(url)).read().await?;
        Ok(page.items.into_iter().next())
    }

    /// The living bookmark with this number.
    pub(super) async fn by_number(&self, number: u32) -> Result<Option<Bookmark>, Problem> {
        let Some(before) = number.checked_sub(1) else { return Ok(None) };
        let after = cursor::seal("bookmarks", &(before.to_string(), Id(LAST)));
        let ask = self.ask("list_bookmarks").with("sort", Some("number")).with("limit", Some(1));
        let page: Page<Bookmark> = ask.with("cursor", Some(after)).read().await?;
        Ok(page.items.into_iter().next().filter(|found| found.number == number))
    }

    /// The bookmarks with these ids, in this order, but for those that are not there any more.
    pub(super) async fn by_ids(&self, ids: &[ItemId]) -> Result<Vec<Bookmark>, Problem> {
        let mut all = Vec::with_capacity(ids.len());
        for some in ids.chunks(PAGE) {
            let named = some.iter().map(ItemId::to_string).collect::<Vec<_>>().join(",");
            let page: Page<Bookmark> =
                self.ask("list_bookmarks").with("ids", Some(named)).read().await?;
            all.extend(page.items.into_iter().filter(|row| row.trashed_at.is_none()));
        }
        Ok(all)
    }

    /// Notes that the caller was shown `item`.
    pub(super) fn note(&self, item: ItemId) {
        self.seen.note(self.grant, item, self.now);
    }

    /// Whether the caller was shown `item` a moment ago.
    pub(super) fn was_shown(&self, item: ItemId) -> bool {
        self.seen.has(self.grant, item, self.now)
    }
}

/// The id after which no other comes.
const LAST: ItemId = ItemId::from_bytes([0xff; 16]);

/// `text` as a part of an address's query.
pub(super) fn plain(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}
