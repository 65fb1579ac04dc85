//! Coming in with a name and a password or a recovery code, and the page that sets them.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use maud::Markup;
use shelf_domain::refusal::{Code, Refused};
use shelf_identity::{
    Knocked, Typed,
    passwords::{
        by_them::asks,
        recovery_codes::{RecoveryCode, codes_left, recovery_codes},
        remove_password::remove_password,
        set_password::{SetPassword, is_recovered, login_of, set_password},
        sign_in_with_code::sign_in_with_code,
        sign_in_with_password::sign_in_with_password,
    },
};
use shelf_ports::Failure;

use super::{
    Answer,
    door::{let_in, on_the_way},
    passkeys::offered,
};
use crate::{
    browser::called,
    cookies,
    frame::{Here, Theme, alone},
    pages::password::{self, CODES, NotOpen, PasswordPage, REMOVE, SET},
    posted::{Posted, Said, header_of, is_ours, read_body},
    trouble::Trouble,
    ui::toast::Toast,
    visit::{Visit, html},
    web::Web,
};

/// Most bytes of a form at the door.
const FORM_BYTES_MAX: usize = 4_096;

/// What a form at the door said, and who brought it.
pub(super) struct Knock {
    pub(super) headers: HeaderMap,
    pub(super) said: Said,
    pub(super) browser: String,
}

/// Reads a form at the door of at most so many bytes, from a page of ours.
pub(super) async fn knock(web: &Web, request: Request, most: usize) -> Result<Knock, Trouble> {
    let (parts, body) = request.into_parts();
    if !is_ours(&parts.headers, &web.reached(&parts.headers)) {
        return Err(Trouble::StaleForm);
    }
    let said = Said::read(&read_body(body, most).await?);
    let browser = called(header_of(&parts.headers, "User-Agent").unwrap_or_default());
    Ok(Knock { headers: parts.headers, said, browser })
}

/// Opens a session for a name and a password.
pub(crate) async fn sign_in(State(web): State<Web>, request: Request) -> Answer {
    let knock = knock(&web, request, FORM_BYTES_MAX).await?;
    let (name, typed) = (knock.said.text("name"), Typed::new(knock.said.text("password")));
    let came = sign_in_with_password(&web.passwords, name, &typed, &knock.browser).await?;
    let offered = offered(&web.reached(&knock.headers));
    Ok(answered(&web, &knock, came, "/", |why| password::again(name, why, offered)))
}

/// Where to come in with a recovery code.
pub(crate) async fn lost(headers: HeaderMap) -> Response {
    html(&alone("Sign in", theme(&headers), "", &password::lost("", None)))
}

/// Opens a session for a name and a recovery code, and leads to where a new password is set.
pub(crate) async fn sign_in_lost(State(web): State<Web>, request: Request) -> Answer {
    let knock = knock(&web, request, FORM_BYTES_MAX).await?;
    let (name, code) = (knock.said.text("name"), knock.said.text("code"));
    let came = sign_in_with_code(&web.passwords, name, code, &knock.browser).await?;
    let inside = |why| password::lost(name, Some(why));
    Ok(answered(&web, &knock, came, "/settings/password", inside))
}

