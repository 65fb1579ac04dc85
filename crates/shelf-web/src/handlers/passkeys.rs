//! Passkeys: coming in with one, confirming, and the page that adds, names and removes them. Each is
//! two requests of our script's: one asks what the browser's dialogue is opened with, the other
//! brings its answer as a form.

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::IntoResponse,
};
use serde_json::json;
use shelf_domain::{
    id::PasskeyId,
    refusal::{Code, Refused},
};
use shelf_identity::{
    RelyingParty, Secret, Typed,
    passkeys::{
        Begun, Brought, CEREMONY_MS,
        add_passkey::add_passkey,
        begin::{begin_adding, begin_confirming, begin_joining, begin_sign_in},
        confirm::confirm,
        join_with_passkey::{Newcomer, join_with_passkey},
        list_passkeys::list_passkeys,
        remove_passkey::remove_passkey,
        rename_passkey::rename_passkey,
        sign_in_with_passkey::sign_in_with_passkey,
    },
    passwords::by_them::asks,
};
use shelf_ports::{Failure, passkeys::Passkey};

use super::{
    Answer,
    door::let_in,
    join::{Typing, shared_by, shown as offer_again, visitor},
    password::{answered, knock},
};
use crate::{
    browser::called,
    cookies,
    frame::Here,
    pages::passkeys::{self as pages, Offered, PasskeysPage, Shown},
    posted::{Posted, header_of, is_ours},
    public_url::PublicUrl,
    trouble::{Trouble, status},
    ui::toast::Toast,
    visit::{Visit, moment},
    web::Web,
};

/// Most bytes of a form that brings an answer at the door.
const FORM_BYTES_MAX: usize = 128 << 10;
/// Where the page is.
const PAGE: &str = "/settings/passkeys";

/// Whether the browser reached this server in a way that passkeys can be used.
pub(super) fn offered(reached: &PublicUrl) -> Offered {
    RelyingParty::of(reached.origin()).map(drop)
}

fn site(reached: &PublicUrl) -> Result<RelyingParty, Refused> {
    RelyingParty::of(reached.origin()).map_err(|_| {
        let detail = "passkeys need a page that has a name, and https where it is not this machine";
        Refused::invalid("passkey", detail)
    })
}

/// What the browser's cookie kept.
fn kept(headers: &HeaderMap) -> &str {
    cookies::read(headers, cookies::CEREMONY).unwrap_or_default()
}

