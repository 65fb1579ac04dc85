//! One request of someone signed in: who, in which library, with which likings.

use axum::{
    extract::{FromRequestParts, MatchedPath, RawPathParams},
    http::{Uri, header, request::Parts},
    response::{Html, IntoResponse, Response},
};
use maud::Markup;
use shelf_bookmarks::{Ctx, counts, organise::list_collections, tags::list_tags};
use shelf_courier::{Manager, given_up};
use shelf_domain::{
    id::{LibraryId, Scope, TenantId},
    right::Right,
};
use shelf_identity::{
    Actor, CsrfToken, Secret, Signed, libraries, privacy::ask_erasure::erasure_of, session,
    sso::may_enter::may_enter, tenants::create_tenant::list_tenants,
};
use shelf_ports::{
    Failure,
    tenants::{Holder, Reach},
};
use time::OffsetDateTime;

use crate::{
    cookies,
    frame::{self, Company, Folder, Frame, Here, LibraryChoice, Mount, Rail, TagCount, Theme},
    limit::Payer,
    link,
    pages::list::Coat,
    policy,
    public_url::PublicUrl,
    trouble::Trouble,
    ui::toast::Toast,
    web::Web,
    within::Within,
    writers::Reader,
};

/// Folders deeper than this are shown at this depth: a tree of thousands of levels stays drawable.
const DEPTH_SHOWN: usize = 32;
/// Tags the rail shows; all of them are on their own page.
const RAIL_TAGS: usize = 24;

/// Who asks, for which library, and how they like their pages.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// The services.
    pub(crate) web: Web,
    /// The stores, with who writes.
    pub(crate) ctx: Ctx,
    /// The library.
    pub(crate) scope: Scope,
    /// What it is called.
    pub(crate) library: String,
    /// Every library the person may use, the one of addresses that name none first.
    pub(crate) libraries: Vec<Reach>,
    /// The library the address names, if it names one.
    pub(crate) within: Option<Within>,
    /// The person and their session.
    pub(crate) signed: Signed,
    /// The proof their forms carry.
    pub(crate) csrf: CsrfToken,
    /// How bright their room is.
    pub(crate) theme: Theme,
    /// In which coat their lists go.
    pub(crate) coat: Coat,
    /// What was just done.
    pub(crate) flash: Option<Toast>,
    /// The element a script wants filled, if one asks.
    pub(crate) target: Option<String>,
    /// Whether a script asks for a part rather than a browser for a page.
    pub(crate) is_part: bool,
    /// The address asked for.
    pub(crate) uri: Uri,
    /// How the browser reached this server.
    pub(crate) reached: PublicUrl,
}

impl FromRequestParts<Web> for Visit {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Trouble> {
        let team = team_in(parts).await;
        let headers = &parts.headers;
        let restoring = headers.contains_key("HX-History-Restore-Request");
        let is_part = headers.contains_key("HX-Request") && !restoring;
        let nobody = || Trouble::Nobody { is_part };
        let secret =
            cookies::read(headers, cookies::SESSION).map(Secret::sent).ok_or_else(nobody)?;
        // Whoever stood before the page may have asked already.
        let signed = match parts.extensions.get::<Signed>() {
            Some(signed) => signed.clone(),
            None => session(&web.doors, &secret).await?.ok_or_else(nobody)?,
        };
        if let Some(team) = team {
            must_enter(web, &signed, team).await?;
        }
        let libraries = libraries(&web.doors, &signed).await?;
        let within = parts.extensions.get::<Within>().copied();
        let meant = |reach: &&Reach| within.is_none_or(|Within(id)| reach.library.id == id);
        let Reach { library, right, .. } =
            libraries.iter().find(meant).ok_or_else(|| Trouble::not_found("library"))?.clone();
        if library.tenant != signed.person.tenant {
            web.throttle.has_day(library.tenant).await.map_err(Trouble::Dry)?;
            if let Some(Payer(payer)) = parts.extensions.get() {
                payer.get_or_init(|| library.tenant);
            }
        }
        let (device, person) = (signed.grant.id, signed.person.id);
        let mut ctx = Ctx { stores: web.stores.clone(), device, person, right };
        if parts.method.is_safe() {
            ctx = ctx.up_to_date(library.scope()).await?;
        }
        Ok(Self {
            ctx,
            scope: library.scope(),
            library: library.name,
            libraries,
            within,
            csrf: CsrfToken::of(&secret),
            theme: cookies::read(headers, cookies::THEME).map(Theme::named).unwrap_or_default(),
            coat: cookies::read(headers, cookies::COAT).map(Coat::named).unwrap_or_default(),
            flash: cookies::read(headers, cookies::FLASH).and_then(unfold_flash),
            target: headers
                .get("HX-Target")
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            is_part,
            uri: parts.uri.clone(),
            reached: web.reached(headers),
            web: web.clone(),
            signed,
        })
    }
}