/// Lets somebody in, or shows what is `inside` of the page where they try again.
pub(super) fn answered(
    web: &Web,
    knock: &Knock,
    came: Knocked,
    path: &str,
    inside: impl Fn(NotOpen) -> Markup,
) -> Response {
    let page = |why| html(&alone("Sign in", theme(&knock.headers), "", &inside(why)));
    match came {
        Knocked::Open(new) => {
            // Whoever lost their password sets a new one first.
            let next = if path == "/" { on_the_way(&knock.headers, path) } else { path.to_owned() };
            let_in(&new.secret, &next, &web.reached(&knock.headers))
        }
        Knocked::Wrong => (StatusCode::UNAUTHORIZED, page(NotOpen::Wrong)).into_response(),
        Knocked::Closed { wait_ms } => {
            let seconds = u64::try_from(wait_ms).unwrap_or_default().div_ceil(1_000);
            let mut response =
                (StatusCode::TOO_MANY_REQUESTS, page(NotOpen::Closed(seconds))).into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    }
}

fn theme(headers: &HeaderMap) -> Theme {
    cookies::read(headers, cookies::THEME).map(Theme::named).unwrap_or_default()
}

/// The page of one's password.
pub(crate) async fn page(visit: Visit) -> Answer {
    shown(&visit, PasswordPage::default()).await
}

/// The page with what is true now, beside what `page` says of what was just done.
async fn shown(visit: &Visit, page: PasswordPage) -> Answer {
    let doors = &visit.web.passwords;
    let login = login_of(doors, visit.ctx.person).await?.map(|login| login.shown().to_owned());
    let asks = asks(doors, &visit.signed).await?;
    let called = || login.clone().unwrap_or_else(|| visit.signed.person.name.clone());
    let page = PasswordPage {
        typed: if page.typed.is_empty() { called() } else { page.typed },
        asks_current: asks.password
            && !asks.confirmed
            && !is_recovered(doors, &visit.signed).await?,
        asks,
        offered: offered(&visit.reached),
        codes_left: codes_left(doors, visit.ctx.person).await?,
        login,
        ..page
    };
    let frame = visit.frame("Password", Here::Settings).await?;
    Ok(visit.page(&frame, &password::page(&page, &frame), None))
}

/// The page again with the reason beside the field of `form`, where it was refused for one.
async fn refused(visit: &Visit, form: &'static str, typed: &str, failure: Failure) -> Answer {
    let status = match &failure {
        Failure::Refused(Refused { code: Code::Invalid, .. }) => StatusCode::UNPROCESSABLE_ENTITY,
        Failure::Refused(Refused { code: Code::Forbidden, .. }) => StatusCode::FORBIDDEN,
        Failure::Refused(Refused { code: Code::SlowDown, .. }) => StatusCode::TOO_MANY_REQUESTS,
        _ => return Err(failure.into()),
    };
    match failure {
        Failure::Refused(Refused { at, detail, .. }) if !at.is_empty() => {
            let (typed, refused) = (typed.to_owned(), Some((form, at, detail)));
            let page = PasswordPage { typed, refused, ..PasswordPage::default() };
            Ok((status, shown(visit, page).await?).into_response())
        }
        other => Err(other.into()),
    }
}

/// Sets or changes the login name and the password.
pub(crate) async fn set(Posted { visit, said }: Posted) -> Answer {
    let ask = SetPassword {
        login: said.text("login").to_owned(),
        password: Typed::new(said.text("password")),
        current: Typed::new(said.text("current")),
    };
    match set_password(&visit.web.passwords, &visit.signed, ask).await {
        Ok(()) => {
            let words = "The password is set. Now make recovery codes".into();
            Ok(visit.go("/settings/password", Some(&Toast { words, undo: None })))
        }
        Err(failure) => refused(&visit, SET, said.text("login"), failure).await,
    }
}

/// Makes recovery codes and shows them this once; the page is not kept by the browser.
pub(crate) async fn make_codes(Posted { visit, said }: Posted) -> Answer {
    let current = Typed::new(said.text("codes-current"));
    match recovery_codes(&visit.web.passwords, &visit.signed, &current).await {
        Ok(codes) => {
            let new_codes = codes.iter().map(RecoveryCode::expose).collect();
            let page = PasswordPage { new_codes, ..PasswordPage::default() };
            Ok((StatusCode::CREATED, shown(&visit, page).await?).into_response())
        }
        Err(failure) => refused(&visit, CODES, "", failure).await,
    }
}

/// Removes the password.
pub(crate) async fn remove(Posted { visit, said }: Posted) -> Answer {
    let current = Typed::new(said.text("remove-current"));
    match remove_password(&visit.web.passwords, &visit.signed, &current).await {
        Ok(()) => {
            let words = "The password is removed".into();
            Ok(visit.go("/settings", Some(&Toast { words, undo: None })))
        }
        Err(failure) => refused(&visit, REMOVE, "", failure).await,
    }
}
