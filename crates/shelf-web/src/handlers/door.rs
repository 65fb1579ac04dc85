//! Coming in and looking around: sign-in, first run, the sample, and addresses that lead nowhere.

use axum::{
    extract::{Query, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use shelf_bookmarks::{counts, history::undo_act, sample::add_sample as add};
use shelf_identity::{
    Secret, sign_in as open_session, sign_in::SESSION_MS, sign_out as end_session,
};
use shelf_ports::Failure;

use super::{Answer, passkeys::offered};
use crate::{
    browser::called,
    cookies,
    frame::{Here, Theme, alone},
    link,
    pages::{
        design as design_page,
        problem::{Problem, problem},
        welcome::{Door, door, first_run, knock},
    },
    posted::{Posted, Said, header_of, is_ours, read_body},
    public_url::PublicUrl,
    trouble::Trouble,
    ui::toast::Toast,
    visit::{Visit, html},
    web::Web,
};

/// The setting that names the act which brought the sample.
pub(crate) const SAMPLE: &str = "sample_act";
/// How long a browser remembers where it was on the way to, seconds.
const ON_THE_WAY_S: i64 = 600;
/// The longest path of which browsers keep the cookie, bytes.
pub(super) const ON_THE_WAY_BYTES_MAX: usize = 1_900;
/// Most bytes of the sign-in form.
const SIGN_IN_BYTES_MAX: usize = 4_096;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Knock {
    #[serde(default)]
    link: String,
    #[serde(default)]
    left: String,
}

/// The library, or the first run while it is empty.
pub(crate) async fn home(visit: Visit) -> Answer {
    let counts = counts(&visit.ctx, visit.scope).await?;
    let empty = counts.bookmarks + counts.collections + counts.trashed == 0;
    Ok(visit.go(if empty { "/welcome" } else { "/library" }, visit.flash.as_ref()))
}

/// The first run; it stays reachable afterwards.
pub(crate) async fn welcome(visit: Visit) -> Answer {
    let frame = visit.frame("Welcome", Here::Elsewhere).await?;
    Ok(visit.page(&frame, &first_run(&frame, &visit.address()), None))
}

/// The door: with a link, a button that spends it; without, how to get one.
pub(crate) async fn sign_in_page(
    State(web): State<Web>,
    Query(ask): Query<Knock>,
    headers: HeaderMap,
) -> Response {
    let offered = offered(&web.reached(&headers));
    let theme = cookies::read(&headers, cookies::THEME).map(Theme::named).unwrap_or_default();
    let inside = match (ask.link.as_str(), ask.left.as_str()) {
        ("", "") => door(Door::NoSession, offered),
        ("", _) => door(Door::SignedOut, offered),
        (link, _) => knock(link),
    };
    html(&alone("Sign in", theme, "", &inside))
}

/// Spends the link and opens a session.
pub(crate) async fn sign_in(State(web): State<Web>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let reached = web.reached(&parts.headers);
    if !is_ours(&parts.headers, &reached) {
        return Err(Trouble::StaleForm);
    }
    let said = Said::read(&read_body(body, SIGN_IN_BYTES_MAX).await?);
    let name = called(header_of(&parts.headers, "User-Agent").unwrap_or_default());
    match open_session(&web.doors, &Secret::sent(said.text("link")), &name).await {
        Ok(new) => Ok(let_in(&new.secret, &on_the_way(&parts.headers, "/"), &reached)),
        Err(Failure::Refused(_)) => {
            let page =
                alone("Sign in", Theme::System, "", &door(Door::SpentLink, offered(&reached)));
            Ok((StatusCode::UNAUTHORIZED, html(&page)).into_response())
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Where a browser goes that was signed in: where it was on the way to, else to `path`.
pub(crate) fn on_the_way(headers: &HeaderMap, path: &str) -> String {
    let kept = cookies::read(headers, cookies::NEXT).and_then(|value| hex::decode(value).ok());
    let kept = kept.and_then(|bytes| String::from_utf8(bytes).ok());
    let kept = kept.filter(|path| link::inside(path).is_some());
    kept.unwrap_or_else(|| path.to_owned())
}

/// Has the browser that is answered go on to `path` once it was signed in. A path that is too long for a
/// cookie is not kept by browsers.
pub(crate) fn goes_on_to(response: &mut Response, path: &str, reached: &PublicUrl) {
    let value = hex::encode(path);
    let headers = response.headers_mut();
    cookies::set(headers, cookies::NEXT, &value, ON_THE_WAY_S, reached.is_secure());
}

/// Sends a browser on to `path` that `session` keeps signed in from now on.
pub(crate) fn let_in(session: &Secret, path: &str, reached: &PublicUrl) -> Response {
    let mut response = Redirect::to(path).into_response();
    let (headers, age_s) = (response.headers_mut(), SESSION_MS / 1_000);
    cookies::set(headers, cookies::SESSION, session.expose(), age_s, reached.is_secure());
    cookies::set(headers, cookies::NEXT, "", 0, reached.is_secure());
    response
}

/// Ends the session.
pub(crate) async fn sign_out(Posted { visit, .. }: Posted) -> Answer {
    end_session(&visit.web.doors, &visit.signed).await?;
    let mut response = visit.go("/sign-in?left=yes", None);
    cookies::set(response.headers_mut(), cookies::SESSION, "", 0, visit.reached.is_secure());
    Ok(response)
}

/// Fills the library with a sample, remembered so that it can be taken out again.
pub(crate) async fn add_sample(Posted { visit, .. }: Posted) -> Answer {
    let changed = add(&visit.ctx, visit.scope).await?;
    let act = changed.act.map(|act| act.to_string()).unwrap_or_default();
    visit.web.doors.accounts.put_setting(visit.ctx.person, SAMPLE, &act).await?;
    let toast =
        Toast { words: "The sample is in".into(), undo: Some(act).filter(|act| !act.is_empty()) };
    Ok(visit.go("/library", Some(&toast)))
}

/// Takes the sample out again; what was changed by hand since stays.
pub(crate) async fn remove_sample(Posted { visit, .. }: Posted) -> Answer {
    let accounts = &visit.web.doors.accounts;
    if let Some(Ok(act)) = accounts.setting(visit.ctx.person, SAMPLE).await?.map(|act| act.parse())
    {
        undo_act(&visit.ctx, visit.scope, act).await?;
    }
    accounts.put_setting(visit.ctx.person, SAMPLE, "").await?;
    Ok(visit.go("/", Some(&Toast { words: "The sample is out".into(), undo: None })))
}

/// An address that leads nowhere.
pub(crate) async fn nothing_here(headers: HeaderMap) -> Response {
    let theme = cookies::read(&headers, cookies::THEME).map(Theme::named).unwrap_or_default();
    let told = Problem::not_found();
    (StatusCode::NOT_FOUND, html(&alone(&told.heading, theme, "", &problem(&told)))).into_response()
}

/// All components; only in development.
pub(crate) async fn design(visit: Visit) -> Answer {
    let frame = visit.frame("Components", Here::Elsewhere).await?;
    Ok(visit.page(&frame, &design_page::design(&frame, visit.now()), None))
}