/// What our script opens the dialogue with, and what the browser keeps meanwhile; or why not.
fn begun(begun: Result<Begun, Failure>, reached: &PublicUrl) -> Answer {
    let mut response = match begun {
        Ok(Begun { options, kept }) => {
            let mut response = Json(options).into_response();
            let (age_s, secure) = (CEREMONY_MS / 1_000, reached.is_secure());
            cookies::set(response.headers_mut(), cookies::CEREMONY, kept.expose(), age_s, secure);
            response
        }
        Err(Failure::Refused(refused)) => {
            let why = if refused.detail.is_empty() {
                refused.code.sentence().to_owned()
            } else {
                refused.detail
            };
            (status(refused.code), Json(json!({ "why": why }))).into_response()
        }
        Err(fault) => return Err(fault.into()),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Asks for any passkey, at the door.
pub(crate) async fn begin_signing_in(State(web): State<Web>, headers: HeaderMap) -> Answer {
    let reached = web.reached(&headers);
    if !is_ours(&headers, &reached) {
        return Err(Trouble::StaleForm);
    }
    let asked = match site(&reached) {
        Ok(site) => begin_sign_in(&web.passwords, &site).await.map_err(Failure::from),
        Err(refused) => Err(refused.into()),
    };
    begun(asked, &reached)
}

/// Opens a session for a passkey.
pub(crate) async fn sign_in(State(web): State<Web>, request: Request) -> Answer {
    let knock = knock(&web, request, FORM_BYTES_MAX).await?;
    let reached = web.reached(&knock.headers);
    let brought = Brought { kept: kept(&knock.headers), answer: knock.said.text("answer") };
    let site = site(&reached)?;
    let came = sign_in_with_passkey(&web.passwords, &site, brought, &knock.browser).await?;
    Ok(answered(&web, &knock, came, "/", |_| pages::again(Ok(()))))
}

/// Asks whoever holds an invitation for a new passkey.
pub(crate) async fn begin_to_join(State(web): State<Web>, request: Request) -> Answer {
    let knock = knock(&web, request, FORM_BYTES_MAX).await?;
    let reached = web.reached(&knock.headers);
    let (secret, name) = (Secret::sent(knock.said.text("invitation")), knock.said.text("called"));
    let asked = match site(&reached) {
        Ok(site) => begin_joining(&web.passwords, &secret, name, &site).await,
        Err(refused) => Err(refused.into()),
    };
    begun(asked, &reached)
}

/// Makes somebody new, who brings a passkey, lets them join, and signs this browser in for them.
pub(crate) async fn join(State(web): State<Web>, request: Request) -> Answer {
    let knock = knock(&web, request, FORM_BYTES_MAX).await?;
    let (headers, said) = (&knock.headers, &knock.said);
    if visitor(&web, headers).await?.is_some() {
        // Who is here already does not come as somebody new.
        return Err(Trouble::StaleForm);
    }
    let reached = web.reached(headers);
    let brought = Brought { kept: kept(headers), answer: said.text("answer") };
    let secret = Secret::sent(said.text("invitation"));
    let who = Newcomer { name: said.text("called"), brought, browser: &knock.browser };
    match join_with_passkey(&web.passwords, &site(&reached)?, &secret, who).await {
        Ok(came) => {
            let shared = shared_by(&came.invitation);
            let path = if came.has_passkey { &shared } else { PAGE };
            Ok(let_in(&came.session.secret, path, &reached))
        }
        Err(Failure::Refused(Refused { code: code @ Code::Invalid, at, detail })) => {
            let at = if at == "name" { "called".to_owned() } else { at };
            let typing = Typing {
                secret: said.text("invitation").to_owned(),
                name: said.text("called").to_owned(),
                refused: Some((at, detail)),
            };
            let page = offer_again(&web, headers, typing).await?;
            Ok((status(code), page).into_response())
        }
        Err(failure) => Err(failure.into()),
    }
}

/// The page of one's passkeys.
pub(crate) async fn page(visit: Visit) -> Answer {
    shown(&visit, None).await
}

async fn shown(visit: &Visit, refused: Option<(String, String)>) -> Answer {
    let doors = &visit.web.passwords;
    let passkeys = list_passkeys(doors, visit.ctx.person).await?;
    let page = PasskeysPage {
        passkeys: passkeys.into_iter().map(told).collect(),
        offered: offered(&visit.reached),
        asks: asks(doors, &visit.signed).await?,
        refused,
        now: visit.now(),
    };
    let frame = visit.frame("Passkeys", Here::Settings).await?;
    Ok(visit.page(&frame, &pages::page(&page, &frame), None))
}

fn told(passkey: Passkey) -> Shown {
    Shown {
        id: passkey.id.to_string(),
        name: passkey.name,
        made_at: moment(passkey.created_at),
        used_at: passkey.used_at.map(moment),
        synced: passkey.synced,
        copied: passkey.copied_at.is_some(),
    }
}

/// The page again with why something was refused, where it was for what was sent; or on to `path`
/// with these words.
async fn done(visit: &Visit, done: Result<(), Failure>, path: &str, words: &'static str) -> Answer {
    let Err(failure) = done else {
        return Ok(visit.go(path, Some(&Toast { words: words.into(), undo: None })));
    };
    match failure {
        Failure::Refused(Refused {
            code: code @ (Code::Invalid | Code::Forbidden | Code::SlowDown | Code::Quota),
            at,
            detail,
        }) => Ok((status(code), shown(visit, Some((at, detail))).await?).into_response()),
        other => Err(other.into()),
    }
}

/// Asks for a new passkey.
pub(crate) async fn begin_to_add(Posted { visit, said }: Posted) -> Answer {
    let current = Typed::new(said.text("current"));
    let asked = match site(&visit.reached) {
        Ok(site) => begin_adding(&visit.web.passwords, &visit.signed, &site, &current).await,
        Err(refused) => Err(refused.into()),
    };
    begun(asked, &visit.reached)
}

/// Adds it.
pub(crate) async fn add(headers: HeaderMap, Posted { visit, said }: Posted) -> Answer {
    let browser = called(header_of(&headers, "User-Agent").unwrap_or_default());
    let name = Some(said.text("name").trim()).filter(|name| !name.is_empty()).unwrap_or(&browser);
    let brought = Brought { kept: kept(&headers), answer: said.text("answer") };
    let site = site(&visit.reached)?;
    let added = add_passkey(&visit.web.passwords, &visit.signed, &site, brought, name).await;
    done(&visit, added.map(drop), PAGE, "The passkey is added").await
}

/// Asks for one of one's own, to confirm with.
pub(crate) async fn begin_to_confirm(Posted { visit, .. }: Posted) -> Answer {
    let asked = match site(&visit.reached) {
        Ok(site) => begin_confirming(&visit.web.passwords, &visit.signed, &site).await,
        Err(refused) => Err(refused.into()),
    };
    begun(asked, &visit.reached)
}

/// Confirms, and goes back to where that was asked for.
pub(crate) async fn confirm_with(headers: HeaderMap, Posted { visit, said }: Posted) -> Answer {
    let brought = Brought { kept: kept(&headers), answer: said.text("answer") };
    let site = site(&visit.reached)?;
    let confirmed = confirm(&visit.web.passwords, &visit.signed, &site, brought).await;
    done(&visit, confirmed, said.back(), "Confirmed").await
}

fn passkey_id(text: &str) -> Result<PasskeyId, Refused> {
    text.parse().map_err(|_| Refused::not_found("passkey"))
}

/// Gives one another name.
pub(crate) async fn rename(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let id = passkey_id(&id)?;
    let doors = &visit.web.passwords;
    let renamed = rename_passkey(doors, &visit.signed, id, said.text("name")).await;
    done(&visit, renamed, PAGE, "Renamed").await
}

/// Removes one.
pub(crate) async fn remove(Path(id): Path<String>, Posted { visit, said }: Posted) -> Answer {
    let id = passkey_id(&id)?;
    let current = Typed::new(said.text(&format!("current-{id}")));
    let removed = remove_passkey(&visit.web.passwords, &visit.signed, id, &current).await;
    let removed = removed.map_err(|failure| match failure {
        Failure::Refused(refused) if refused.at == "current" => {
            Refused { at: format!("current-{id}"), ..refused }.into()
        }
        other => other,
    });
    done(&visit, removed, PAGE, "The passkey is removed").await
}