/// Where a member of a team that asks for its own sign-in goes there: open to all of them.
const CONNECT: &str = "/people/{team}/sso/connect";

/// The team the address names, unless it is where one goes to its own sign-in.
async fn team_in(parts: &mut Parts) -> Option<TenantId> {
    if parts.extensions.get::<MatchedPath>().is_some_and(|path| path.as_str() == CONNECT) {
        return None;
    }
    let params = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    let (_, text) = params.iter().find(|(name, _)| *name == "team")?;
    text.parse().ok()
}

/// Sends whoever may not enter with what they are signed in with to where they can.
async fn must_enter(web: &Web, signed: &Signed, team: TenantId) -> Result<(), Trouble> {
    match may_enter(&web.sso, signed, team).await {
        Err(Failure::Refused(_)) => Err(Trouble::Shut(team)),
        other => Ok(other?),
    }
}

impl Visit {
    /// The moment, as the server's clock tells it.
    pub(crate) fn now(&self) -> OffsetDateTime {
        moment(self.ctx.stores.clock.now_ms())
    }

    /// The frame of a page called `title` that stands `here`, with what the rail shows.
    pub(crate) async fn frame(&self, title: &str, here: Here) -> Result<Frame, Trouble> {
        Ok(Frame {
            title: title.to_owned(),
            company: self.company(&here).await?,
            here,
            rail: self.rail().await?,
            toast: self.flash.clone(),
            leaving: self.leaving().await?,
            ..self.bare()
        })
    }

    /// What shows who else is here, on pages that show what is in a library of several people.
    async fn company(&self, here: &Here) -> Result<Option<Company>, Trouble> {
        let aside = matches!(
            here,
            Here::Settings | Here::People | Here::Sharing | Here::Webhooks | Here::Import
        );
        if aside || !self.is_shared().await? {
            return Ok(None);
        }
        let seq = self.ctx.stores.library.head(self.scope).await?.seq;
        Ok(Some(Company { library: self.scope.library.to_string(), seq }))
    }

    /// Whether more people than this one may use the library.
    async fn is_shared(&self) -> Result<bool, Trouble> {
        let own = Holder::Person(self.signed.person.id);
        let shares = self.ctx.stores.tenants.shares(self.scope).await?;
        Ok(shares.iter().any(|share| share.holder != own))
    }

    /// As whom history is read.
    pub(crate) async fn reader(&self) -> Result<Reader, Trouble> {
        Ok(Reader { person: self.signed.person.id, is_shared: self.is_shared().await? })
    }

    /// When everything of the person is erased, if they asked for it.
    async fn leaving(&self) -> Result<Option<OffsetDateTime>, Trouble> {
        let erasure = erasure_of(&self.web.privacy, self.signed.person.id).await?;
        Ok(erasure.map(|erasure| moment(erasure.due_at)))
    }

    /// The frame of a part: the proof and the likings, without a rail.
    pub(crate) fn bare(&self) -> Frame {
        Frame {
            theme: self.theme,
            csrf: self.csrf.expose().to_owned(),
            right: self.ctx.right,
            ..Frame::default()
        }
    }

    /// Who acts, for the audit log.
    pub(crate) fn actor(&self) -> Actor {
        Actor::from(&self.signed)
    }

    /// Who asks about the webhooks of this library.
    pub(crate) fn manager(&self) -> Manager {
        let Actor { person, grant, .. } = self.actor();
        Manager { scope: self.scope, person, grant, right: self.ctx.right }
    }

    /// The address of this library, as a browser elsewhere writes it.
    pub(crate) fn address(&self) -> String {
        format!("{}{}", self.reached, self.within.map(Within::path).unwrap_or_default())
    }

    /// The libraries to choose from, where there is a choice.
    async fn choices(&self) -> Result<Vec<LibraryChoice>, Trouble> {
        if self.libraries.len() < 2 {
            return Ok(Vec::new());
        }
        let tenants = list_tenants(&self.web.doors, self.signed.person.id).await?;
        let owner = |id| tenants.iter().find(|(tenant, _)| tenant.id == id);
        let choice = |Reach { library, right, .. }: &Reach| LibraryChoice {
            href: format!("{}/library", Within(library.id).path()),
            name: library.name.clone(),
            of: match owner(library.tenant) {
                Some((tenant, _)) if tenant.id != self.signed.person.tenant => tenant.name.clone(),
                _ => String::new(),
            },
            current: library.id == self.scope.library,
            reads_only: *right == Right::Read,
        };
        Ok(self.libraries.iter().map(choice).collect())
    }

