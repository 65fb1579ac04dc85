//! Taking an invitation up, as somebody who is here already or as somebody new.

use axum::{
    extract::{Query, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use shelf_domain::refusal::{Code, Refused};
use shelf_identity::{
    CsrfToken, Secret, Signed, Typed,
    passwords::join_with_password::{Newcomer, join_with_password},
    session,
    tenants::invitations::{join as join_tenant, look_at_invitation},
};
use shelf_ports::{Failure, tenants::Invitation};

use super::{Answer, door::let_in, passkeys::offered};
use crate::{
    browser::called,
    cookies,
    frame::{Theme, alone},
    pages::{
        join::{OfferPage, offer},
        passkeys::Offered,
        welcome::{Door, door},
    },
    posted::{Said, header_of, is_ours, read_body},
    trouble::Trouble,
    visit::html,
    web::Web,
    within::Within,
};

/// Most bytes of the form.
const FORM_BYTES_MAX: usize = 4_096;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Invited {
    #[serde(default)]
    invitation: String,
}

/// What one is invited to; looking does not take it up.
pub(crate) async fn page(
    State(web): State<Web>,
    Query(ask): Query<Invited>,
    headers: HeaderMap,
) -> Answer {
    shown(&web, &headers, Typing { secret: ask.invitation, ..Typing::default() }).await
}

/// What was typed already.
#[derive(Debug, Default)]
pub(super) struct Typing {
    pub(super) secret: String,
    pub(super) name: String,
    pub(super) refused: Option<(String, String)>,
}

/// The page, with what was typed.
pub(super) async fn shown(web: &Web, headers: &HeaderMap, typing: Typing) -> Answer {
    let theme = cookies::read(headers, cookies::THEME).map(Theme::named).unwrap_or_default();
    let passkeys = offered(&web.reached(headers));
    let offered = match look_at_invitation(&web.doors, &Secret::sent(&typing.secret)).await {
        Ok(offered) => offered,
        Err(Failure::Refused(_)) => return Ok(spent(theme, passkeys)),
        Err(failure) => return Err(failure.into()),
    };
    let visitor = visitor(web, headers).await?;
    let csrf = visitor.as_ref().map_or("", |(csrf, _)| csrf.expose()).to_owned();
    let page = OfferPage {
        secret: typing.secret,
        team: offered.tenant.name,
        by: offered.by.map(|person| person.name).unwrap_or_default(),
        role: offered.invitation.role,
        signed_in: visitor.map(|(_, signed)| signed.person.name),
        name: typing.name,
        refused: typing.refused,
        offered: passkeys,
    };
    Ok(html(&alone(&format!("Join {}", page.team), theme, &csrf, &offer(&page, &csrf))))
}

/// Takes it up.
pub(crate) async fn take_up(State(web): State<Web>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    if !is_ours(&headers, &web.reached(&headers)) {
        return Err(Trouble::StaleForm);
    }
    let said = Said::read(&read_body(body, FORM_BYTES_MAX).await?);
    let secret = Secret::sent(said.text("invitation"));
    match visitor(&web, &headers).await? {
        Some((csrf, _)) if !csrf.is(said.text("_csrf")) => Err(Trouble::StaleForm),
        Some((_, signed)) => {
            let taken = join_tenant(&web.doors, (&signed).into(), &secret).await?;
            Ok(Redirect::to(&shared_by(&taken)).into_response())
        }
        None => come_as_new(&web, &headers, &said, &secret).await,
    }
}

/// Makes somebody new, lets them join, and signs this browser in for them.
async fn come_as_new(web: &Web, headers: &HeaderMap, said: &Said, secret: &Secret) -> Answer {
    let newcomer = Newcomer {
        name: said.text("name").to_owned(),
        password: Typed::new(said.text("password")),
        browser: called(header_of(headers, "User-Agent").unwrap_or_default()),
    };
    let came = match join_with_password(&web.passwords, secret, newcomer).await {
        Ok(came) => came,
        Err(Failure::Refused(Refused { code: Code::Invalid, at, detail, .. })) => {
            let (secret, name) = (said.text("invitation").to_owned(), said.text("name").to_owned());
            let typing = Typing { secret, name, refused: Some((at, detail)) };
            let page = shown(web, headers, typing).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
        Err(failure) => return Err(failure.into()),
    };
    let shared = shared_by(&came.invitation);
    let path = if came.has_password { &shared } else { "/settings/password" };
    Ok(let_in(&came.session.secret, path, &web.reached(headers)))
}

/// Whose browser this is, if somebody is signed in, and the proof their forms carry.
pub(super) async fn visitor(
    web: &Web,
    headers: &HeaderMap,
) -> Result<Option<(CsrfToken, Signed)>, Trouble> {
    let Some(secret) = cookies::read(headers, cookies::SESSION).map(Secret::sent) else {
        return Ok(None);
    };
    let signed = session(&web.doors, &secret).await?;
    Ok(signed.map(|signed| (CsrfToken::of(&secret), signed)))
}

/// Where somebody goes who joined: to the library that is shared with them, else to the team.
pub(super) fn shared_by(taken: &Invitation) -> String {
    match taken.share {
        Some((library, _)) => format!("{}/library", Within(library).path()),
        None => format!("/people/{}", taken.tenant),
    }
}

fn spent(theme: Theme, offered: Offered) -> Response {
    let page = alone("Invitation", theme, "", &door(Door::SpentInvitation, offered));
    (StatusCode::NOT_FOUND, html(&page)).into_response()
}