    async fn rail(&self) -> Result<Rail, Trouble> {
        let counts = counts(&self.ctx, self.scope).await?;
        let held = self.ctx.stores.replicas.held_lines(self.scope).await?;
        let mut tags = list_tags(&self.ctx, self.scope).await?;
        tags.retain(|(_, count)| *count > 0);
        tags.sort_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.name.cmp(&b.name)));
        tags.truncate(RAIL_TAGS);
        Ok(Rail {
            all: counts.bookmarks.saturating_sub(counts.archived),
            unread: counts.unread,
            favourite: counts.favourite,
            archived: counts.archived,
            unsorted: counts.unsorted,
            trash: counts.trashed,
            given_up: given_up(&self.web.courier, &self.manager()).await?,
            conflicts: counts.conflicts,
            waiting: held.iter().map(|line| line.count).sum(),
            libraries: self.choices().await?,
            folders: self.folders().await?,
            tags: tags
                .into_iter()
                .map(|(tag, count)| TagCount { id: tag.id.to_string(), name: tag.name, count })
                .collect(),
        })
    }

    /// The folder tree.
    pub(crate) async fn folders(&self) -> Result<Vec<Folder>, Trouble> {
        let branches = list_collections(&self.ctx, self.scope).await?;
        Ok(Folder::grown(branches.into_iter().map(|branch| {
            let (id, name) = (branch.collection.id.to_string(), branch.collection.name);
            let mount = branch.collection.mount.map(|library| self.mounted(library));
            (
                branch.depth.min(DEPTH_SHOWN),
                Folder { id, name, count: branch.bookmarks, mount, inside: Vec::new() },
            )
        })))
    }

    /// How a library that is mounted somewhere is shown: by name and address to who may read it.
    pub(crate) fn mounted(&self, library: LibraryId) -> Mount {
        let found = self.libraries.iter().find(|reach| reach.library.id == library);
        found.map_or_else(Mount::default, |reach| Mount {
            href: Some(format!("{}/library", Within(library).path())),
            name: reach.library.name.clone(),
        })
    }

    /// A whole page, or its inside where the frame stands already.
    pub(crate) fn page(&self, frame: &Frame, main: &Markup, panel: Option<&Markup>) -> Response {
        let mut response = html(&frame::page(frame, main, panel));
        if self.flash.is_some() {
            cookies::set(response.headers_mut(), cookies::FLASH, "", 0, self.reached.is_secure());
        }
        response
    }

    /// Sends the browser on to `path` (303), to be told `toast` there.
    pub(crate) fn go(&self, path: &str, toast: Option<&Toast>) -> Response {
        let path = link::inside(path).unwrap_or("/library");
        let mut response = axum::response::Redirect::to(path).into_response();
        if let Some(toast) = toast {
            let value = fold_flash(toast);
            cookies::set(
                response.headers_mut(),
                cookies::FLASH,
                &value,
                60,
                self.reached.is_secure(),
            );
        }
        response
    }
}

/// A page or a part of one, with the headers every answer carries.
pub(crate) fn html(markup: &Markup) -> Response {
    let mut response = Html(markup.0.clone()).into_response();
    policy::apply(response.headers_mut());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, header::HeaderValue::from_static("HX-Request, HX-Target, Cookie"));
    response
}

/// Milliseconds since 1970 as a moment; what no calendar holds becomes 1970.
pub(crate) fn moment(ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

pub(crate) fn fold_flash(toast: &Toast) -> String {
    format!("{}.{}", toast.undo.as_deref().unwrap_or_default(), hex::encode(&toast.words))
}

pub(crate) fn unfold_flash(value: &str) -> Option<Toast> {
    let (act, words) = value.split_once('.')?;
    let words = String::from_utf8(hex::decode(words).ok()?).ok()?;
    let undo = act.parse::<shelf_domain::id::ActId>().ok().map(|act| act.to_string());
    (!words.is_empty()).then_some(Toast { words, undo })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flash_survives_its_cookie() {
        let toast = Toast { words: "Saved „a; b“".into(), undo: None };
        assert_eq!(unfold_flash(&fold_flash(&toast)), Some(toast));
        assert_eq!(unfold_flash("x.zz"), None);
        assert_eq!(unfold_flash("no-act.61").unwrap().undo, None);
    }
}
